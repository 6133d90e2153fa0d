"""Mistakes in what a write sends, and how many of them its verification sees."""

import re

from hypothesis import given
from hypothesis import strategies as st

from strangler_router.effects import Effect
from strangler_shadow.effect_differences import as_observation, effect_differences, effect_noise
from strangler_shadow.noise import NO_NOISE
from strangler_shadow.seeded import SENDING, SelfTest, sending_self_test


def mail(subject: str, **more: object) -> Effect:
    document = {"from": "shop@example.org", "to": ["ada@example.org"], "subject": subject, "body": "Thanks.", **more}
    return Effect(kind="mail", name="", document=document)


def task(name: str, *args: object, **kwargs: object) -> Effect:
    return Effect(kind="task", name=name, document={"args": list(args), "kwargs": kwargs})


CALL = [
    mail("Your order"),
    task("shop.charge", 7, capture=True),
    task("shop.charge", 8, capture=False),
    Effect(kind="connection", name="ledger:443", document={}),
]


def test_every_mistake_applies_and_is_seen():
    found = sending_self_test([CALL], NO_NOISE, seed=1)
    assert found.operators == tuple(SENDING)
    assert (found.caught, found.missed, found.unused) == (found.applicable, (), ())
    assert found.applicable > len(SENDING)


def test_a_mistake_where_the_monolith_varies_is_missed_and_said_so_without_a_value():
    one, other = [[mail(f"Order {token}"), task("shop.note", by={"ada": token})] for token in ("k3Jx9", "p0Qa1")]
    found = sending_self_test([one], effect_noise(one, other), seed=1)
    text = {miss.place for miss in found.missed if miss.operator == "effect-text-changed"}
    assert {"effect mail[*].subject"} < text
    assert any(place.startswith("effect task shop.note[*].kwargs.by[") for place in text)
    assert {miss.reason for miss in found.missed} == {"the control varies there by itself"}
    assert found.caught == found.applicable - len(found.missed)
    assert "k3Jx9" not in repr(found)
    assert "ada" not in repr(found)


def test_a_connection_counts_once_so_no_mistake_is_made_that_nobody_could_see():
    ledger = Effect(kind="connection", name="ledger:443", document={})
    found = sending_self_test([[ledger, ledger]], NO_NOISE, seed=1)
    assert found.operators == ("effect-added", "effect-elsewhere")
    assert found.caught == found.applicable


def test_a_call_that_sends_nothing_may_still_send_too_much():
    found = sending_self_test([[]], NO_NOISE, seed=1)
    assert (found.operators, found.caught) == (("effect-added",), 1)
    assert sending_self_test([], NO_NOISE, seed=1) == SelfTest(unused=tuple(SENDING))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
effects = st.lists(
    st.builds(
        Effect,
        kind=st.sampled_from(["mail", "task"]),
        name=st.sampled_from(["", "shop.charge", "shop.ship"]),
        document=st.dictionaries(st.text(max_size=5), values, max_size=3),
    ),
    max_size=4,
)


@given(effects, st.integers(0, 9))
def test_whatever_can_be_told_from_what_was_sent_is_seen(sent, seed):
    for operator in SENDING.values():
        for _, wrong in operator.changes(sent):
            differs = as_observation(sent).body != as_observation(wrong).body
            assert bool(effect_differences(NO_NOISE, sent, wrong)) == differs
    found = sending_self_test([sent], NO_NOISE, seed=seed)
    assert found.caught == found.applicable


def test_operators_are_named_and_described_as_the_others_are():
    for name, operator in SENDING.items():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
        assert re.fullmatch(r"[^\n]{10,}\.", operator.__doc__ or ""), name
