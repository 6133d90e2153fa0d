"""The numbers of messages' fields: given once, kept in a file beside the contract, never used again.

`catalog.proto` has its lock in `catalog.lock.json`, one line a number, in the order of the numbers. Each message ends
in a line with its next number, so that two branches which both add to a message meet there and git shows a conflict.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from strangler_protos.errors import ContractError

__all__ = [
    "LAST_NUMBER",
    "KindChanged",
    "Lock",
    "LockError",
    "Locked",
    "LockedMessage",
    "Tombstone",
    "assign",
    "lock_path",
    "retire",
    "retire_missing",
]

# From 1000 on numbers are the framework's; 19000 to 19999, which protobuf keeps for itself, are above that.
LAST_NUMBER = 999


class LockError(ContractError):
    """A lock says what cannot be, or cannot give what was asked; the message says where and what to do."""


class KindChanged(LockError):
    """A key would hold another kind than its number stands for."""

    def __init__(self, message: str, key: str, *, before: str, after: str) -> None:
        self.message, self.key, self.before, self.after = message, key, before, after
        super().__init__(
            f"{message}.{key} is locked as `{before}` and would become `{after}`; a number never changes its kind. "
            f"Choose one: keep `{before}` in the contract and let overflow carry values that do not fit; "
            f"answer `{after}` under a new key and leave {key!r} as it is; "
            f"or retire the field with `strangler contract retire {message} {key}`, which gives {key!r} a new number, "
            "so that programs compiled before do not find it"
        )


@dataclass(frozen=True, slots=True)
class Locked:
    """A field's number, its kind (`string`, `json`, `repeated message Course`) and its name in the contract."""

    number: int
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Tombstone:
    """The key and kind that a number had; no field gets that number again."""

    key: str
    kind: str


@dataclass(frozen=True, slots=True)
class LockedMessage:
    """Fields by JSON key, and tombstones by number."""

    fields: Mapping[str, Locked] = field(default_factory=dict)
    tombstones: Mapping[int, Tombstone] = field(default_factory=dict)

    @property
    def next(self) -> int:
        """The lowest number above all that were ever given."""
        return max((*(locked.number for locked in self.fields.values()), *self.tombstones), default=0) + 1

    @property
    def given(self) -> dict[int, Tombstone]:
        """What each number stands or stood for, by number."""
        living = {locked.number: Tombstone(key, locked.kind) for key, locked in self.fields.items()}
        return dict(sorted({**self.tombstones, **living}.items()))

    def without(self, keys: Iterable[str]) -> "LockedMessage":
        """The message after these keys became tombstones."""
        gone = set(keys)
        return LockedMessage(
            fields={key: locked for key, locked in self.fields.items() if key not in gone},
            tombstones={
                **self.tombstones,
                **{self.fields[key].number: Tombstone(key, self.fields[key].kind) for key in gone},
            },
        )


@dataclass(frozen=True, slots=True)
class Lock:
    """The numbers of one contract, by message."""

    messages: Mapping[str, LockedMessage] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Lock":
        """The lock in a file; empty where there is no contract yet. `LockError` where it is broken or lost."""
        from strangler_extract.lock_text import parse

        if path.exists():
            return parse(path.read_text(encoding="utf-8"), str(path))
        proto = path.with_name(path.name.removesuffix(".lock.json") + ".proto")
        if proto.exists():
            raise LockError(
                f"{path}:1: is missing although {proto.name} is there; "
                "bring it back from git, or let `strangler contract lock` write it from the contract"
            )
        return cls()

    def write(self, path: Path) -> None:
        """Put the lock into a file."""
        path.write_text(self.to_text(), encoding="utf-8")

    def to_text(self) -> str:
        """The file's text: JSON, messages by name, one line a number."""
        from strangler_extract.lock_text import compose

        return compose(self)

    def with_message(self, name: str, message: LockedMessage) -> "Lock":
        """The lock with one message put in place of what was there."""
        return replace(self, messages={**self.messages, name: message})


def lock_path(proto: Path) -> Path:
    """Where the lock of a `.proto` file lies."""
    return proto.with_suffix(".lock.json")


def assign(lock: Lock, message: str, fields: Sequence[tuple[str, str, str]]) -> tuple[Lock, dict[str, int]]:
    """The lock after a message has exactly these fields (key, kind, proto name), and the number of each key.

    Keys that are gone become tombstones, new ones and those that come back get new numbers in the order given. Raises
    `KindChanged` for a key whose kind is another, `LockError` where numbers run out or a key is named twice.
    """
    before = lock.messages.get(message, LockedMessage())
    wanted = {key: (kind, name) for key, kind, name in fields}
    if len(wanted) < len(fields):
        twice = sorted({key for key, _, _ in fields if [item[0] for item in fields].count(key) > 1})
        raise LockError(f"{message} names these keys twice, and a JSON object cannot: {', '.join(twice)}")
    kept = before.without(key for key in before.fields if key not in wanted)
    numbers: dict[str, Locked] = {}
    following = before.next
    for key, (kind, name) in wanted.items():
        locked = kept.fields.get(key)
        if locked is None:
            locked = Locked(number=following, kind=kind, name=name)
            following += 1
        elif locked.kind != kind:
            raise KindChanged(message, key, before=locked.kind, after=kind)
        numbers[key] = replace(locked, name=name)
    if following > LAST_NUMBER + 1:
        raise LockError(
            f"{message} has given all numbers up to {LAST_NUMBER}, and those above are the framework's; "
            "give the response a message of another name"
        )
    after = replace(kept, fields=numbers)
    return lock.with_message(message, after), {key: locked.number for key, locked in numbers.items()}


def retire(lock: Lock, message: str, key: str) -> Lock:
    """The lock after a field became a tombstone, so that its key gets a new number; `LockError` if there is none."""
    if message not in lock.messages:
        raise LockError(f"the lock has no message {message}; it has {', '.join(sorted(lock.messages)) or 'none'}")
    fields = lock.messages[message].fields
    if key not in fields:
        raise LockError(f"{message} has no field with the key {key!r}; it has {', '.join(sorted(fields)) or 'none'}")
    return lock.with_message(message, lock.messages[message].without([key]))


def retire_missing(lock: Lock, messages: Iterable[str]) -> Lock:
    """The lock after every message but these lost its fields, since the contract does not have it any more."""
    present = set(messages)
    for name, message in lock.messages.items():
        if name not in present:
            lock = lock.with_message(name, message.without(message.fields))
    return lock
