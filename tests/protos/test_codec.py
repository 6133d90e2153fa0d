"""Whatever a document holds, it comes back from the wire as the same document."""

import importlib
import json
import math
from functools import cache

import pytest
from google.protobuf.descriptor import FieldDescriptor
from hypothesis import given, settings
from hypothesis import strategies as st

from banyan.catalog.v1 import catalog_codec, catalog_pb2
from strangler_protos.bindings import snake_case
from strangler_protos.options import slot_of
from strangler_protos.v1 import options_pb2

MESSAGES = ["ListCoursesResponse", "Course", "CourseEducator", "Topic", "ListLessonsResponse", "Lesson", "Educator",
            "LevelsEntry", "Enrolment"]  # fmt: skip
ENVELOPE = 1000
examples = settings(max_examples=40, deadline=None)

texts = st.text(st.characters(codec="utf-8"), max_size=8)
int64s = st.integers(-(2**63), 2**63 - 1)
floats = st.floats() | st.sampled_from([math.nan, math.inf, -math.inf, -0.0, 5e-324, 1e16])
any_texts = texts | st.text(max_size=4) | st.sampled_from(["\0", "\ud800", "a\udfff", "\u2028", "\ufeff"])
scalars = st.none() | st.booleans() | floats | any_texts | st.integers() | st.sampled_from([2**63, -(2**63) - 1, 2**70])


def primitives(children):
    return st.lists(children, max_size=3) | st.dictionaries(any_texts, children, max_size=3)


def as_primitives(value):
    # What DRF's encoder has written and JSON has read again: two halves of a surrogate pair have become one character.
    return json.loads(json.dumps(value))


anything = st.recursive(scalars, primitives, max_leaves=8).map(as_primitives)


class Contract:
    """A compiled contract, and documents for its messages."""

    def __init__(self, messages, codec) -> None:
        self.messages = messages
        self.codec = codec

    def encoded(self, name, document):
        message = getattr(self.messages, name)()
        getattr(self.codec, f"encode_{snake_case(name)}")(document, message)
        return message

    def round_trip(self, name, document):
        raw = self.encoded(name, document).SerializeToString()
        message = getattr(self.messages, name).FromString(raw)
        return getattr(self.codec, f"decode_{snake_case(name)}")(message)

    @cache
    def typed(self, name, levels=2):
        """Documents whose values all fit their slots."""
        descriptor = self.messages.DESCRIPTOR.message_types_by_name[name]
        fields = [field for field in descriptor.fields if field.number < ENVELOPE]
        keys = [field.json_name for field in fields]
        return st.tuples(*(self._value(field, levels) for field in fields)).map(lambda values: dict(zip(keys, values, strict=True)))

    def _value(self, field, levels):
        slot = slot_of(field.GetOptions())
        if slot == options_pb2.SLOT_JSON:
            return anything
        if slot == options_pb2.SLOT_OBJECT:
            values = self._value(field.message_type.fields_by_number[2], levels)
            return st.dictionaries(texts, values, max_size=3)
        if field.message_type is not None:
            if not levels:
                return st.just([]) if field.is_repeated else st.none()
            value = self.typed(field.message_type.name, levels - 1)
            return st.lists(value, max_size=2) if field.is_repeated else st.none() | value
        value = {
            FieldDescriptor.CPPTYPE_STRING: texts,
            FieldDescriptor.CPPTYPE_INT64: int64s,
            FieldDescriptor.CPPTYPE_DOUBLE: floats,
            FieldDescriptor.CPPTYPE_BOOL: st.booleans(),
        }[field.cpp_type]
        if field.is_repeated:
            return st.lists(value, max_size=4)
        return st.none() | value if field.has_presence else value


def broken(document, data):
    place = data.draw(st.sampled_from(["value", "missing", "extra", "order", "nested"]))
    keys = list(document)
    if place == "extra":
        document[data.draw(any_texts)] = data.draw(anything)
    elif place == "order":
        document = {key: document[key] for key in data.draw(st.permutations(keys))}
    elif keys:
        key = data.draw(st.sampled_from(keys))
        if place == "missing":
            del document[key]
        elif place == "nested" and isinstance(document[key], dict):
            document[key] = broken(document[key], data)
        elif place == "nested" and isinstance(document[key], list):
            document[key] = [broken(item, data) if isinstance(item, dict) else item for item in document[key]]
            document[key].append(data.draw(anything))
        else:
            document[key] = data.draw(anything)
    if data.draw(st.booleans()):
        return broken(document, data)
    return as_primitives(document)


def same(left, right) -> bool:
    """Equal with types and order: repr tells 1 from 1.0 and True, 0.0 from -0.0, and NaN is NaN."""
    return repr(left) == repr(right)


def overflows(message) -> list[str]:
    found = [f"{message.DESCRIPTOR.name} {item.number}" for item in message.strangler_overflow]
    for field, value in message.ListFields():
        if field.message_type is not None and field.number < ENVELOPE:
            for child in value if field.is_repeated else [value]:
                found += overflows(child)
    return found


