"""Make a request's list have a chosen number of rows, in any project, and say how many it had.

A view's list is forced where its rows are fetched, not where the queryset is built: while a queryset that is the
list is evaluated, its LIMIT is replaced, so whatever the view, its filters and its paginator did to it before stays,
and nothing is composed on top of the changed one. An OFFSET stays too. Three kinds of evaluation are the list:

- what a DRF paginator fetches (the first rows that `paginate_queryset` evaluates);
- what the outermost list of the answer iterates (`ListSerializer` or `ManyRelatedField`, inside no other); rows that
  somebody evaluated before, such as prefetched ones, are sliced instead;
- where neither fetches the rows: rows that the view's own code, a template or a generic view evaluates, of the model
  that the serializers show, or of any model where no serializer shows one. Which ones these are is found in a request
  of natural size; a queryset that names rows by primary key, `get()`, `first()`, prefetches, what Django's own
  authentication and sessions fetch, what one line fetches again and again, and whatever is evaluated while a row is
  shown are never the list.

A list that is no queryset (raw SQL, another service) is only sliced by the outermost serializer.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from django.db.models import Model, QuerySet
from django.db.models.lookups import Exact, In
from django.db.models.manager import BaseManager
from rest_framework.generics import GenericAPIView
from rest_framework.pagination import CursorPagination
from rest_framework.relations import ManyRelatedField
from rest_framework.serializers import ListSerializer, Serializer

__all__ = ["Fetch", "Lists", "fetched_lists", "watched"]

# Rows that belong to the request, not to the answer.
NOT_THE_ANSWER = (
    *(f"django.contrib.{name}" for name in ("auth", "sessions", "contenttypes", "sites")),
    *(f"rest_framework.{name}" for name in ("permissions", "authentication", "throttling")),
)
SINGLE = {"get", "first", "last", "earliest", "latest", "in_bulk", "get_or_create", "refresh_from_db"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """Where a view's own code fetches rows: the model's label, and the file and line of the nearest caller."""

    model: str
    file: str
    line: int


class Lists:
    """The lists of one request: `size` is forced, None leaves them alone; `chosen` are fetches that are the list."""

    def __init__(self, size: int | None = None, chosen: frozenset[Fetch] = frozenset()) -> None:
        self.size = size
        self.chosen = chosen
        self.fetches: Counter[Fetch] = Counter()
        self.times: Counter[Fetch] = Counter()
        self.shown: Counter[str] = Counter()
        self.rows_of_lists = 0
        self.row_counts: set[int] = set()
        self.models: set[str] = set()
        self.path: str | None = None
        self.is_root = False
        self._marked = False

    @property
    def longest(self) -> int:
        """Rows of the answer's list; of an answer that is none, of the longest list in it."""
        if self.is_root:
            return self.shown[""] or self.rows_of_lists
        return max([self.rows_of_lists, *self.shown.values()])

    def rows(self, path: str | None) -> int:
        """Rows of one list, or of the longest."""
        return self.shown.get(path, 0) if path is not None and self.shown.get(path) else self.longest

    def fetch_all(self, real: Callable[[Any], None], queryset: Any) -> None:
        """`QuerySet._fetch_all`."""
        if queryset._result_cache is not None:
            real(queryset)
            return
        fetch = self._fetch(queryset, sys._getframe(2))
        marked = self._take_mark() if fetch is not None or self._marked else False
        if self.size is not None and (marked or fetch in self.chosen):
            with _limited(queryset, self.size):
                real(queryset)
        else:
            real(queryset)
        self._count(queryset, fetch, marked=marked)

    def iterate(self, real: Callable[..., Any], queryset: Any, *args: Any, **kwargs: Any) -> Iterator[Any]:
        """`QuerySet._iterator`, a generator, as `iterator()` starts it."""
        fetch = self._fetch(queryset, sys._getframe(1))
        if fetch is not None:
            self.times[fetch] += 1
        if fetch is not None and fetch in self.chosen and self.size is not None:
            queryset = queryset._chain()
            queryset._query = _limit(queryset.query, self.size)
        for count, row in enumerate(real(queryset, *args, **kwargs), 1):
            if fetch is not None:
                self.fetches[fetch] = max(self.fetches[fetch], count)
            yield row

    def show_list(self, real: Callable[..., Any], serializer: Any, data: Any) -> Any:
        """`to_representation` of the outermost list of an answer."""
        if self.path is not None:
            return real(serializer, data)
        self.path = _path(serializer)
        self.is_root = self.is_root or not self.path
        try:
            rows = self._rows(data)
            found = real(serializer, rows)
            self.shown[self.path] = max(self.shown[self.path], len(found) if hasattr(found, "__len__") else 0)
            return found
        finally:
            self.path = None

    def show_row(self, real: Callable[..., Any], serializer: Any, instance: Any) -> Any:
        """`Serializer.to_representation`: what model the answer shows."""
        parent = serializer.parent
        outermost = parent is None or (isinstance(parent, ListSerializer) and parent.parent is None)
        if outermost and isinstance(instance, Model):
            self.models.add(instance._meta.label)
        return real(serializer, instance)

    def paginate(self, real: Callable[..., Any], view: Any, queryset: Any) -> Any:
        """`GenericAPIView.paginate_queryset`: the first rows that are fetched in it are the list."""
        self._marked = self.is_root = True
        try:
            return real(view, queryset)
        finally:
            self._marked = False

    def page_size(self, real: Callable[..., Any], paginator: Any, request: Any) -> Any:
        """`CursorPagination.get_page_size`: it cuts the page itself."""
        natural = real(paginator, request)
        return natural if self.size is None or natural is None else self.size

    def _rows(self, data: Any) -> Any:
        rows = data.all() if isinstance(data, BaseManager) else data
        if isinstance(rows, QuerySet) and rows._result_cache is None:
            self._marked = True
            rows._fetch_all()
            self._marked = False
        if self.size is None or not hasattr(rows, "__len__") or len(rows) <= self.size:
            return rows
        return list(rows)[: self.size]

    def _fetch(self, queryset: Any, frame: FrameType | None) -> Fetch | None:
        """The fetch that this evaluation is, if it may be the list at all."""
        if _is_single(queryset.query):
            return None
        caller: FrameType | None = None
        while frame is not None:
            module, name = frame.f_globals.get("__name__", ""), frame.f_code.co_name
            if module.startswith("django.db") and (name in SINGLE or name == "prefetch_related_objects"):
                return None
            if module.startswith(NOT_THE_ANSWER) or (name == "to_representation" and _shows_row(frame)):
                return None
            if caller is None and not module.startswith(("django.db", "strangler_django.profiling")):
                caller = frame
            frame = frame.f_back
        if caller is None:
            return None
        return Fetch(model=queryset.model._meta.label, file=caller.f_code.co_filename, line=caller.f_lineno)

    def _take_mark(self) -> bool:
        marked, self._marked = self._marked, False
        return marked

    def _count(self, queryset: Any, fetch: Fetch | None, *, marked: bool) -> None:
        rows = len(queryset._result_cache or ())
        self.row_counts.add(rows)
        if fetch is not None:
            self.times[fetch] += 1
        if marked or (fetch is not None and fetch in self.chosen):
            self.is_root = self.is_root or not marked
            self.rows_of_lists = max(self.rows_of_lists, rows)
        elif fetch is not None:
            self.fetches[fetch] = max(self.fetches[fetch], rows)


