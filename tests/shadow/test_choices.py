"""Which values of an answer are an enumeration's, and may be named."""

from pathlib import Path

import pytest
from rest_framework import serializers

from strangler_shadow import choices
from strangler_shadow.choices import MOST_CHOICES, declared_choices


def of(**fields):
    return choices._of_serializer(type("Sample", (serializers.Serializer,), fields))


def test_choices_of_the_model_are_declared_by_its_serializer():
    assert declared_choices("v1:course-list.get") == {"level": {"beginner", "intermediate", "advanced"}}
    assert declared_choices("v1:educator-detail.get") == {}
    assert declared_choices("nothing.get") == {}


def test_fields_of_one_name_share_their_choices_however_deep_they_are():
    inner = type("Inner", (serializers.Serializer,), {"kind": serializers.MultipleChoiceField(choices=[(1, "a"), "b"])})
    found = of(kind=serializers.ChoiceField(choices=["c", ("group", [("d", "D")])]), parts=inner(many=True))
    assert found == {"kind": {"1", "b", "c", "d"}}


@pytest.mark.parametrize(
    "field",
    [
        serializers.CharField(),
        serializers.ChoiceField(choices=range(MOST_CHOICES + 1)),
        serializers.FilePathField(path=str(Path(__file__).parent), match="test_choices.py$"),
    ],
    ids=lambda field: type(field).__name__,
)
def test_what_is_no_enumeration_is_left_out(field):
    assert of(kind=field) == {}


def test_a_serializer_that_cannot_say_its_fields_declares_none():
    def get_fields(self):
        return {"kind": self.context["request"]}

    assert of(get_fields=get_fields) == {}


def test_so_many_fields_and_no_more():
    assert len(of(**{f"f{number}": serializers.ChoiceField(choices=["a"]) for number in range(60)})) == 40
