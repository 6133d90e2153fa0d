"""How fast answers are compared, what is found where the monolith varies, and what is found that is not there."""

import copy
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from random import Random
from typing import Any

from deepdiff import DeepDiff

from strangler_shadow.compare import compare
from strangler_shadow.noise import NO_NOISE, Noise, noise_between, settled
from strangler_shadow.observation import Observation
from tests.bench.rows import Row, at_least, at_most
from tests.shadow.volatile import answer, document

__all__ = ["comparison_rows"]

BYTES = 2500
SECONDS = 3.0
DOCUMENTS = int(os.environ.get("AA_DOCUMENTS", "1000000"))
EACH = 10_000
DIVERGENCES = 400


def comparison_rows() -> Iterator[Row]:
    """Rows of the comparator and of noise."""
    one = _course_page(BYTES)
    turned, wrong = _turned(one), copy.deepcopy(one)
    wrong["results"][2]["price"] = "13.75"
    size = len(answer(one).body)
    yield _speed("equal in value, keys reordered", one, turned, must=15_000, key_order=False)
    yield _speed("differing in one value", one, wrong, must=4_000)
    yield _against_deepdiff(one, wrong)
    yield Row(metric="bytes of each body", value=size, unit="bytes")
    yield from _noise_rows()


def _speed(what: str, one: Any, other: Any, *, must: float, **options: Any) -> Row:
    left, right = answer(one), answer(other)
    best = max(_rate(lambda: compare(left, right, **options)) for _ in range(3))
    floor = max(_rate(lambda: (json.loads(left.body), json.loads(right.body))) for _ in range(3))
    against = f"one core; json alone parses both {floor:,.0f}/s"
    return at_least(f"comparisons, {what}", best, "per second", must=must, against=against)


def _against_deepdiff(one: Any, other: Any) -> Row:
    """Both parse both bodies and find the one difference; blocks alternate."""
    left, right = answer(one), answer(other)
    ours, theirs = 0.0, 0.0
    for _ in range(3):
        ours = max(ours, _rate(lambda: compare(left, right)))
        theirs = max(theirs, _rate(lambda: DeepDiff(json.loads(left.body), json.loads(right.body))))
    return Row(
        metric="comparisons of differing bodies, against deepdiff", value=ours / theirs, unit="times",
        against=f"deepdiff {theirs:,.0f}/s", aim=">= 30",
    )  # fmt: skip


def _rate(once: Callable[[], Any]) -> float:
    """Calls a second of processor time."""
    began, count = time.process_time(), 0
    while time.process_time() - began < SECONDS / 3:
        for _ in range(20):
            once()
        count += 20
    return count / (time.process_time() - began)


def _noise_rows() -> Iterator[Row]:
    known = NO_NOISE
    for seed in range(2**33, 2**33 + 60):
        monolith = _monolith(seed)
        for _ in range(4):
            known |= noise_between(monolith(), monolith())
    found = sum(_finds(seed, known) for seed in range(DIVERGENCES))
    yield at_least(
        "divergences found on a field that varies in 90 % of A/A runs", found / DIVERGENCES, "share", must=0.95,
        against=f"{DIVERGENCES} drawn",
    )  # fmt: skip
    with ProcessPoolExecutor(mp_context=get_context("forkserver")) as processes:
        parts = (range(first, min(first + EACH, DOCUMENTS)) for first in range(0, DOCUMENTS, EACH))
        alarms = sum(processes.map(partial(_alarms, known), parts))
    yield at_most("false alarms", alarms, "documents", must=0, against=f"{DOCUMENTS:,} A/A documents")


def _alarms(known: Noise, seeds: Iterable[int]) -> int:
    """Documents of which two answers are told apart, though the monolith gave both."""
    asked = ((monolith(), monolith(), monolith) for monolith in map(_monolith, seeds))
    return sum(bool(settled(one, other, again, known, again)[0]) for one, other, again in asked)


def _monolith(seed: int) -> Callable[[], Observation]:
    moments = Random(seed)
    return lambda: answer(document(Random(seed), Random(moments.getrandbits(64))))


def _finds(seed: int, known: Any) -> bool:
    """Whether a mistake in a field that is redrawn by nine answers in ten is found."""
    moments, draw = Random(seed), Random(-seed - 1)
    before = [moments.getrandbits(64)]

    def monolith(change: Callable[[Any], None] = lambda given: None) -> Observation:
        if moments.random() < 0.9:
            before[0] = moments.getrandbits(64)
        given = document(Random(seed), Random(before[0]))
        change(given)
        return answer(given)

    mistake = draw.choice(MISTAKES)
    return bool(settled(monolith(), monolith(mistake), monolith, known, lambda: monolith(mistake))[0])


def _nothing(given: Any) -> None:
    given["generated_at"] = None


def _an_hour_late(given: Any) -> None:
    given["generated_at"] = "2026-03-01T13:00:03.100000Z"


def _no_offset(given: Any) -> None:
    given["generated_at"] = given["generated_at"].removesuffix("Z")


def _cut(given: Any) -> None:
    given["trace"] = given["trace"][:8]


def _one_token_for_all(given: Any) -> None:
    for row in given["results"]:
        row["token"] = "0" * 36


def _as_text(given: Any) -> None:
    given["took_ms"] = str(given["took_ms"])


def _without_cursor(given: Any) -> None:
    given["next"] = "http://testserver/rows/?level=2"


MISTAKES = (_nothing, _an_hour_late, _no_offset, _cut, _one_token_for_all, _as_text, _without_cursor)


def _course_page(size: int) -> dict[str, Any]:
    rows: list[dict[str, Any]] = []
    page = {"count": 0, "next": None, "previous": None, "results": rows}
    while len(answer(page).body) < size:
        number = len(rows) + 1
        rows.append(
            {
                "id": number, "title": f"Course number {number}", "slug": f"course-number-{number}", "price": "12.50",
                "rating": 4.5, "is_free": False, "published_at": "2026-01-01T10:00:00Z", "length": None,
                "topics": [{"slug": "soil", "name": "Soil"}, {"slug": "water", "name": "Water"}],
                "educator": {"id": 3, "name": "An educator", "photo": None}, "lesson_count": 9,
                "metadata": {"level": 1, "weeks": [1, 2, 3]},
            }
        )  # fmt: skip
        page["count"] = number
    return page


def _turned(value: Any) -> Any:
    """The same with the keys of every object in reverse."""
    if isinstance(value, dict):
        return {key: _turned(value[key]) for key in reversed(value)}
    return [_turned(item) for item in value] if isinstance(value, list) else value
