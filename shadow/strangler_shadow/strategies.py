"""Hypothesis strategies for calls of one endpoint."""

import re
from collections.abc import Iterator, Mapping
from itertools import cycle, product
from typing import Any
from urllib.parse import quote, unquote, urlencode

from django.conf import settings as django_settings
from django.http.request import validate_host
from django.urls import Resolver404, resolve
from hypothesis import strategies as st
from rest_framework.settings import api_settings

from strangler_router.conf import settings
from strangler_router.pin import Entry
from strangler_router.types import Call
from strangler_shadow.callers import KindOfCaller
from strangler_shadow.samples import Samples

__all__ = [
    "ODD_KEYS",
    "arguments_of",
    "call_to",
    "calls",
    "headers_strategy",
    "known_values",
    "path_of",
    "plain_calls",
    "resolves",
    "single_calls",
]

# Values of one parameter that are asked alone; a search meets the others.
VALUES_ALONE = 4

ACCEPTS = ("application/json", "*/*", "application/json; indent=4", "text/html", "application/xml", "bogus")
ODD_KEYS = ("0", "-1", "999999999", "9" * 30, "abc", "1e3", "%20", "Ünï", "٣", "1 ", "None", "1_0")
ODD_VALUES = (
    "",
    " ",
    "0",
    "-1",
    "1e5",
    "NaN",
    "inf",
    "null",
    "None",
    "'",
    "\\",
    "%",
    "é",
    "日本",
    "🙂",
    "\0",
    "a" * 300,
)
# The first that the project answers to.
HOSTS = ("testserver", "localhost", "127.0.0.1")
REGEX_GROUP = re.compile(r"\(\?P<(?P<name>\w+)>(?:[^()\[\]]|\[[^\]]*\]|\([^()]*\))*\)")
CONVERTER = re.compile(r"<(?:\w+:)?(?P<name>\w+)>")


def calls(entry: Entry, samples: Samples, kinds: list[KindOfCaller]) -> st.SearchStrategy[tuple[str, Call]]:
    """Calls that Django resolves to this endpoint, each with the kind of its caller.

    The smallest one is an anonymous call of an existing object without query and headers.
    """
    route = entry.binding.route
    arguments = {
        name: st.one_of(
            [st.sampled_from(values) for values in (known_values(name, entry, samples), ODD_KEYS) if values]
        )
        for name in arguments_of(route)
    }
    return st.builds(
        lambda who, kwargs, query, headers, head: (who[0], call_to(entry, who, kwargs, query, headers, head=head)),
        st.sampled_from(kinds),
        st.fixed_dictionaries(arguments),
        _queries(samples),
        headers_strategy(),
        st.sampled_from([False] * 15 + [True]),
    ).filter(lambda found: resolves(found[1], route))


def plain_calls(entry: Entry, samples: Samples, kinds: list[KindOfCaller]) -> Iterator[tuple[str, Call]]:
    """One call without query and headers by each kind of caller, of the first existing object and of the last."""
    known = {name: known_values(name, entry, samples) for name in arguments_of(entry.binding.route)}
    if not all(known.values()):
        return
    first, last = ({name: values[place] for name, values in known.items()} for place in (0, -1))
    for kwargs in [first] if first == last else [first, last]:
        for who in kinds:
            call = call_to(entry, who, kwargs, [], ())
            if resolves(call, entry.binding.route):
                yield who[0], call


def single_calls(entry: Entry, samples: Samples, kinds: list[KindOfCaller]) -> Iterator[tuple[str, Call]]:
    """Calls with one thing in them: every existing key, odd keys, some values of each parameter, each header's values.

    Callers and languages take turns. A search draws combinations and may never draw the one row that differs.
    """
    known = {name: known_values(name, entry, samples) for name in arguments_of(entry.binding.route)}
    if not all(known.values()):
        return
    turns = cycle(product(_languages(), kinds))
    for kwargs, query, headers in _singles(known, samples):
        (language, who) = next(turns)
        chosen = headers or ((("Accept-Language", language),) if language else ())
        call = call_to(entry, who, kwargs, query, chosen)
        if resolves(call, entry.binding.route):
            yield who[0], call


Single = tuple[dict[str, str], list[tuple[str, str]], tuple[tuple[str, str], ...]]


