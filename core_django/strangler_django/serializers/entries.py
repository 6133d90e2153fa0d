"""One Redis entry per object: the stamps of table and row, whether it decodes exactly, body."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeGuard

from strangler_django.serializers import stamps
from strangler_django.serializers.databases import database
from strangler_django.serializers.store import Store

_EXACT, _INEXACT = b"=", b"~"
_STAMPS = 2 * stamps.LENGTH
_HEAD = _STAMPS + 1
TABLE = stamps.EVERY_ROW.encode()


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
        return f"body:{database(self.alias)}:{self.label}:{self.digest}:{self.vary}:".encode()


@dataclass(frozen=True, slots=True)
class Reading:
    """Bodies and stamps as Redis had them, in the order of the keys, and the table's stamp."""

    bodies: list[Body | None]
    stamps: list[bytes | None]
    table: bytes | None = None


def read(store: Store, shelf: Shelf, names: Sequence[bytes]) -> Reading:
    """Bodies whose stamps stand, by one MGET. Raises Unavailable."""
    body_stem, stamp_stem = shelf.stem(), stamps.stem(shelf.alias, shelf.label)

    def commands(prefix: bytes) -> list[tuple[Any, ...]]:
        bodies, rows = prefix + body_stem, prefix + stamp_stem
        return [("MGET", *[bodies + name for name in names], *[rows + name for name in names], rows + TABLE)]

    [values] = store.run(commands)
    found, table = values[len(names) : -1], values[-1]
    if not stands(table):
        return Reading([None] * len(names), found, table)
    return Reading([_valid(entry, table, stamp) for entry, stamp in zip(values, found, strict=False)], found, table)


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


def stands(stamp: bytes | None) -> TypeGuard[bytes]:
    return stamp is not None and not stamp.startswith(stamps.PENDING)


def _valid(entry: bytes | None, table: bytes, stamp: bytes | None) -> Body | None:
    if entry is None or stamp is None or stamp.startswith(stamps.PENDING) or not entry.startswith(table + stamp):
        return None
    return Body(entry[_HEAD:], entry[_STAMPS:_HEAD] == _EXACT)
