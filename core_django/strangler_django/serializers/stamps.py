"""Rows whose stamps the monolith marks and renews; the protocol itself is `strangler_protos.stamps`."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from strangler_django.serializers.databases import database
from strangler_django.serializers.store import Store
from strangler_protos import stamps as protocol
from strangler_protos.stamps import ANY_ROW, EVERY_ROW, LENGTH, PENDING, new_token

__all__ = ["ANY_ROW", "EVERY_ROW", "LENGTH", "PENDING", "Row", "mark", "new_token", "renew", "stem"]

# A script holds up every other client.
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
    _evaluate(store, rows, lambda _, keys: protocol.mark_command(keys, token))


def renew(store: Store, rows: Collection[Row], token: str, *, moved: Collection[Row] = ()) -> None:
    """Ends the write; others that are open on one of the `moved` rows keep all rows pending. Raises Unavailable."""
    shared = _names(moved)
    if shared and not rows:
        rows, shared = moved, []
    _evaluate(
        store,
        rows,
        lambda prefix, keys: protocol.renew_command(prefix, keys, token, shared=[prefix + name for name in shared]),
    )


def _evaluate(
    store: Store, rows: Collection[Row], command: Callable[[bytes, Sequence[bytes]], protocol.Command]
) -> None:
    if rows:
        names = _names(rows)
        store.run(lambda prefix: [command(prefix, [prefix + name for name in chunk]) for chunk in _chunks(names)])


def _names(rows: Collection[Row]) -> list[bytes]:
    return [stem(row.alias, row.label) + row.pk.encode() for row in rows]


def _chunks(names: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    return (names[at : at + _KEYS] for at in range(0, len(names), _KEYS))
