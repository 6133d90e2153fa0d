"""No history of changes and merges gives a number to a second field; LOCK_STEPS=10000 takes that many steps."""

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from strangler_extract.lock import KindChanged, Lock, LockedMessage, assign, retire
from strangler_extract.lock_merge import joined, violations
from strangler_extract.lock_text import compose, parse

STEPS = int(os.environ.get("LOCK_STEPS", "400"))
MESSAGES, KEYS, KINDS = ["Course", "Topic"], [*"abcdef"], ["string", "int64", "json", "repeated message Topic"]
SIDES = st.sampled_from(["main", "branch"])
messages, keys, kinds = st.sampled_from(MESSAGES), st.sampled_from(KEYS), st.sampled_from(KINDS)
places = st.integers(0, 4)


class Histories(RuleBasedStateMachine):
    """Two branches of one contract, which change it, meet and part again."""

    steps = 0
    merges = 0

    @initialize()
    def begin(self):
        self.base = Lock()
        self.locks = {"main": Lock(), "branch": Lock()}
        # What each number meant when it was first given, on each branch.
        self.meant = {"main": {}, "branch": {}}
        # The invariants are looked at before the first step too.
        Histories.steps -= 1

    def contract(self, side, message):
        fields = self.locks[side].messages.get(message, LockedMessage()).fields
        return [(key, locked.kind, locked.name) for key, locked in fields.items()]

    def change(self, side, message, fields):
        before = self.locks[side]
        self.locks[side], numbers = assign(before, message, fields)
        assert [(key, *wanted) for key, *wanted in self.contract(side, message)] == [tuple(item) for item in fields]
        for key, kind, _ in fields:
            known = before.messages.get(message, LockedMessage()).fields.get(key)
            assert known is None or (known.number, known.kind) == (numbers[key], kind)

    @rule(side=SIDES, message=messages, added=st.lists(st.tuples(keys, kinds), min_size=1, max_size=4), at=places)
    def add(self, side, message, added, at):
        fields = self.contract(side, message)
        fresh = {key: kind for key, kind in added if key not in [field[0] for field in fields]}
        fields[at:at] = [(key, kind, key) for key, kind in fresh.items()]
        self.change(side, message, fields)

    @rule(side=SIDES, message=messages, at=places)
    def remove(self, side, message, at):
        fields = self.contract(side, message)
        self.change(side, message, fields[:at] + fields[at + 1 :])

    @rule(side=SIDES, message=messages, at=places, key=keys)
    def rename_a_key(self, side, message, at, key):
        fields = self.contract(side, message)
        if key not in [field[0] for field in fields]:
            self.change(side, message, [(key, *field[1:]) if i == at else field for i, field in enumerate(fields)])

    @rule(side=SIDES, message=messages, at=places, name=st.sampled_from(["x", "y"]))
    def rename_in_the_contract(self, side, message, at, name):
        fields = self.contract(side, message)
        self.change(side, message, [(*field[:2], name) if i == at else field for i, field in enumerate(fields)])

    @rule(side=SIDES, message=messages, at=places, kind=kinds)
    def retype(self, side, message, at, kind):
        fields = self.contract(side, message)
        wanted = [(field[0], kind, field[2]) if i == at else field for i, field in enumerate(fields)]
        if wanted != fields:
            with pytest.raises(KindChanged):
                assign(self.locks[side], message, wanted)
            self.locks[side] = retire(self.locks[side], message, fields[at][0])
            self.change(side, message, wanted)

    @rule(side=SIDES, message=messages, order=st.permutations(KEYS))
    def reorder(self, side, message, order):
        before = self.locks[side].messages.get(message, LockedMessage())
        self.change(side, message, sorted(self.contract(side, message), key=lambda field: order.index(field[0])))
        assert self.locks[side].messages[message] == before

    @precondition(lambda self: all(lock != self.base for lock in self.locks.values()))
    @rule(kept=SIDES)
    def merge(self, kept):
        other = {"main": "branch", "branch": "main"}[kept]
        lock = joined(self.base, self.locks[kept], self.locks[other])
        for message in MESSAGES:
            held = self.locks[kept].messages.get(message, LockedMessage()).fields
            came = self.locks[other].messages.get(message, LockedMessage()).fields
            after = lock.messages.get(message, LockedMessage()).fields
            assert set(after) <= set(held) | set(came)
            assert set(held) & set(came) <= set(after) | self.retired(message)
        self.base = lock
        self.locks = {"main": lock, "branch": lock}
        self.meant = {"main": dict(self.meant[kept]), "branch": dict(self.meant[kept])}
        Histories.merges += 1

    def retired(self, message):
        """Keys of which one branch retired a number."""
        return {
            was.key
            for lock in self.locks.values()
            for was in lock.messages.get(message, LockedMessage()).tombstones.values()
        }

    @invariant()
    @precondition(lambda self: hasattr(self, "locks"))
    def no_number_means_a_second_thing(self):
        Histories.steps += 1
        for side, lock in self.locks.items():
            for message, locked in lock.messages.items():
                for number, was in locked.given.items():
                    assert 1 <= number <= 999
                    assert self.meant[side].setdefault((message, number), was) == was
            forgotten = [
                (message, number) for message, number in self.meant[side] if number not in lock.messages[message].given
            ]
            assert forgotten == []
            assert list(violations(self.base, lock)) == []

    @invariant()
    @precondition(lambda self: hasattr(self, "locks"))
    def the_file_says_the_same(self):
        for lock in self.locks.values():
            assert parse(compose(lock), "catalog.lock.json") == lock


def test_no_number_is_given_twice_in_any_history():
    plan = settings(
        max_examples=max(1, STEPS // 40),
        stateful_step_count=50,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    Histories.steps = Histories.merges = 0
    while Histories.steps < STEPS:
        run_state_machine_as_test(Histories, settings=plan)
    print(f"{Histories.steps} steps, {Histories.merges} merges")
