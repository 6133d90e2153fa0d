"""Redis entries: the stamps that a value was computed under, then the value."""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from strangler_django.serializers import stamps
from strangler_django.serializers.store import Store
from strangler_protos import stamps as protocol

__all__ = ["Ask", "Claim", "Reading", "Shelf", "claim", "fill", "names_of", "read", "release", "stands"]

TABLE = stamps.EVERY_ROW.encode()
_P = stamps.PENDING[0]
LEASE_MILLISECONDS = 2000
"""A reader that died while it computed holds others up for no longer."""
_JITTER = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Where one kind of value of one table lies, and the stamps (as stems) that it is valid under."""

    stem: bytes
    stamps: tuple[bytes, ...]
    timeout: int
    max_bytes: int


@dataclass(frozen=True, slots=True)
class Ask:
    """What to read: some rows on some shelves."""

    shelves: tuple[Shelf, ...]
    names: Sequence[bytes]

    @property
    def stamps(self) -> tuple[bytes, ...]:
        return tuple(dict.fromkeys(stem for shelf in self.shelves for stem in shelf.stamps))


@dataclass(frozen=True, slots=True)
class Reading:
    """What Redis had of an Ask: for each shelf one value a row, None where there is none that is valid."""

    values: list[list[bytes | None]]
    stale: int


@dataclass(frozen=True, slots=True)
class Claim:
    """For each shelf and missing row: the stamps to store with, where they stand, and whether the lease is ours."""

    heads: list[dict[bytes, bytes]]
    won: list[set[bytes]]


def names_of(pks: Iterable[Any]) -> list[bytes]:
    return [b"%d" % pk if type(pk) is int else str(pk).encode() for pk in pks]


def stands(stamp: bytes | None) -> bool:
    return stamp is not None and stamp[0] != _P


def read(store: Store, asks: Sequence[Ask]) -> list[Reading]:
    """Values whose stamps stand, of all asks by one MGET. Raises Unavailable."""

    def commands(prefix: bytes) -> list[tuple[Any, ...]]:
        keys: list[bytes] = ["MGET"]  # type: ignore[list-item]
        for ask in asks:
            names = ask.names
            for shelf in ask.shelves:
                stem = prefix + shelf.stem
                keys += [stem + name for name in names]
            for stamp in ask.stamps:
                stem = prefix + stamp
                keys += [stem + name for name in names]
                keys.append(stem + TABLE)
        return [tuple(keys)]

    [values] = store.run(commands)
    readings, at = [], 0
    for ask in asks:
        size, count = len(ask.names), len(ask.shelves)
        entries = [values[at + size * index : at + size * (index + 1)] for index in range(count)]
        at += size * count
        found: dict[bytes, tuple[bytes | None, list[bytes | None]]] = {}
        for stem in ask.stamps:
            found[stem] = values[at + size], values[at : at + size]
            at += size + 1
        readings.append(_reading(ask, entries, found))
    return readings


def _reading(
    ask: Ask, entries: list[list[bytes | None]], found: dict[bytes, tuple[bytes | None, list[bytes | None]]]
) -> Reading:
    values, stale = [], 0
    for shelf, column in zip(ask.shelves, entries, strict=True):
        valid = column
        for stem in shelf.stamps:
            valid = _under(valid, *found[stem])
        values.append(valid)
        if None in valid:
            stale += sum(1 for before, after in zip(column, valid, strict=True) if before is not None and after is None)
    return Reading(values, stale)


def _under(entries: Sequence[bytes | None], table: bytes | None, rows: Sequence[bytes | None]) -> list[bytes | None]:
    """What the entries hold behind these stamps, if they were stored under them; nothing is stored under a `P`."""
    if table is None:
        return [None] * len(entries)
    length = stamps.LENGTH
    return [
        entry[2 * length :] if entry and row and entry.startswith(row, length) and entry.startswith(table) else None
        for entry, row in zip(entries, rows, strict=True)
    ]


def claim(store: Store, ask: Ask, missing: Sequence[Sequence[bytes]], token: str) -> Claim:
    """Stamps and leases for the rows that miss on each shelf; taken before the database is read. Raises Unavailable."""
    names = list(dict.fromkeys(name for column in missing for name in column))
    stems = ask.stamps

    def commands(prefix: bytes) -> list[tuple[Any, ...]]:
        stamped = [prefix + stem + name for stem in stems for name in (TABLE, *names)]
        leases = [
            prefix + b"lease:" + shelf.stem + name
            for shelf, column in zip(ask.shelves, missing, strict=True)
            for name in column
        ]
        return [protocol.claim_command(stamped, leases, token=token, milliseconds=LEASE_MILLISECONDS)]

    [[stamped, leased]] = store.run(commands)
    rows = {}
    for index, stem in enumerate(stems):
        table, *each = stamped[index * (len(names) + 1) : (index + 1) * (len(names) + 1)]
        rows[stem] = {name: table + row for name, row in zip(names, each, strict=True) if stands(table) and stands(row)}
    heads, won, at = [], [], 0
    for shelf, column in zip(ask.shelves, missing, strict=True):
        under = [rows[stem] for stem in shelf.stamps]
        heads.append(
            {name: b"".join(row[name] for row in under) for name in column if all(name in row for row in under)}
        )
        won.append({name for name, one in zip(column, leased[at : at + len(column)], strict=True) if one})
        at += len(column)
    return Claim(heads, won)


def fill(store: Store, shelf: Shelf, values: Mapping[bytes, tuple[bytes, bytes, int]], leased: Iterable[bytes]) -> None:
    """Stores values (name to stamps, value, seconds) and gives the leases back. Raises Unavailable."""

    def commands(prefix: bytes) -> list[tuple[Any, ...]]:
        stem = prefix + shelf.stem
        sets: list[tuple[Any, ...]] = [
            ("SET", stem + name, head + value, "EX", _jittered(seconds))
            for name, (head, value, seconds) in values.items()
        ]
        return sets + _released(prefix, shelf, leased)

    _run(store, commands)


def release(store: Store, shelf: Shelf, leased: Iterable[bytes]) -> None:
    """Gives leases back without a value. Raises Unavailable."""
    _run(store, lambda prefix: _released(prefix, shelf, leased))


def leases(store: Store, asked: Sequence[tuple[Shelf, Sequence[bytes]]]) -> list[set[bytes]]:
    """For each shelf the rows that somebody is computing. Raises Unavailable."""

    def commands(prefix: bytes) -> list[tuple[Any, ...]]:
        keys = [prefix + b"lease:" + shelf.stem + name for shelf, names in asked for name in names]
        return [("MGET", *keys)]

    [values] = store.run(commands)
    held, at = [], 0
    for _, names in asked:
        held.append({name for name, value in zip(names, values[at : at + len(names)], strict=True) if value})
        at += len(names)
    return held


def _released(prefix: bytes, shelf: Shelf, leased: Iterable[bytes]) -> list[tuple[Any, ...]]:
    keys = [prefix + b"lease:" + shelf.stem + name for name in leased]
    return [("UNLINK", *keys)] if keys else []


def _run(store: Store, commands: Callable[[bytes], list[tuple[Any, ...]]]) -> None:
    if commands(b""):
        store.run(commands)


def _jittered(seconds: int) -> int:
    return max(1, seconds - int(random.random() * _JITTER * seconds))  # noqa: S311  no secret
