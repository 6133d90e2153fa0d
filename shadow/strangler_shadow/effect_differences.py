"""How what two sides would send differs: one document of each, compared as answers are.

Effects of one kind and name stand in their order; a server counts once, however often it was tried.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

from strangler_router.conf import settings
from strangler_router.effects import Effect
from strangler_shadow.noise import Noise, differences_beyond, noise_between
from strangler_shadow.observation import Difference, Kind, Observation
from strangler_shadow.redact import stand_in

__all__ = ["PREFIX", "as_observation", "effect_differences", "effect_hides", "effect_noise", "is_hidden", "place_of"]

PREFIX = "effect"
"""How the path of each difference begins: `effect mail[0].subject`, `effect task shop.charge[0].args[1]`."""
LONGEST_TEXT = 20_000
LARGEST = 1_000_000
MOST = 1_000
JSON = (("Content-Type", "application/json"),)
ABSENT: tuple[Any, ...] = (None, "", [], {})
# Places that a program names, not its data: an effect's members, what is passed by name, and what parts are made of.
NAMED = re.compile(
    r"""(?:\[[\d*]+\])?(?:\.\w+)?(?:
        (?<=\.kwargs)\.\w+ | (?<=\.headers)(?:\.\w+|\["[^"]*"\])
        | \[[\d*]+\]\.(?:args|content|kwargs|name|sha256|task|type)\b )?""",
    re.VERBOSE,
)
GROUP = re.compile(r"\$?\.?(?P<group>\w*)")
STEP = re.compile(r'\.([^\W\d]\w*)|\["((?:[^"\\]|\\.)*)"\]')


def effect_differences(noise: Noise, control: Iterable[Effect], candidate: Iterable[Effect]) -> list[Difference]:
    """The differences that noise does not explain, with stand-ins for values.

    `STRANGLER["SHADOW"]["SHOW"]` lists places whose values are shown, as `effect mail[*].subject`.
    """
    left, right = as_observation(control), as_observation(candidate)
    if left.body == right.body:
        return []
    return [_shown(difference) for difference in differences_beyond(noise, left, right)]


def effect_noise(one: Iterable[Effect], other: Iterable[Effect]) -> Noise:
    """What two runs of the monolith did not send alike."""
    return noise_between(as_observation(one), as_observation(other))


def effect_hides(noise: Noise) -> dict[str, str]:
    """What noise makes invisible, by pattern."""
    return {place_of(pattern): words for pattern, words in noise.hides.items()}


def is_hidden(noise: Noise, difference: Difference) -> bool:
    """Whether the monolith varies where it is, or in the order of a list around it (`Noise.touches`)."""
    pattern = difference.pattern
    values = {place_of(place) for place in (*noise.matchers, *(place for _, place in noise.places))}
    return pattern in values or any(pattern.startswith(f"{place_of(rows)}[") for rows in noise.shuffled)


def as_observation(effects: Iterable[Effect]) -> Observation:
    """All of them as one JSON document, to be compared as an answer is."""
    groups: dict[str, list[Any]] = {}
    for effect in effects:
        group = groups.setdefault(f"{effect.kind} {effect.name}".rstrip(), [])
        if effect.kind != "connection" or not group:
            group.append(_bounded(effect.document))
    for group in groups.values():
        if len(group) > MOST:
            group[MOST:] = [{"more": len(group) - MOST, "document": _hashed(group[MOST:])}]
    return Observation(status=200, headers=JSON, body=json.dumps(groups, sort_keys=True).encode())


def _bounded(document: Mapping[str, Any]) -> dict[str, Any]:
    """Without members that are empty, which a service may leave out; long texts by their hashes."""
    found = {key: _short(value) for key, value in document.items() if value not in ABSENT}
    return found if len(json.dumps(found)) <= LARGEST else {"document": _hashed(found)}


def _short(value: Any) -> Any:
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return _hashed(value)
    if isinstance(value, Mapping):
        return {key: _short(item) for key, item in value.items()}
    return [_short(item) for item in value] if isinstance(value, list) else value


def _hashed(value: Any) -> str:
    text = json.dumps(value, sort_keys=True).encode()
    return f"{len(text)} bytes, sha256 {sha256(text).hexdigest()}"


def _shown(difference: Difference) -> Difference:
    found = replace(difference, path=place_of(difference.path))
    if found.kind is Kind.LENGTH or found.pattern in settings().shadow.get("SHOW", ()):
        return found
    control, candidate = (None if value is None else stand_in(value) for value in (found.control, found.candidate))
    return replace(found, control=control, candidate=candidate)


def place_of(path: str) -> str:
    """`$["task shop.charge"][0].args` as `effect task shop.charge[0].args`, with stand-ins for keys that are data."""
    if path.startswith('$["'):
        group, end = json.JSONDecoder().raw_decode(path, 2)
        inside = path[end + 1 :]
    else:
        group = GROUP.match(path)["group"]  # type: ignore[index]  # matches nothing as well
        inside = path[len(f"$.{group}") :]
    place = NAMED.match(inside)[0]  # type: ignore[index]  # as above
    rest = STEP.sub(lambda found: f"[{stand_in(found[1] or found[2])}]", inside[len(place) :])
    return f"{PREFIX} {group}{place}{rest}".rstrip()
