"""Protocol faults, each planted in one place; the tests ask that every one of them is found."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from django.db import connections

from strangler_django.serializers import (
    dependencies,
    entries,
    fetching,
    journal,
    pending,
    reading,
    signals,
    stamps,
    store,
)
from strangler_django.serializers.store import Unavailable
from strangler_protos import stamps as protocol
from tests.interleaving.connection import SimulatedConnection

__all__ = ["FAULTS"]

Fault = Callable[[], AbstractContextManager[Any]]


def _put(target: Any, name: str, value: Any) -> Fault:
    return lambda: patch.object(target, name, value)


def _script(name: str, old: str, new: str) -> Fault:
    script = getattr(protocol, name)
    assert old in script
    return _put(protocol, name, script.replace(old, new))


def _stamp_after_database() -> AbstractContextManager[Any]:
    computed = fetching._computed

    def late(store: Any, request: Any, index: int, names: Any, *, trailers: Any, leased: Any) -> Any:
        values = request.compute(index, names) if names else {}
        if trailers:
            asked = [list(names) if at == index else [] for at in range(len(request.ask.shelves))]
            with suppress(Unavailable):
                trailers = entries.claim(store, request.ask, asked, "late").trailers[index]
        known = replace(request, compute=lambda index, names: values)
        return computed(store, known, index, names, trailers=trailers, leased=leased)

    return patch.object(fetching, "_computed", late)


def _fill_under_newest_stamp() -> AbstractContextManager[Any]:
    fill = entries.fill

    def newest(store: Any, shelf: Any, values: Any, leased: Any) -> None:
        def keys(prefix: bytes) -> Any:
            return [
                ("MGET", *(prefix + stem + name for name in values for stem in shelf.stamps for name in (b"*", name)))
            ]

        [found] = store.run(keys) if values else [[]]
        size = 2 * len(shelf.stamps)
        every = [found[at : at + size] for at in range(0, len(found), size)]
        again = {
            name: (b"".join(now) if all(map(entries.stands, now)) else trailer, *rest)
            for (name, (trailer, *rest)), now in zip(values.items(), every, strict=True)
        }
        fill(store, shelf, again, leased)

    return patch.object(entries, "fill", newest)


@contextmanager
def _mark_after_commit() -> Iterator[None]:
    mark, settle = stamps.mark, pending.settle
    waiting: defaultdict[str, list[Any]] = defaultdict(list)

    def settle_late(alias: str) -> None:
        writes = pending._open.get(connections[alias])
        with suppress(Unavailable):
            for store, rows, token in waiting.pop(writes.token, []) if writes else []:
                mark(store, rows, token)
        settle(alias)

    def wait(store: Any, rows: Any, token: str) -> None:
        waiting[token].append((store, rows, token))

    with patch.object(stamps, "mark", wait), patch.object(pending, "settle", settle_late):
        yield


def _savepoint_forgets() -> AbstractContextManager[Any]:
    roll_back = SimulatedConnection._savepoint_rollback

    def forget(connection: SimulatedConnection, sid: str) -> None:
        roll_back(connection, sid)
        pending._open.pop(connection, None)

    return patch.object(SimulatedConnection, "_savepoint_rollback", forget)


def _journal_unasked() -> AbstractContextManager[Any]:
    return patch.object(reading, "_journalled", lambda *given: ())


def _clear_unrenewed(store: Any, alias: str) -> None:
    journal.JournalRow.objects.using(alias).delete()


def _under(stands: Callable[[bytes, bytes | None, bytes | None], bool]) -> Fault:
    """Entries valid by another rule: of the entry, the table's stamp and the row's."""

    def standing(shelf: Any, entries: Sequence[Any], under: Sequence[Any]) -> list[Any]:
        valid = []
        for at, entry in enumerate(entries):
            trailer = entry[-shelf.trailer :] if entry else b""
            stands_all = trailer and all(
                stands(trailer[2 * stamps.LENGTH * place :], table, rows[at])
                for place, (table, rows) in enumerate(under)
            )
            valid.append((entry if len(entry) > shelf.trailer else b"") if stands_all else None)
        return valid

    return _put(entries, "_standing", standing)


def _by_row(entry: bytes, table: bytes | None, row: bytes | None) -> bool:
    return row is not None and entry.startswith(row, stamps.LENGTH)


def _unless_evicted(entry: bytes, table: bytes | None, row: bytes | None) -> bool:
    return (table is None or entry.startswith(table)) and (row is None or entry.startswith(row, stamps.LENGTH))


FAULTS: dict[str, Fault] = {
    "the stamp is read after the database": _stamp_after_database,
    "a body is stored under the newest stamp, not the one it was read under": _fill_under_newest_stamp,
    "nothing is marked as pending": _put(stamps, "mark", lambda *given: None),
    "marks are set after the commit": _mark_after_commit,
    "stamps are renewed before the commit": _put(pending, "settle_on_commit", pending.settle),
    "stamps are not renewed after the commit": _put(stamps, "renew", lambda *given, **named: None),
    "the old foreign key is forgotten": _put(signals, "_stored_link", lambda *given: []),
    "nobody asks again after the commit who shows the row": _put(pending, "wrote", lambda *given: None),
    "nobody asks again after the commit who showed the row": _put(pending, "linked", lambda *given: None),
    "a write without a transaction does not declare its moves": _put(signals, "_declare_moves", lambda *given: None),
    "a change of a many-to-many relation reaches one end only": _put(
        dependencies.Crossing, "roots", lambda self, alias, model, pks: set(pks) if model is self.ends[0] else set()
    ),
    "a pending row is stored": _script(
        "CLAIM", "if not value or (", "if not value or string.sub(value, 1, 1) == 'P' or ("
    ),
    "a body is stored within a transaction": _put(reading, "_may_fill", lambda *given: True),
    "stamps are not compared": _under(lambda entry, table, row: True),
    "the table's stamp is ignored": _under(_by_row),
    "a stamp that was evicted is taken to stand": _under(_unless_evicted),
    "the other writer's mark is dropped": _script("RENEW", "if kept ~= ''", "if false"),
    "a rollback renews nothing": _put(pending, "settle_finished", lambda alias: None),
    "a savepoint that is rolled back takes the marks with it": _savepoint_forgets,
    "own writes are not bypassed": _put(pending, "open_rows", lambda alias, labels: set()),
    "the key does not hold the server's run_id": _put(store, "key_prefix", lambda said: b"strangler:2:any:"),
    "the journal is not asked": _journal_unasked,
    "the journal is not written": _put(journal, "write", lambda *given, **named: None),
    "the journal is cleared before it is renewed": _put(journal, "clear", _clear_unrenewed),
}
"""What is wrong, to a context manager that makes it so."""
