"""Which kind of object differs: compare allow-listed sibling fields of objects that differ with those that do not."""

import json
import re
from typing import Any

from strangler_router.conf import settings
from strangler_shadow.bodies import document_of
from strangler_shadow.observation import Difference, Observation

__all__ = ["Traits", "add_traits", "common_traits", "traits_of"]

# field -> value -> [objects that differ, objects beside them that do not]
Traits = dict[str, dict[str, list[int]]]

CHANCE = 0.001
STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+)\]")


def traits_of(answer: Observation, pattern: str, differences: list[Difference]) -> Traits:
    """Count the fields named in `STRANGLER["SHADOW"]["TRAITS"]` on the objects around a difference's place."""
    fields = settings().shadow.get("TRAITS", ())
    if not fields or not pattern.startswith("$"):
        return {}
    try:
        document = document_of(answer)
    except (ValueError, RecursionError):
        return {}
    owners = (_owner(document, difference) for difference in differences if difference.pattern == pattern)
    differing = {place for place in owners if place is not None}
    traits: Traits = {}
    for place in {around for steps in differing for around in _places(document, steps)}:
        owner = _at(document, place)
        for name in fields:
            if isinstance(owner, dict) and name in owner and not isinstance(owner[name], (dict, list)):
                counts = traits.setdefault(name, {}).setdefault(json.dumps(owner[name]), [0, 0])
                counts[0 if place in differing else 1] += 1
    return traits


def add_traits(into: Traits, more: Traits) -> None:
    """Add counts to counts."""
    for name, values in more.items():
        for value, (differing, same) in values.items():
            counts = into.setdefault(name, {}).setdefault(value, [0, 0])
            counts[0] += differing
            counts[1] += same


def common_traits(traits: Traits) -> list[str]:
    """`level="advanced"` for each field with one value on all objects that differ, where that is no accident.

    With a share p of the objects beside them that have the value too, n differing objects would all have it by chance
    with probability p^n (they are taken as independent); above 1 in 1,000 the field is not named.
    """
    found = []
    for name, values in traits.items():
        differing = {value: count for value, (count, _) in values.items() if count}
        same = sum(count for _, count in values.values())
        if len(differing) == 1 and same:
            ((value, count),) = differing.items()
            if (values[value][1] / same) ** count < CHANCE:
                found.append(f"{name}={value}")
    return found


def _owner(document: Any, difference: Difference) -> tuple[Any, ...] | None:
    """Steps to the nearest object around a place that has one of the wanted fields."""
    fields = set(settings().shadow.get("TRAITS", ()))
    steps = tuple(int(index) if index else name for name, index in STEP.findall(difference.path))
    for length in range(len(steps), -1, -1):
        found = _at(document, steps[:length])
        if isinstance(found, dict) and fields & found.keys():
            return steps[:length]
    return None


def _places(document: Any, steps: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    if not steps or not isinstance(steps[-1], int):
        return [steps]
    siblings = _at(document, steps[:-1])
    return [(*steps[:-1], index) for index in range(len(siblings))]


def _at(document: Any, steps: tuple[Any, ...]) -> Any:
    for step in steps:
        try:
            document = document[step]
        except (KeyError, IndexError, TypeError):
            return None
    return document
