"""A finding of a recorded call without anything that was recorded: what may be shown where a report is read.

Statuses, kinds, structure, declared names and numbers of elements stay; stand-ins take the place of values, keys that
no field has, the path's and the query's values. Places in `STRANGLER["SHADOW"]["SHOW"]` are shown.
"""

import json
from collections.abc import Container
from dataclasses import replace
from typing import Any

from strangler_router.conf import settings
from strangler_router.types import Call
from strangler_shadow.bodies import CodingError, plain
from strangler_shadow.documents import decoded, spelled
from strangler_shadow.fields import declared_names
from strangler_shadow.observation import Difference, Observation, pattern_of
from strangler_shadow.redact import QUOTED_STAND_IN, redacted, redacted_pattern, stand_in
from strangler_shadow.report import Finding

__all__ = ["masked"]

# Headers that say what kind of answer it is.
PLAIN_HEADERS = frozenset({"allow", "content-language", "content-type", "vary"})


def masked(finding: Finding) -> Finding:
    """The finding as it may be shown; its curl line says which call of the recording it is, by a token."""
    names = declared_names(finding.call.endpoint)
    call = _call(finding.call)
    return replace(
        finding,
        call=call,
        curl=f"# a recorded call: {call.path} {call.query}".rstrip(),
        control=_observation(finding.control, names),
        candidate=_observation(finding.candidate, names),
        differences=tuple(_difference(each, names) for each in finding.differences),
    )


def _call(call: Call) -> Call:
    return replace(
        call,
        path=f"/{call.route}".replace("//", "/"),
        query=stand_in(f"{call.path}?{call.query}"),
        kwargs={name: stand_in(value) for name, value in call.kwargs.items()},
        headers=(),
        body=b"",
    )


def _difference(difference: Difference, names: Container[str]) -> Difference:
    place = QUOTED_STAND_IN.sub(r'["\1"]', redacted_pattern(difference, names))
    control, candidate = map(_value, redacted(difference, names))
    return replace(difference, path=place, control=control, candidate=candidate)


def _value(kept: str) -> Any:
    """What `redacted` gives is JSON where it is shown, and else a stand-in."""
    try:
        return json.loads(kept)
    except ValueError:
        return kept


def _observation(observation: Observation, names: Container[str]) -> Observation:
    headers = tuple(
        (name, value if name.lower() in PLAIN_HEADERS else stand_in(value)) for name, value in observation.headers
    )
    return replace(
        observation,
        headers=headers,
        cookies=tuple(cookie.partition(";")[0] for cookie in observation.cookies),
        body=_body(observation, names),
        error=observation.error.partition(":")[0],
    )


def _body(observation: Observation, names: Container[str]) -> bytes:
    try:
        document = decoded(plain(observation))
    except (CodingError, ValueError, RecursionError):
        return stand_in(observation.body.decode(errors="replace")).encode() if observation.body else b""
    return json.dumps(_document(document, (), names, settings().shadow.get("SHOW", ()))).encode()


def _document(value: Any, path: tuple[Any, ...], names: Container[str], shown: Container[str]) -> Any:
    if pattern_of(spelled(path)) in shown:
        return value
    if isinstance(value, dict):
        members = ((key, _document(member, (path, key), names, shown)) for key, member in value.items())
        return {key if key in names else stand_in(key): member for key, member in members}
    if isinstance(value, list):
        return [_document(item, (path, index), names, shown) for index, item in enumerate(value)]
    return value if value is None or isinstance(value, bool) else stand_in(value)
