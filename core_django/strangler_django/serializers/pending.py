"""What this connection's open transaction has marked, and its end."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from strangler_django.serializers import journal, stamps
from strangler_django.serializers.dependencies import Dependency
from strangler_django.serializers.guard import own_queries
from strangler_django.serializers.stamps import Row
from strangler_django.serializers.store import Store, Unavailable, current_store


@dataclass(slots=True)
class _Writes:
    token: str = field(default_factory=stamps.new_token)
    marked: set[Row] = field(default_factory=set)
    moved: set[Row] = field(default_factory=set)
    journalled: set[Row] = field(default_factory=set)
    in_doubt: set[Row] = field(default_factory=set)
    """Rows journalled inside a transaction, where a savepoint may take the journal's rows back."""
    sources: defaultdict[Dependency, set[Any]] = field(default_factory=lambda: defaultdict(set))
    links: defaultdict[Dependency, set[Any]] = field(default_factory=lambda: defaultdict(set))


_open: WeakKeyDictionary[BaseDatabaseWrapper, _Writes] = WeakKeyDictionary()


def mark(store: Store, alias: str, rows: Collection[Row]) -> None:
    """Marks rows as pending before the change to them can be committed; journals them if Redis is away."""
    connection = connections[alias]
    writes = _open.setdefault(connection, _Writes())
    fresh = set(rows) - writes.marked - (writes.journalled - writes.in_doubt)
    if not fresh:
        return
    try:
        stamps.mark(store, fresh, writes.token)
        writes.marked |= fresh
    except Unavailable:
        journal.write(alias, fresh, writes.token, settled=connection.in_atomic_block)
        writes.journalled |= fresh
        if connection.in_atomic_block:
            writes.in_doubt |= fresh


def moves(store: Store, alias: str, rows: Collection[Row], *, locked: bool) -> None:
    """Declares that rows may go from one parent to another, before anybody looks for the old one.

    Who has locked them need not keep others from it, but leaves its rows pending for those who have not.
    """
    writes = _open.setdefault(connections[alias], _Writes())
    try:
        if not locked:
            stamps.mark(store, rows, writes.token)
        writes.moved |= set(rows)
    except Unavailable:
        # Whoever reads asks the journal, which gets the parents themselves.
        return


def wrote(alias: str, dependency: Dependency, pk: Any) -> None:
    """Remembers a written row, to ask again after the commit which rows show it by then."""
    _open.setdefault(connections[alias], _Writes()).sources[dependency].add(pk)


def linked(alias: str, dependency: Dependency, values: Collection[Any]) -> None:
    """Remembers what a written row pointed at before and after, to ask after the commit who shows that by then."""
    _open.setdefault(connections[alias], _Writes()).links[dependency] |= set(values)


def has_open(alias: str) -> bool:
    """Whether this connection has written anything that is not yet committed."""
    return bool(_open) and connections[alias] in _open


def open_rows(alias: str, labels: Collection[str]) -> set[str]:
    """Primary keys, as text, that this connection has written and not yet committed; they are its own to see."""
    writes = _open.get(connections[alias])
    if writes is None:
        return set()
    rows = writes.marked | writes.journalled | _reached_by_now(alias, writes, labels)
    return {row.pk for row in rows if row.label in labels}


def settle_on_commit(alias: str) -> None:
    connection = connections[alias]
    if connection.in_atomic_block or connection.get_autocommit():
        transaction.on_commit(lambda: settle(alias), using=alias, robust=True)


def settle_finished(alias: str) -> None:
    """Renews what a rolled back transaction or a failed statement left marked."""
    if has_open(alias) and not connections[alias].in_atomic_block:
        settle(alias)


def settle(alias: str) -> None:
    """Renews the stamps of all that this connection wrote; its transaction is over."""
    writes = _open.pop(connections[alias], None)
    store = current_store()
    if writes is None or store is None:
        return
    with own_queries():
        _settle(store, alias, writes)


def _settle(store: Store, alias: str, writes: _Writes) -> None:
    rows = writes.marked | writes.journalled
    try:
        rows |= _reached_by_now(alias, writes)
    finally:
        try:
            stamps.renew(store, rows, writes.token, moved=writes.moved)
        except Unavailable:
            journal.write(alias, (rows - writes.journalled) | writes.in_doubt, writes.token, settled=True)
        if writes.journalled:
            journal.settle(alias, writes.token)


def _reached_by_now(alias: str, writes: _Writes, labels: Collection[str] | None = None) -> set[Row]:
    """Rows that others have tied meanwhile to what was written here; of these labels only, if they are given."""
    found: set[Row] = set()
    for dependency, pks in writes.sources.items():
        if labels is None or dependency.label in labels:
            found |= {Row(alias, dependency.label, str(pk)) for pk in dependency.roots(alias, pks)}
    for dependency, values in writes.links.items():
        if labels is None or dependency.label in labels:
            found |= {Row(alias, dependency.label, str(pk)) for pk in dependency.linked(alias, values)}
    return found
