"""Rows whose stamps the monolith marks and renews; the protocol itself is `strangler_protos.stamps`."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from strangler_django.serializers.databases import database
from strangler_django.serializers.store import Store
from strangler_protos import stamps as protocol
from strangler_protos.stamps import ANY_ROW, EVERY_ROW, LENGTH, PENDING, new_token

__all__ = ["ANY_ROW", "EVERY_ROW", "LENGTH", "PENDING", "Row", "mark", "new_token", "renew", "stem"]

# Lua's stack bounds the number of keys of one call.
_KEYS = 1000


class Row(NamedTuple):
    """A stored row: database alias, label (model, and paths for values kept apart), primary key as text."""

    alias: str
    label: str
    pk: str


def stem(alias: str, label: str) -> bytes:
    return protocol.stem(database(alias), label)


def mark(store: Store, rows: Collection[Row], token: str) -> None:
    """Declares a write under way. Raises Unavailable."""
    _evaluate(store, rows, lambda keys: protocol.mark_command(keys, token))


def renew(store: Store, rows: Collection[Row], token: str) -> None:
    """Ends the write. Raises Unavailable."""
    _evaluate(store, rows, lambda keys: protocol.renew_command(keys, token))


def _evaluate(store: Store, rows: Collection[Row], command: Callable[[Sequence[bytes]], protocol.Command]) -> None:
    if rows:
        names = [stem(row.alias, row.label) + row.pk.encode() for row in rows]
        store.run(lambda prefix: [command([prefix + name for name in chunk]) for chunk in _chunks(names)])


def _chunks(names: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    return (names[at : at + _KEYS] for at in range(0, len(names), _KEYS))