@pytest.fixture(scope="module")
def catalog() -> Contract:
    return Contract(catalog_pb2, catalog_codec)


@pytest.fixture(scope="module")
def things(compiled) -> Contract:
    return Contract(
        importlib.import_module(compiled), importlib.import_module(compiled.removesuffix("_pb2") + "_codec")
    )


@pytest.mark.parametrize("name", MESSAGES)
@examples
@given(data=st.data())
def test_a_document_that_fits_comes_back_and_nothing_of_it_overflows(catalog, name, data):
    document = data.draw(catalog.typed(name))
    assert same(catalog.round_trip(name, document), document)
    assert overflows(catalog.encoded(name, document)) == []


@pytest.mark.parametrize("name", MESSAGES)
@examples
@given(data=st.data())
def test_a_document_that_does_not_fit_comes_back_too(catalog, name, data):
    document = broken(data.draw(catalog.typed(name)), data)
    assert same(catalog.round_trip(name, document), document)


@pytest.mark.parametrize("name", MESSAGES)
@examples
@given(document=anything)
def test_any_json_in_place_of_the_document_comes_back(catalog, name, document):
    assert same(catalog.round_trip(name, document), document)


@examples
@given(data=st.data())
def test_every_kind_of_slot_keeps_what_fits_without_overflow(things, data):
    document = data.draw(things.typed("Thing"))
    assert same(things.round_trip("Thing", document), document)
    assert overflows(things.encoded("Thing", document)) == []


@examples
@given(data=st.data())
def test_every_kind_of_slot_keeps_what_does_not_fit(things, data):
    document = broken(data.draw(things.typed("Thing")), data)
    assert same(things.round_trip("Thing", document), document)


THING = {
    "te xt's": None, "whole": None, "real": None, "Flag": None, "texts": [], "wholes": [], "reals": [], "flags": [],
    "json": None, "part": None, "parts": [], "named": {}, "counts": {}, "parent": None,
}  # fmt: skip
MISFITS = [
    ("te xt's", 1, 1),
    ("te xt's", "\ud800", 1),
    ("whole", True, 2),
    ("whole", 1.0, 2),
    ("whole", 2**63, 2),
    ("whole", "1", 2),
    ("real", 1, 3),
    ("real", True, 3),
    ("real", "NaN", 3),
    ("Flag", 1, 4),
    ("Flag", 0, 4),
    ("texts", None, 5),
    ("texts", ["kept whole", None], 5),
    ("texts", ["fits", "\udfff"], 5),
    ("texts", "text", 5),
    ("wholes", [1, True], 6),
    ("wholes", [2**63 - 1, 2**63], 6),
    ("reals", [1.0, 1], 7),
    ("flags", [True, 1], 8),
    ("parts", None, 11),
    ("parts", {}, 11),
    ("named", None, 12),
    ("named", [], 12),
]


@pytest.mark.parametrize(("key", "value", "number"), MISFITS)
def test_a_value_that_does_not_fit_overflows_by_its_fields_number(things, key, value, number):
    document = THING | {key: value}
    assert overflows(things.encoded("Thing", document)) == [f"Thing {number}"]
    assert same(things.round_trip("Thing", document), document)


NESTED = [
    ("part", {}, ["Part 0"]),
    ("part", {"key": None, "value": None}, ["Part 1"]),
    ("part", {"key": 7, "value": None}, ["Part 1"]),
    ("part", "text", ["Part 0"]),
    ("parts", [{"value": "first", "key": "k"}], ["Part 0"]),
    ("parts", [None], ["Part 0"]),
    ("named", {"\ud800": {"key": "k", "value": None}}, ["PartEntry 1"]),
    ("named", {"a": None}, []),
    ("named", {"a": []}, ["Part 0"]),
    ("counts", {"b": 1, "a": None}, []),
    ("counts", {"b": 1.0, "a": 2**64}, ["CountEntry 2", "CountEntry 2"]),
]


@pytest.mark.parametrize(("key", "value", "spilled"), NESTED)
def test_a_misfit_inside_overflows_in_its_own_message(things, key, value, spilled):
    document = THING | {key: value}
    assert overflows(things.encoded("Thing", document)) == spilled
    assert same(things.round_trip("Thing", document), document)


def test_an_object_keeps_the_order_of_its_keys(things):
    document = THING | {"counts": {"z": 1, "a": 2, "": 3, "m": None}}
    assert list(things.round_trip("Thing", document)["counts"]) == ["z", "a", "", "m"]


def test_untyped_json_may_be_as_deep_as_json_itself(things):
    deep = None
    for _ in range(800):
        deep = [deep]
    assert same(things.round_trip("Thing", THING | {"json": deep}), THING | {"json": deep})


def test_a_message_may_hold_itself(things):
    document = THING
    for _ in range(30):
        document = THING | {"parent": document}
    assert same(things.round_trip("Thing", document), document)
