"""Requests that others wrote down: a path a line, or JSON lines, each as often as it was made."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.urls import Resolver404, resolve

from strangler_django.endpoints import Endpoint

__all__ = ["Ask", "Asked", "UnreadableLine", "parsed_line", "read_requests"]

SAFE = ("GET", "HEAD")


class UnreadableLine(ValueError):
    """A line of a file of requests is neither `GET /path` nor a JSON object with a path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request: its path with the query, and the user who makes it; `weight` says how often."""

    path: str
    user: str = ""
    weight: int = 1

    @property
    def query(self) -> tuple[str, ...]:
        """The names of the query's parameters, sorted."""
        return tuple(sorted({name for name, _ in parse_qsl(urlsplit(self.path).query, keep_blank_values=True)}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The requests of each endpoint, and why others were left out, by count."""

    asks: dict[str, list[Ask]] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)


def read_requests(lines: Iterable[str], endpoints: Iterable[Endpoint]) -> Asked:
    """Requests by endpoint id; of those alike in their query's names and in having a user, the most frequent stands.

    A line is `GET /path?query [user]`, a bare path, or `{"method", "path", "user"}`; empty lines and `#` are skipped.
    Raises UnreadableLine with the line's number, and not its text.
    """
    known = {(endpoint.route, endpoint.http_method): endpoint.id for endpoint in endpoints}
    counts: Counter[tuple[str, Ask]] = Counter()
    asked = Asked()
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        method, ask = parsed_line(line.strip(), number)
        if method not in SAFE:
            asked.skipped[f"{method} is not safe"] += 1
            continue
        try:
            name = known.get((resolve(urlsplit(ask.path).path).route, "GET"))
        except Resolver404:
            name = None
        if name is None:
            asked.skipped["no GET endpoint has this path"] += 1
        else:
            counts[name, ask] += 1
    for (name, _user, _query), (ask, weight) in _shapes(counts).items():
        asked.asks.setdefault(name, []).append(Ask(path=ask.path, user=ask.user, weight=weight))
    return asked


def _shapes(counts: Counter[tuple[str, Ask]]) -> dict[tuple[str, bool, tuple[str, ...]], tuple[Ask, int]]:
    found: dict[tuple[str, bool, tuple[str, ...]], tuple[Ask, int]] = {}
    for (name, ask), count in counts.most_common():
        shape = (name, bool(ask.user), ask.query)
        first, weight = found.get(shape, (ask, 0))
        found[shape] = first, weight + count
    return found


def parsed_line(line: str, number: int) -> tuple[str, Ask]:
    """The method and request of one line. Raises UnreadableLine with its number."""
    if line.startswith("{"):
        try:
            entry: dict[str, Any] = json.loads(line)
        except ValueError as error:
            raise UnreadableLine(f"line {number} is not JSON") from error
        method, path, user = entry.get("method", "GET"), entry.get("path", ""), entry.get("user") or ""
    else:
        words = line.split()
        first = [] if words[0].startswith("/") else words[:1]
        method, path, user = first[0] if first else "GET", *[*words[len(first) :], "", ""][:2]
    if not isinstance(path, str) or not path.startswith("/"):
        raise UnreadableLine(f"line {number} has no path that starts with a slash")
    return str(method).upper(), Ask(path=path, user=str(user))
