import json
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangler_shadow import redact
from strangler_shadow.observation import Difference, Kind
from strangler_shadow.redact import stand_in

SECRET = "canary@example.org"
VALUED = [kind for kind in Kind if kind not in {Kind.STATUS, Kind.LENGTH}]
values = st.recursive(
    st.just(SECRET) | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just(SECRET), inner),
    max_leaves=5,
)

NAMES = {"id", "name", "results", "by_mail", "x", "other"}
redacted = partial(redact.redacted, names=NAMES)
redacted_pattern = partial(redact.redacted_pattern, names=NAMES)


def difference(kind=Kind.VALUE, path="$.name", control=SECRET, candidate="other"):
    return Difference(kind=kind, path=path, control=control, candidate=candidate)


@given(kind=st.sampled_from([kind for kind in VALUED if kind is not Kind.ORDER]), value=values)
def test_no_value_is_kept(kind, value):
    control, candidate = redacted(difference(kind, control=value, candidate=[value]))
    assert "canary" not in control + candidate
    assert control.split("(")[0].split(" ")[0] in {"str", "int", "float", "list", "dict"}


@given(keys=st.lists(st.text(max_size=5) | st.just(SECRET), max_size=4))
def test_the_order_of_keys_shows_names_only(keys):
    control, candidate = redacted(difference(Kind.ORDER, control=["id", *keys], candidate=[*keys, "id"]))
    assert "id" in json.loads(control)
    assert "canary" not in control + candidate


def test_type_length_and_a_token_stand_in():
    assert stand_in("four").startswith("str(4) #")
    assert stand_in([1, 2]).startswith("list(2) #")
    assert stand_in(1.5).startswith("float #")
    assert (stand_in(None), stand_in(True)) == ("null", "true")


@given(left=values, right=values)
def test_equal_values_have_equal_tokens_and_others_do_not(left, right):
    same = json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)
    assert (stand_in(left) == stand_in(right)) == same


def test_tokens_are_keyed(settings):
    before = stand_in(SECRET)
    settings.SECRET_KEY = "another"
    assert stand_in(SECRET) != before


def test_an_allow_listed_place_is_shown(settings):
    settings.STRANGLER = {"SHADOW": {"SHOW": ["$.name"]}}
    assert redacted(difference()) == (json.dumps(SECRET), '"other"')
    assert "canary" not in redacted(difference(path="$.other"))[0]


@pytest.mark.parametrize(("kind", "value"), [(Kind.STATUS, 404), (Kind.LENGTH, 3)])
def test_what_says_nothing_about_a_person_is_shown(kind, value):
    assert redacted(difference(kind, control=value, candidate=value + 1)) == (str(value), str(value + 1))


def test_keys_that_may_be_data_have_stand_ins_in_the_place():
    place = redacted_pattern(difference(path=f'$.by_mail["{SECRET}"][3].x["a\\"b"]'))
    assert place.startswith(f"$.by_mail[{stand_in(SECRET)}][*].x[")
    assert "canary" not in place
    assert redacted_pattern(difference(path="$.results[0].name")) == "$.results[*].name"
    assert redacted_pattern(difference(Kind.HEADER, path="x-rate")) == "x-rate"


def test_a_place_is_text_that_a_database_takes():
    assert len(redacted_pattern(difference(path="$" + ".name" * 900))) == 500
    redacted_pattern(difference(path='$["\ud800"].x\udfff')).encode()


def test_a_key_that_no_field_has_may_be_somebody_s_name():
    place = redacted_pattern(difference(path="$.results[0].balances.alice_smith"))
    assert "alice" not in place
    assert "balances" not in place
    assert place.startswith("$.results[*][str(8) #")
    control, _ = redacted(difference(Kind.ORDER, control=["id", "alice_smith"], candidate=["alice_smith", "id"]))
    assert "alice" not in control
    assert "id" in control
