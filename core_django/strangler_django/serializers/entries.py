"""Redis entries: a value, then the stamps that it was computed under; readers get them whole."""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import add
from typing import Any

from strangler_django.serializers import stamps
from strangler_django.serializers.store import Meanwhile, Store
from strangler_protos import stamps as protocol

__all__ = ["ABSENT", "Ask", "Claim", "Reading", "Shelf", "claim", "fill", "names_of", "read", "release", "stands"]

ABSENT = b""
"""Stands for a row that does not exist; its entry holds stamps alone."""
Stamps = tuple[bytes | None, list[bytes | None]]
"""The stamp of a table, and those of some of its rows."""
TABLE = stamps.EVERY_ROW.encode()
_P = stamps.PENDING[0]
LEASE_MILLISECONDS = 10_000
"""Longer than computing takes on a machine that is busy. Nobody waits so long for a reader that died: see Pace."""
_JITTER = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Where one kind of value of one table lies, and the stamps (as stems) that it is valid under."""

    stem: bytes
    stamps: tuple[bytes, ...]
    timeout: int
    max_bytes: int

    @property
    def trailer(self) -> int:
        """Bytes of stamps after a value: for each stem the table's, then the row's."""
        return 2 * stamps.LENGTH * len(self.stamps)


@dataclass(frozen=True, slots=True)
class Ask:
    """What to read: some rows on some shelves."""

    shelves: tuple[Shelf, ...]
    names: Sequence[bytes]

    @property
    def stamps(self) -> tuple[bytes, ...]:
        """All stems of stamps, each once."""
        bodies, *parts = self.shelves
        return tuple(dict.fromkeys(stem for shelf in self.shelves for stem in shelf.stamps)) if parts else bodies.stamps


@dataclass(frozen=True, slots=True)
class Reading:
    """What Redis had of an Ask: for each shelf one entry a row, ABSENT, or None where there is none that is valid."""

    values: list[list[bytes | None]]
    stale: int
    whole: bool
    """Whether every row has a valid entry on every shelf, and none of them is ABSENT."""


@dataclass(frozen=True, slots=True)
class Claim:
    """For each shelf and missing row: the stamps to store with, where they stand, and whether the lease is ours."""

    trailers: list[dict[bytes, bytes]]
    won: list[set[bytes]]


def names_of(pks: Iterable[Any]) -> list[bytes]:
    return [b"%d" % pk if type(pk) is int else str(pk).encode() for pk in pks]


def stands(stamp: bytes | None) -> bool:
    return stamp is not None and stamp[0] != _P


def read(store: Store, asks: Sequence[Ask], meanwhile: Meanwhile | None = None) -> list[Reading]:
    """Entries whose stamps stand, of all asks by one MGET; `meanwhile` as in `Store.run`. Raises Unavailable."""

    def commands(prefix: bytes) -> list[tuple[Any, ...]]:
        keys: list[bytes] = ["MGET"]  # type: ignore[list-item]
        for ask in asks:
            names = ask.names
            for shelf in ask.shelves:
                keys += map((prefix + shelf.stem).__add__, names)
            for stamp in ask.stamps:
                stem = prefix + stamp
                keys += map(stem.__add__, names)
                keys.append(stem + TABLE)
        return [tuple(keys)]

    [values] = store.run(commands, meanwhile)
    readings, at = [], 0
    for ask in asks:
        size, count = len(ask.names), len(ask.shelves)
        entries = [values[at + size * index : at + size * (index + 1)] for index in range(count)]
        at += size * count
        found: dict[bytes, Stamps] = {}
        for stem in ask.stamps:
            found[stem] = values[at + size], values[at : at + size]
            at += size + 1
        readings.append(_reading(ask, entries, found))
    return readings


def _reading(ask: Ask, entries: list[list[bytes | None]], found: Mapping[bytes, Stamps]) -> Reading:
    values, stale, whole = [], 0, True
    for shelf, column in zip(ask.shelves, entries, strict=True):
        under = [found[stem] for stem in shelf.stamps]
        if _all_stand(shelf, column, under):
            values.append(column)
            continue
        valid, whole = _standing(shelf, column, under), False
        values.append(valid)
        stale += sum(1 for before, after in zip(column, valid, strict=True) if before is not None and after is None)
    return Reading(values, stale, whole)


def _all_stand(shelf: Shelf, entries: list[Any], under: Sequence[tuple[Any, list[Any]]]) -> bool:
    """Whether all entries are values that were stored under these stamps, as most often."""
    columns = [map(add, repeat(table), rows) for table, rows in under]
    trailers = columns[0] if len(columns) == 1 else map(b"".join, zip(*columns, strict=True))
    try:
        return all(map(bytes.endswith, entries, trailers)) and shelf.trailer not in map(len, entries)
    except TypeError:
        # An entry or a stamp is None.
        return False


def _standing(shelf: Shelf, entries: list[bytes | None], under: Sequence[Stamps]) -> list[bytes | None]:
    """The entries that were stored under these stamps; nothing is stored under a `P`."""
    length, valid = shelf.trailer, list[bytes | None]()
    for entry, trailer in zip(entries, _trailers(under), strict=True):
        if not entry or trailer is None or not entry.endswith(trailer):
            valid.append(None)
        else:
            valid.append(ABSENT if len(entry) == length else entry)
    return valid


def _trailers(under: Sequence[Stamps]) -> list[bytes | None]:
    """What entries must end with; None for a row that has not all of its stamps."""
    columns: list[list[bytes | None]] = [
        [table + row if row else None for row in rows] if table else [None] * len(rows) for table, rows in under
    ]
    if len(columns) == 1:
        return columns[0]
    return [_joined(stamps) for stamps in zip(*columns, strict=True)]


def _joined(stamps: Sequence[bytes | None]) -> bytes | None:
    there = [stamp for stamp in stamps if stamp is not None]
    return b"".join(there) if len(there) == len(stamps) else None


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
    trailers, won, at = [], [], 0
    for shelf, column in zip(ask.shelves, missing, strict=True):
        under = [rows[stem] for stem in shelf.stamps]
        trailers.append(
            {name: b"".join(row[name] for row in under) for name in column if all(name in row for row in under)}
        )
        won.append({name for name, one in zip(column, leased[at : at + len(column)], strict=True) if one})
        at += len(column)
    return Claim(trailers, won)


def fill(store: Store, shelf: Shelf, values: Mapping[bytes, tuple[bytes, bytes, int]], leased: Iterable[bytes]) -> None:
    """Stores values (name to stamps, value, seconds) and gives the leases back. Raises Unavailable."""

    def commands(prefix: bytes) -> list[tuple[Any, ...]]:
        stem = prefix + shelf.stem
        sets: list[tuple[Any, ...]] = [
            ("SET", stem + name, value + trailer, "EX", _jittered(seconds))
            for name, (trailer, value, seconds) in values.items()
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
