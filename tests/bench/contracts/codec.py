"""The generated codec beside protobuf's own JSON mapping, on one contract and through bytes."""

import datetime as dt
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict

from strangler_extract.shapes import Array, Field, Kind, Object, Scalar
from strangler_protos.bindings import Binding
from tests.bench.contracts.compiling import binding_of, one_endpoint, through_bytes
from tests.bench.rows import Row
from tests.bench.serializers.ratios import Contestant, measure, ratio, repeated, times_faster

__all__ = ["codec_rows"]

OBJECTS, ROUNDS, SECONDS = 100, 40, 0.1
FIELDS = {
    "id": Kind.INTEGER,
    "title": Kind.TEXT,
    "slug": Kind.TEXT,
    "summary": Kind.TEXT,
    "level": Kind.TEXT,
    "language": Kind.TEXT,
    "price": Kind.TEXT,
    "rating": Kind.NUMBER,
    "is_free": Kind.BOOLEAN,
    "published_at": Kind.TEXT,
    "starts_on": Kind.TEXT,
    "lesson_count": Kind.INTEGER,
    "review_count": Kind.INTEGER,
    "is_enrolled": Kind.BOOLEAN,
    "educator_id": Kind.INTEGER,
}
SHAPE = Array(Object("Course", tuple(Field(key=key, shape=Scalar(kind), why="") for key, kind in FIELDS.items())))
NOON = dt.datetime(2025, 1, 15, 12, tzinfo=dt.UTC)


def codec_rows() -> Iterator[Row]:
    """How much faster the codec is, encoding and decoding."""
    with tempfile.TemporaryDirectory() as folder, binding_of(one_endpoint("courses", SHAPE), Path(folder)) as binding:
        yield from _rows(binding, [_course(number) for number in range(OBJECTS)])


def _rows(binding: Binding, document: list[dict[str, Any]]) -> Iterator[Row]:
    assert repr(through_bytes(binding, document)) == repr(document)
    ours = _contestant("codec", lambda: through_bytes(binding, document))
    theirs = _contestant("json_format", lambda: _through_json_format(binding, {"items": document}))
    times = measure([ours, theirs], rounds=ROUNDS, seconds=SECONDS)
    for name, samples in times.items():
        milliseconds = float(sorted(samples.ravel())[samples.size // 2]) * 1e3
        yield Row(metric=f"{OBJECTS} objects x {len(FIELDS)} fields, {name} p50", value=milliseconds, unit="ms")
    found = ratio(times["json_format"], times["codec"])
    yield times_faster("codec, encode + decode", found, must=10, aim=18, against="json_format")
    print(f"json_format changes {_changed(binding, document)} of {OBJECTS} objects", file=sys.stderr)


def _contestant(name: str, read: Callable[[], Any]) -> Contestant:
    return Contestant(name=name, body=lambda: repr(read()).encode(), times=repeated(read))


def _through_json_format(binding: Binding, document: dict[str, Any]) -> Any:
    sent = ParseDict(document, binding.response()).SerializeToString()
    return MessageToDict(binding.response.FromString(sent))


def _changed(binding: Binding, document: list[dict[str, Any]]) -> int:
    """Objects that come back from protobuf's JSON as something else, which is why there is a codec."""
    found = _through_json_format(binding, {"items": document})["items"]
    return sum(repr(one) != repr(other) for one, other in zip(found, document, strict=True))


def _course(number: int) -> dict[str, Any]:
    return {
        "id": number + 1,
        "title": f"{number}. Course about wörds",
        "slug": f"course-{number}",
        "summary": "Begin each small week " * 4,
        "level": "beginner",
        "language": "de",
        "price": f"{number}.50",
        "rating": None if number % 10 == 0 else number / 7,
        "is_free": number % 3 == 0,
        "published_at": (NOON + dt.timedelta(hours=number)).isoformat(),
        "starts_on": NOON.date().isoformat() if number % 4 else None,
        "lesson_count": number * 3,
        "review_count": number * 11,
        "is_enrolled": number % 2 == 0,
        "educator_id": number % 9 + 1,
    }