def _singles(known: Mapping[str, tuple[str, ...]], samples: Samples) -> Iterator[Single]:
    first = {name: values[0] for name, values in known.items()}
    for name, values in known.items():
        for value in (*values[1:], *ODD_KEYS):
            yield {**first, name: value}, [], ()
    for name, values in samples.parameters.items():
        for value in _spread(values):
            yield first, [(name, value)], ()
    for name, offered in _offered().items():
        for value in offered:
            yield first, [], ((name, value),)


def _spread(values: tuple[str, ...]) -> list[str]:
    last = len(values) - 1
    places = {last * step // (VALUES_ALONE - 1) for step in range(VALUES_ALONE)} if values else set()
    return [values[place] for place in sorted(places)]


def path_of(route: str, kwargs: Mapping[str, str]) -> str:
    """The path for a route's arguments: `^items/(?P<pk>[^/.]+)/$` with pk 1 becomes `/items/1/`."""

    def put(match: re.Match[str]) -> str:
        return quote(kwargs[match["name"]], safe="")

    path = CONVERTER.sub(put, REGEX_GROUP.sub(put, route))
    return "/" + path.replace("\\.", ".").replace("/?$", "/").rstrip("$").removesuffix("\\Z").replace("^", "")


def arguments_of(route: str) -> list[str]:
    """The names of a route's arguments."""
    return [match["name"] for pattern in (REGEX_GROUP, CONVERTER) for match in pattern.finditer(route)]


def known_values(name: str, entry: Entry, samples: Samples) -> tuple[str, ...]:
    """Values of a route's argument that mean something to it."""
    if name != api_settings.FORMAT_SUFFIX_KWARG:
        return samples.keys
    dot = "." if "drf_format_suffix" in entry.binding.route else ""
    return tuple(dot + renderer.format for renderer in entry.endpoint.attribute("renderer_classes") or ())


def _host() -> str:
    allowed = django_settings.ALLOWED_HOSTS
    named = (name.removeprefix(".") for name in allowed)
    return next((host for host in (*HOSTS, *named) if validate_host(host, allowed)), HOSTS[0])


def call_to(
    entry: Entry,
    who: KindOfCaller,
    kwargs: Mapping[str, str],
    query: list[tuple[str, str]],
    headers: tuple[tuple[str, str], ...],
    *,
    head: bool = False,
    path: str = "",
) -> Call:
    """A call of this endpoint, without a body; at its arguments' path, or at one that is given."""
    return Call(
        endpoint=entry.binding.id,
        route=entry.binding.route,
        method="HEAD" if head and entry.binding.http_method == "GET" else entry.binding.http_method,
        path=path or path_of(entry.binding.route, kwargs),
        query=urlencode(query),
        caller=who[1],
        headers=headers,
        host=_host(),
        timeout=settings().rpc_timeout,
    )


def _queries(samples: Samples) -> st.SearchStrategy[list[tuple[str, str]]]:
    junk = st.one_of(st.sampled_from(ODD_VALUES), st.text(st.characters(codec="utf-8"), max_size=6))
    pairs: list[st.SearchStrategy[tuple[str, str]]] = [
        st.tuples(st.just(name), st.sampled_from(values)) for name, values in samples.parameters.items() if values
    ]
    pairs += [st.tuples(st.just(name), junk) for name in samples.parameters]
    pairs.append(st.tuples(st.sampled_from(["unknown", "format", "page", "q"]), junk))
    return st.lists(st.one_of(pairs), max_size=4)


def _languages() -> list[str]:
    return ["", *(code for code, _ in django_settings.LANGUAGES[:8])]


def _offered() -> dict[str, list[str]]:
    """Headers that an answer may depend on, with their values."""
    languages = [*_languages()[1:], "fr-CH, fr;q=0.9, en;q=0.8", "xx"]
    return {
        "Accept": list(ACCEPTS),
        "Accept-Language": languages,
        **settings().shadow.get("HEADERS", {}),
    }


def headers_strategy() -> st.SearchStrategy[tuple[tuple[str, str], ...]]:
    """Headers that an answer may depend on."""
    given: dict[str, Any] = {name: st.sampled_from(["", *values]) for name, values in _offered().items()}
    return st.fixed_dictionaries(given).map(
        lambda chosen: tuple((name, value) for name, value in chosen.items() if value)
    )


def resolves(call: Call, route: str) -> bool:
    """Whether Django takes the call's path for this route."""
    try:
        return resolve(unquote(call.path)).route == route
    except Resolver404:
        return False
