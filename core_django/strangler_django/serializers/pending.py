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
from strangler_django.serializers.stamps import Row
from strangler_django.serializers.store import Store, Unavailable, current_store


@dataclass(slots=True)
class _Writes:
    token: str = field(default_factory=stamps.new_token)
    marked: set[Row] = field(default_factory=set)
    journalled: set[Row] = field(default_factory=set)
    sources: defaultdict[Dependency, set[Any]] = field(default_factory=lambda: defaultdict(set))


_open: WeakKeyDictionary[BaseDatabaseWrapper, _Writes] = WeakKeyDictionary()


def mark(store: Store, alias: str, rows: Collection[Row]) -> None:
    """Marks rows as pending before the change to them can be committed; journals them if Redis is away."""
    connection = connections[alias]
    writes = _open.setdefault(connection, _Writes())
    fresh = set(rows) - writes.marked - writes.journalled
    if not fresh:
        return
    try:
        stamps.mark(store, fresh, writes.token)
        writes.marked |= fresh
    except Unavailable:
        journal.write(alias, fresh, writes.token, settled=connection.in_atomic_block)
        writes.journalled |= fresh


def wrote(alias: str, dependency: Dependency, pk: Any) -> None:
    """Remembers a written row, to ask again after the commit which rows show it by then."""
    _open.setdefault(connections[alias], _Writes()).sources[dependency].add(pk)


def settle_on_commit(alias: str) -> None:
    connection = connections[alias]
    if connection.in_atomic_block or connection.get_autocommit():
        transaction.on_commit(lambda: settle(alias), using=alias, robust=True)


def settle_finished(alias: str) -> None:
    """Renews what a rolled back transaction or a failed statement left marked."""
    connection = connections[alias]
    if connection in _open and not connection.in_atomic_block:
        settle(alias)


def settle(alias: str) -> None:
    """Renews the stamps of all that this connection wrote; its transaction is over."""
    writes = _open.pop(connections[alias], None)
    store = current_store()
    if writes is None or store is None:
        return
    rows = writes.marked | writes.journalled
    for dependency, pks in writes.sources.items():
        rows |= {Row(alias, dependency.label, str(pk)) for pk in dependency.roots(alias, pks)}
    try:
        stamps.renew(store, rows, writes.token)
    except Unavailable:
        journal.write(alias, rows - writes.journalled, writes.token, settled=True)
    if writes.journalled:
        journal.settle(alias, writes.token)
