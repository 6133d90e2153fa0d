"""Bodies of calls that write, drawn from the fields that a serializer takes: valid, borderline and wrong ones."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from hypothesis import strategies as st
from rest_framework import serializers

from strangler_django.endpoints import Endpoint
from strangler_shadow.samples import view_of

__all__ = ["Body", "FieldValues", "body_fields", "body_strategy", "one_of_these", "single_bodies", "valid_body"]

# A body and its content type.
Body = tuple[bytes, str]

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MOST_ROWS = 3
COUNTED = range(1, 7)
# What no field expects, or few do.
ODD: tuple[Any, ...] = (
    None, "", " ", "日本🙂", "a\0b", "x" * 300, 0, -1, 1.5, True, 10**20, "1", [], [1], {}, {"id": 1},
)  # fmt: skip
# Whole bodies that are no object with values, or not JSON at all.
ODD_BODIES: tuple[Body, ...] = (
    (b"{}", JSON), (b"[]", JSON), (b"null", JSON), (b'"text"', JSON), (b"[{}]", JSON), (b"", JSON), (b"{", JSON),
    (b'{"a": NaN}', JSON), (b"\xff", JSON), (b"{}", "text/plain"), (b"", ""), (b"a=1", FORM),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldValues:
    """Values for one field: those that it should take, and those that it may refuse."""

    valid: tuple[Any, ...]
    odd: tuple[Any, ...] = ODD


def body_fields(endpoint: Endpoint) -> dict[str, FieldValues]:
    """The writable fields of the endpoint's serializer by name; none where it has no serializer that can be read."""
    if not endpoint.is_drf:
        return {}
    with suppress(Exception):
        view = view_of(endpoint)
        serializer = view.get_serializer_class()(context={"request": view.request, "view": view})
        return dict(_fields(serializer))
    return {}


def valid_body(fields: Mapping[str, FieldValues], number: int = 0) -> Body:
    """A body that should be taken; numbers give different ones."""
    return _json({name: values.valid[number % len(values.valid)] for name, values in fields.items() if values.valid})


def single_bodies(fields: Mapping[str, FieldValues]) -> Iterator[Body]:
    """Valid bodies with one thing different: each value of each field, one missing, one alone, one more; odd bodies."""
    valid = {name: values.valid[0] for name, values in fields.items() if values.valid}
    for name, values in fields.items():
        for value in (*values.valid, *values.odd):
            yield _json({**valid, name: value})
    for name in fields:
        yield _json({other: value for other, value in valid.items() if other != name})
        if name in valid:
            yield _json({name: valid[name]})
    yield _json({**valid, "id": 999_999_999, "unknown": "x"})
    yield _form(valid)
    yield from ODD_BODIES


def body_strategy(fields: Mapping[str, FieldValues]) -> st.SearchStrategy[Body]:
    """Bodies with any of these; the smallest one is the first valid body."""
    given = {name: _value(values) for name, values in fields.items()}
    whole = st.fixed_dictionaries(given)
    partly = st.fixed_dictionaries({}, optional={**given, "unknown": st.just("x")})
    # Shrinking goes to the first.
    return st.one_of(whole.map(_json), whole.map(_json), partly.map(_json), whole.map(_form), one_of_these(ODD_BODIES))


def one_of_these(values: Sequence[Any]) -> st.SearchStrategy[Any]:
    """As `sampled_from`, of values that are too long for the description that Hypothesis makes of a strategy."""
    return st.integers(0, len(values) - 1).map(lambda place: values[place])


def _value(values: FieldValues) -> st.SearchStrategy[Any]:
    own = [one_of_these(found) for found in (values.valid, values.odd) if found]
    return st.one_of(*own[:1], *own, st.text(max_size=6), st.integers(-(2**31), 2**31))


def _json(document: Any) -> Body:
    return json.dumps(document).encode(), JSON


def _form(document: Mapping[str, Any]) -> Body:
    flat = {name: value for name, value in document.items() if isinstance(value, (str, int, float))}
    return urlencode({name: str(value).encode(errors="replace") for name, value in flat.items()}).encode(), FORM


def _fields(serializer: Any) -> Iterator[tuple[str, FieldValues]]:
    model = getattr(getattr(serializer, "Meta", None), "model", None)
    for name, field in serializer.fields.items():
        if not field.read_only and not isinstance(field, serializers.HiddenField):
            # What a row has already is valid, unless it has to be unique.
            rows = _rows(model, field)
            valid = _valid(name, field)
            yield name, FieldValues(valid=valid or rows or ("x",), odd=(*_edges(field), *rows, *ODD))


