"""One case: plain DRF's bytes, then ours twice, for one serializer, one caller and one way to ask."""

import logging
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from asgiref.sync import async_to_sync
from django.db import models
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.pagination import CursorPagination, LimitOffsetPagination, PageNumberPagination
from rest_framework.renderers import JSONRenderer
from rest_framework.viewsets import GenericViewSet

from strangler_django.serializers import CachedDetailMixin, CachedListMixin, reads
from strangler_django.serializers.reads import Read
from tests.fuzz.blueprints import IMPORTS, Blueprint
from tests.fuzz.callers import Caller

ADDRESS = re.compile(r" at 0x[0-9a-f]+")


class Pages(PageNumberPagination):
    page_size = 3


class Slices(LimitOffsetPagination):
    default_limit = 2


class Cursors(CursorPagination):
    page_size = 2
    ordering = "pk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Which serializer is asked how, by whom; `pick` chooses the row of a detail."""

    serializer: int
    way: str
    caller: Caller
    query: str = ""
    pick: int = 0


class Mismatch(Exception):
    """Ours differs from plain DRF's, or goes past the cache without a reason."""

    def __init__(self, case: Case, kind: str, plain: Any, ours: Any) -> None:
        super().__init__(kind)
        self.case, self.kind, self.plain, self.ours = case, kind, plain, ours
        self.step = 0


@dataclass(slots=True)
class Tally:
    """What a run did."""

    cases: int = 0
    warm: int = 0
    hits: int = 0
    raised: Counter[str] = field(default_factory=Counter)
    serializers: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    bypasses: Counter[str] = field(default_factory=Counter)

    @property
    def hit_rate(self) -> float:
        return self.hits / self.warm if self.warm else 0.0


@dataclass(slots=True)
class Pair:
    """A blueprint as two classes, with a view for each."""

    blueprint: Blueprint
    ours: Any
    plain: Any
    views: dict[tuple[bool, str], Any]


def build(blueprint: Blueprint) -> Pair:
    """Raises what the classes raise on their way."""
    made = []
    for ours in (True, False):
        names: dict[str, Any] = {"__name__": "tests.fuzz.generated"}
        exec(IMPORTS, names)
        exec(blueprint.text(ours=ours), names)
        made.append(names[blueprint.name])
    ours, plain = made
    views = {}
    for named in (Pages, Slices, Cursors, None):
        for is_ours in (True, False):
            mixins = (CachedListMixin, CachedDetailMixin) if is_ours else (ListModelMixin, RetrieveModelMixin)
            options = {
                "queryset": ours.Meta.model._base_manager.order_by("pk"),
                "serializer_class": ours if is_ours else plain,
                "pagination_class": named,
            }
            views[is_ours, named.__name__ if named else ""] = type("View", (*mixins, GenericViewSet), options)
    return Pair(blueprint, ours, plain, views)


def rows_of(model: type[models.Model]) -> models.QuerySet:
    return model._base_manager.order_by("pk")


def _rendered(data: Any) -> bytes:
    rendered: bytes = JSONRenderer().render(data)
    return rendered


def _shown(data: Any) -> tuple[str, bytes]:
    """What Python sees, and the bytes."""
    return type(data).__name__ + ADDRESS.sub("", repr(data)), _rendered(data)


def _list(queryset: Callable[[models.QuerySet], Any], ask: str) -> Any:
    def answer(pair: Pair, case: Case, is_ours: bool) -> Any:
        cls = pair.ours if is_ours else pair.plain
        serializer = cls(queryset(rows_of(cls.Meta.model)), many=True, context=case.caller.context(case.query))
        return _ask(serializer, ask, is_ours)

    return answer


def _detail(ask: str) -> Any:
    def answer(pair: Pair, case: Case, is_ours: bool) -> Any:
        cls = pair.ours if is_ours else pair.plain
        rows = list(rows_of(cls.Meta.model))
        if not rows:
            return b""
        return _ask(cls(rows[case.pick % len(rows)], context=case.caller.context(case.query)), ask, is_ours)

    return answer


def _ask(serializer: Any, ask: str, is_ours: bool) -> Any:
    if ask == "data":
        return _shown(serializer.data)
    if not is_ours or not hasattr(serializer, "json"):
        return _rendered(serializer.data)
    return serializer.json() if ask == "json" else async_to_sync(serializer.ajson)()


