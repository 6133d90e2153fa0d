"""Calls that show generated rows, and which row a difference is in."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from django.urls import Resolver404, resolve
from rest_framework.settings import api_settings

from strangler_router.pin import Entry
from strangler_shadow.callers import KindOfCaller
from strangler_shadow.generated_rows import GeneratedRows
from strangler_shadow.report import Finding
from strangler_shadow.samples import Samples, keys_by_row, model_of
from strangler_shadow.scenes import Scene
from strangler_shadow.strategies import arguments_of, known_values

__all__ = ["RowCalls"]

# Of a longer list only the first pages and those with the newest rows are asked for.
MOST_PAGES = 20
STEP = re.compile(r'\.(?P<name>[^.\["]+)|\[(?P<index>\d+)\]|\["(?P<quoted>(?:[^"\\]|\\.)*)"\]')

# Arguments of the route, and the query.
Place = tuple[Mapping[str, str], list[tuple[str, str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCalls:
    """An endpoint's scenes by the key that its view looks a row up with.

    `others` are rows that belong to another endpoint's scenes; `kinds` are callers whose rows were copied.
    """

    entry: Entry
    kinds: tuple[KindOfCaller, ...] = ()
    by_key: Mapping[str, Scene] = field(default_factory=dict)
    others: Mapping[str, Scene] = field(default_factory=dict)

    @classmethod
    def of(cls, entry: Entry, rows: GeneratedRows) -> "RowCalls":
        """Those of an endpoint; none where it does not say of what model its rows are."""
        model = model_of(entry.endpoint)
        scenes, others = rows.scenes.get(model, ()), rows.tied.get(model, ())
        pks = [scene.pk for scene in (*scenes, *others)]
        keys = keys_by_row(entry.endpoint, pks) if pks else {}
        return cls(
            entry=entry,
            kinds=rows.kinds,
            by_key={keys[scene.pk]: scene for scene in scenes if scene.pk in keys},
            others={keys[scene.pk]: scene for scene in others if scene.pk in keys},
        )

    def places(self, samples: Samples) -> Iterator[Place]:
        """Where rows are shown: each at its own key, or on the pages of a list."""
        names = arguments_of(self.entry.binding.route)
        looked_up = [name for name in names if name != api_settings.FORMAT_SUFFIX_KWARG]
        known = {name: known_values(name, self.entry, samples) for name in names}
        others = {name: values[0] for name, values in known.items() if name not in looked_up and values}
        if not self.by_key or len(others) + len(looked_up) < len(names):
            return
        if looked_up:
            for key in self.by_key:
                yield {**others, **dict.fromkeys(looked_up, key)}, []
        else:
            for query in self._pages():
                yield others, query

    def scenes_in(self, finding: Finding) -> dict[str, Scene]:
        """The generated rows that a finding's call asked for, or that its differences lie in, by key."""
        try:
            keys = [str(value) for value in resolve(unquote(finding.call.path)).kwargs.values()]
        except Resolver404:
            keys = []
        known = {**self.others, **self.by_key}
        if not known.keys() & set(keys):
            keys = [key for difference in finding.differences for key in _keys(finding.control.body, difference.path)]
        return {key: known[key] for key in keys if key in known}

    def _pages(self) -> Iterator[list[tuple[str, str]]]:
        paginator: Any = self.entry.endpoint.attribute("pagination_class")
        count = model_of(self.entry.endpoint)._base_manager.count()
        page, offset = (getattr(paginator, name, None) for name in ("page_query_param", "offset_query_param"))
        if page:
            size = getattr(paginator, "page_size_query_param", None)
            length = (getattr(paginator, "max_page_size", None) or 100) if size else paginator.page_size or count
            more = [(size, str(length))] if size else []
            for number in _spread(-(-count // length)):
                yield [(page, str(number + 1)), *more]
        elif offset:
            length = paginator.max_limit or 100
            for number in _spread(-(-count // length)):
                yield [(offset, str(number * length)), (paginator.limit_query_param, str(length))]
        else:
            yield []


def _spread(pages: int) -> list[int]:
    if pages <= MOST_PAGES:
        return list(range(pages))
    half = MOST_PAGES // 2
    return [*range(half), *range(pages - half, pages)]


def _keys(body: bytes, path: str) -> Iterator[str]:
    """What may be the key of an object on the way to a path: `$.results[3].price` passes the fourth result."""
    try:
        found: Any = json.loads(body)
    except ValueError:
        return
    for step in STEP.finditer(path):
        try:
            found = found[int(step["index"])] if step["index"] else found[step["name"] or step["quoted"]]
        except (LookupError, TypeError):
            return
        if isinstance(found, dict):
            yield from (str(found[name]) for name in ("id", "pk", "slug", "uuid") if name in found)
