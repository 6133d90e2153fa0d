"""Join the locks of two branches that both gave numbers since they parted."""

from collections.abc import Iterator

from strangler_extract.lock import LAST_NUMBER, Lock, Locked, LockedMessage, LockError, Tombstone

__all__ = ["joined", "violations"]


def joined(base: Lock, kept: Lock, other: Lock) -> Lock:
    """One lock of two that grew from `base`; every number of `kept` stays.

    A number that both gave goes to `kept`, and the field of `other` gets one above all that either gave. A field that
    one side retired is retired; a key that both added is the one of `kept`. Raises `LockError` where a side changed
    what a number of `base` stands for, which no assignment does, and where numbers run out.
    """
    for side in (kept, other):
        for words in violations(base, side):
            raise LockError(f"{words}; take that side's file from git as it was before somebody edited it")
    messages = {**other.messages, **kept.messages}
    for name in kept.messages.keys() & other.messages.keys():
        messages[name] = _message(kept.messages[name], other.messages[name])
        if messages[name].next > LAST_NUMBER + 1:
            raise LockError(f"{name} has given all numbers up to {LAST_NUMBER}; split one side's fields off")
    return Lock(messages=messages)


def violations(before: Lock, after: Lock) -> Iterator[str]:
    """What a later lock says differently of numbers that an earlier one gave; nothing where it only went on."""
    for name, message in sorted(before.messages.items()):
        later = after.messages.get(name, LockedMessage())
        for number, was in message.given.items():
            now = later.given.get(number)
            if now != was:
                yield f"{name}: number {number} was {_words(was)} and is {_words(now)}"
            elif number in message.tombstones and number not in later.tombstones:
                yield f"{name}: number {number}, {_words(was)}, was retired and is in use again"


def _message(kept: LockedMessage, other: LockedMessage) -> LockedMessage:
    shared = {number for number, was in other.given.items() if kept.given.get(number) == was}
    retired = kept.without(
        key for key, locked in kept.fields.items() if locked.number in shared & set(other.tombstones)
    )
    fields, tombstones = dict(retired.fields), dict(retired.tombstones)
    following = max(kept.next, other.next)
    for number, was in other.given.items():
        if number in shared:
            continue
        if number in other.tombstones or was.key in fields:
            # A number that `kept` gave keeps its meaning there; what it meant on the other branch is forgotten.
            if number not in kept.given:
                tombstones[number] = was
            continue
        free = number not in kept.given
        fields[was.key] = Locked(number=number if free else following, kind=was.kind, name=other.fields[was.key].name)
        following += not free
    return LockedMessage(fields=fields, tombstones=tombstones)


def _words(was: Tombstone | None) -> str:
    return f"`{was.key}` ({was.kind})" if was else "gone from the lock"