def _view(pagination: str) -> Any:
    def answer(pair: Pair, case: Case, is_ours: bool) -> Any:
        view = pair.views[is_ours, pagination].as_view({"get": "list"})
        response = view(case.caller.request(case.query))
        return response.status_code, response.render().content

    return answer


def _detail_view(pair: Pair, case: Case, is_ours: bool) -> Any:
    pks = list(rows_of(pair.ours.Meta.model).values_list("pk", flat=True))
    view = pair.views[is_ours, ""].as_view({"get": "retrieve"})
    pk = pks[case.pick % len(pks)] if pks else 0
    response = view(case.caller.request(case.query), pk=pk)
    return response.status_code, response.render().content


WAYS: dict[str, Any] = {
    "list json": _list(lambda rows: rows, "json"),
    "list data": _list(lambda rows: rows, "data"),
    "list ajson": _list(lambda rows: rows, "ajson"),
    "reversed": _list(lambda rows: rows.reverse(), "json"),
    "sliced": _list(lambda rows: rows[1:3], "json"),
    "filtered": _list(lambda rows: rows.exclude(pk=rows.values("pk")[:1]), "data"),
    "prefetched": _list(lambda rows: rows.prefetch_related(*_prefetches(rows.model)), "json"),
    "in hand": _list(list, "data"),
    "detail json": _detail("json"),
    "detail data": _detail("data"),
    "view": _view(""),
    "pages": _view("Pages"),
    "slices": _view("Slices"),
    "cursors": _view("Cursors"),
    "detail view": _detail_view,
}
_WEIGHTS = {
    "list json": 6,
    "list data": 3,
    "in hand": 0.4,
    "detail json": 3,
    "detail view": 2,
    "cursors": 0.5,
    "pages": 2,
}


def random_case(rng: Random, serializer: int, caller: Caller, blueprint: Blueprint) -> Case:
    ways = [way for way in WAYS if blueprint.is_mapping or not way.startswith("detail")]
    [way] = rng.choices(ways, [_WEIGHTS.get(way, 1) for way in ways])
    names = [piece.name for piece in blueprint.pieces]
    query = ""
    if rng.random() < 0.1:
        query = rng.choice([f"?fields={','.join(rng.sample(names, min(2, len(names))))}", "?lean=1", "?page=2", "?x=1"])
    return Case(serializer=serializer, way=way, caller=caller, query=query, pick=rng.randint(0, 5))


def _prefetches(model: Any) -> list[str]:
    return [field.name for field in model._meta.many_to_many]


def compare(pair: Pair, case: Case, tally: Tally, *, counted: bool) -> None:
    """Raises Mismatch. Warm reads are `counted` where Redis is there to be hit."""
    answer = WAYS[case.way]
    with case.caller.present():
        plain = _outcome(answer, pair, case, False)
        for when in ("cold", "warm"):
            seen: list[Read] = []
            reads.listeners.append(seen.append)
            try:
                ours = _outcome(answer, pair, case, True)
            finally:
                reads.listeners.remove(seen.append)
            if ours != plain:
                raise Mismatch(case, f"{when} bytes", plain, ours)
            _refuse_false_alarms(pair, case, seen)
    tally.cases += 1
    if isinstance(plain, Exception_):
        tally.raised[f"{plain.name}: {plain.said[:80]}"] += 1
        return
    tally.bypasses.update({read.bypass for read in seen if read.bypass})
    if counted and case.way != "in hand":
        tally.warm += 1
        tally.hits += bool(seen) and all(not read.bypass and not read.misses for read in seen)


@dataclass(frozen=True, slots=True)
class Exception_:
    """What was raised in place of an answer, by its kind alone."""

    name: str
    said: str = field(compare=False)


def _outcome(answer: Any, pair: Pair, case: Case, is_ours: bool) -> Any:
    try:
        return answer(pair, case, is_ours)
    except Exception as error:
        return Exception_(type(error).__name__, str(error))


def _refuse_false_alarms(pair: Pair, case: Case, seen: list[Read]) -> None:
    if any(read.bypass == "undeclared" for read in seen) and not pair.blueprint.bypasses():
        raise Mismatch(case, "false alarm", "an answer from the cache", warnings.last)


class Warnings(logging.Handler):
    """Keeps what the package last warned of."""

    last = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.last = record.getMessage()


warnings = Warnings(logging.WARNING)