def fetched_lists(lists: Lists) -> frozenset[Fetch]:
    """The view's own fetches that are the list, after a request of natural size."""
    once = {fetch: rows for fetch, rows in lists.fetches.items() if lists.times[fetch] == 1}
    shown = {fetch for fetch in once if fetch.model in lists.models}
    if shown or lists.rows_of_lists or lists.shown:
        return frozenset(shown)
    return frozenset(fetch for fetch, rows in once.items() if rows > 1)


@contextmanager
def watched(lists: Lists) -> Iterator[Lists]:
    """Django and DRF tell `lists` of every list, in this process, until the block ends."""
    with ExitStack() as stack:
        for owner, name, method in (
            (QuerySet, "_fetch_all", lists.fetch_all),
            (QuerySet, "_iterator", lists.iterate),
            (ListSerializer, "to_representation", lists.show_list),
            (ManyRelatedField, "to_representation", lists.show_list),
            (Serializer, "to_representation", lists.show_row),
            (GenericAPIView, "paginate_queryset", lists.paginate),
            (CursorPagination, "get_page_size", lists.page_size),
        ):
            stack.enter_context(wrapped(owner, name, method))
        yield lists


@contextmanager
def wrapped(owner: Any, name: str, method: Callable[..., Any]) -> Iterator[None]:
    """`owner.name(self, …)` becomes `method(real, self, …)`."""
    real = owner.__dict__[name]

    def call(*args: Any, **kwargs: Any) -> Any:
        return method(real, *args, **kwargs)

    call.__name__ = name
    setattr(owner, name, call)
    try:
        yield
    finally:
        setattr(owner, name, real)


def _path(serializer: Any) -> str:
    names = []
    while serializer is not None:
        if getattr(serializer, "field_name", None):
            names.append(serializer.field_name)
        serializer = serializer.parent
    return ".".join(reversed(names))


@contextmanager
def _limited(queryset: Any, size: int) -> Iterator[None]:
    kept = queryset.query
    queryset._query = _limit(kept, size)
    try:
        yield
    finally:
        queryset._query = kept


def _limit(query: Any, size: int) -> Any:
    found = query.clone()
    found.high_mark = found.low_mark + size
    return found


def _is_single(query: Any) -> bool:
    if query.high_mark is not None and query.high_mark - query.low_mark <= 1:
        return True
    return any(
        isinstance(child, (In, Exact))
        and getattr(getattr(child.lhs, "target", None), "primary_key", False)
        and getattr(child.lhs, "alias", None) == query.base_table
        and child.rhs_is_direct_value()
        for child in query.where.children
    )


def _shows_row(frame: FrameType) -> bool:
    owner = frame.f_locals.get("self")
    return isinstance(owner, Serializer)