def _rows(model: Any, field: Any) -> tuple[Any, ...]:
    with suppress(Exception):
        values = model._default_manager.order_by("pk").values_list(field.source, flat=True)[:MOST_ROWS]
        return tuple(json.loads(json.dumps(list(values), default=str)))
    return ()


def _valid(name: str, field: Any) -> tuple[Any, ...]:
    with suppress(Exception):
        for kinds, values in KINDS:
            if isinstance(field, kinds):
                return tuple(values(name, field))
    return ()


def _numbers(_name: str, field: Any) -> list[int]:
    low = 0 if field.min_value is None else int(field.min_value)
    high = low + 100 if field.max_value is None else int(field.max_value)
    return list(dict.fromkeys([min(low + 1, high), low, high, (low + high) // 2]))


def _decimals(_name: str, field: Any) -> list[str]:
    step = Decimal(1).scaleb(-(field.decimal_places or 0))
    low, high = (None if bound is None else Decimal(bound) for bound in (field.min_value, field.max_value))
    found = [low if low is not None else step, high if high is not None else Decimal(1), (low or 0) + step]
    return [str(value.quantize(step)) for value in found]


def _texts(name: str, field: Any) -> list[str]:
    shortest, longest = field.min_length or 1, field.max_length or 200
    words = [f"{name} {number}"[:longest].ljust(shortest, "x") for number in COUNTED]
    return [*words, "é" * longest, "x" * shortest, *([""] if field.allow_blank else [])]


def _related(_name: str, field: Any) -> list[Any]:
    found = [field.to_representation(row) for row in field.get_queryset()[:MOST_ROWS]]
    return list(json.loads(json.dumps(found, default=str)))


def _listed(name: str, field: Any) -> list[Any]:
    inner = _valid(name, getattr(field, "child_relation", None) or field.child)
    return [list(inner[:1]), list(inner[:3]), []]


def _nested(_name: str, field: Any) -> list[Any]:
    inner = dict(_fields(field))
    return [{name: values.valid[number % len(values.valid)] for name, values in inner.items()} for number in range(3)]


def _edges(field: Any) -> Iterator[Any]:
    """Values just beyond what a field says that it takes."""
    low, high = getattr(field, "min_value", None), getattr(field, "max_value", None)
    if low is not None:
        yield int(low) - 1
    if high is not None:
        yield int(high) + 1
    if longest := getattr(field, "max_length", None):
        yield "x" * (longest + 1)
    if isinstance(field, serializers.DecimalField):
        yield from ("NaN", "1e400", f"0.{'1' * ((field.decimal_places or 0) + 1)}", "9" * ((field.max_digits or 0) + 1))


# The first that a field is an instance of; a subclass stands before its base.
KINDS: tuple[tuple[Any, Any], ...] = (
    (serializers.ManyRelatedField, _listed),
    (serializers.ListSerializer, lambda name, field: [[item] for item in _nested(name, field.child)]),
    (serializers.BaseSerializer, _nested),
    (serializers.RelatedField, _related),
    (serializers.MultipleChoiceField, lambda _name, field: [[choice] for choice in field.choices] + [[]]),
    (serializers.ChoiceField, lambda _name, field: list(field.choices)),
    (serializers.BooleanField, lambda *_: [True, False]),
    (serializers.IntegerField, _numbers),
    (serializers.DecimalField, _decimals),
    (serializers.FloatField, lambda *_: [1.5, 0.0, -2.25]),
    (serializers.EmailField, lambda *_: [f"somebody{number}@example.com" for number in COUNTED]),
    (serializers.URLField, lambda *_: [f"https://example.com/{number}" for number in COUNTED]),
    (serializers.SlugField, lambda name, _field: [f"{name}-{number}" for number in COUNTED]),
    (serializers.UUIDField, lambda *_: [f"00000000-0000-4000-8000-{number:012}" for number in COUNTED]),
    (serializers.IPAddressField, lambda *_: ["192.0.2.1", "2001:db8::1"]),
    (serializers.RegexField, lambda *_: []),
    (serializers.CharField, _texts),
    (serializers.DateTimeField, lambda *_: ["2026-03-01T10:00:00Z", "2024-02-29T23:59:59.999999+05:30"]),
    (serializers.DateField, lambda *_: ["2026-03-01", "2024-02-29"]),
    (serializers.TimeField, lambda *_: ["10:00:00", "23:59:59.999999"]),
    (serializers.DurationField, lambda *_: ["1 02:03:04", "00:00:01.5"]),
    (serializers.ListField, _listed),
    (serializers.DictField, lambda *_: [{"a": 1}, {}]),
    (serializers.JSONField, lambda *_: [{"a": [1, None, "é"]}, [1], "text", {}]),
)
