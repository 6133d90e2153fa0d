"""One Redis entry per object: stamp, whether it decodes exactly, body."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from strangler_django.serializers import stamps
from strangler_django.serializers.store import Store

_EXACT, _INEXACT = b"=", b"~"
_HEAD = stamps.LENGTH + 1


class Body(NamedTuple):
    content: bytes
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Where the bodies of one serializer, one vary digest and one table lie."""

    alias: str
    label: str
    digest: str
    vary: str
    timeout: int

    def stem(self) -> bytes:
        return f"body:{self.alias}:{self.label}:{self.digest}:{self.vary}:".encode()


@dataclass(frozen=True, slots=True)
class Reading:
    """Bodies and stamps as Redis had them, in the order of the keys."""

    bodies: list[Body | None]
    stamps: list[bytes | None]


def read(store: Store, shelf: Shelf, names: Sequence[bytes]) -> Reading:
    """Bodies whose stamp stands, by one MGET. Raises Unavailable."""
    body_stem, stamp_stem = shelf.stem(), stamps.stem(shelf.alias, shelf.label)

    def commands(prefix: bytes) -> list[tuple[Any, ...]]:
        bodies, rows = prefix + body_stem, prefix + stamp_stem
        return [("MGET", *[bodies + name for name in names], *[rows + name for name in names])]

    [values] = store.run(commands)
    found = values[len(names) :]
    return Reading([_valid(entry, stamp) for entry, stamp in zip(values, found, strict=False)], found)


def fill(store: Store, shelf: Shelf, filled: Mapping[bytes, tuple[bytes, Body]]) -> None:
    """Stores bodies with the stamps that were read before their rows. Raises Unavailable."""
    stem = shelf.stem()
    store.run(
        lambda prefix: [
            (
                "SET",
                prefix + stem + name,
                stamp + (_EXACT if body.exact else _INEXACT) + body.content,
                "EX",
                shelf.timeout,
            )
            for name, (stamp, body) in filled.items()
        ]
    )


def names_of(pks: Iterable[Any]) -> list[bytes]:
    return [str(pk).encode() for pk in pks]


def _valid(entry: bytes | None, stamp: bytes | None) -> Body | None:
    if entry is None or stamp is None or stamp.startswith(stamps.PENDING) or not entry.startswith(stamp):
        return None
    return Body(entry[_HEAD:], entry[stamps.LENGTH : _HEAD] == _EXACT)
