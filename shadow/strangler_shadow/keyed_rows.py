"""Put the rows of a candidate's lists into the order of the control's, by a field that tells them apart."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from strangler_shadow.bodies import document_of
from strangler_shadow.observation import Observation
from strangler_shadow.places import steps_of, values_at

__all__ = ["aligned"]


def aligned(control: Observation, candidate: Observation, keys: Mapping[str, str]) -> Observation:
    """The candidate with the lists at these patterns in the control's order; what is no JSON stays as it is."""
    if control.body == candidate.body:
        return candidate
    try:
        left, right = document_of(control), document_of(candidate)
    except (ValueError, RecursionError):
        return candidate
    for pattern, key in keys.items():
        steps = steps_of(pattern)
        for one, other in zip(values_at(left, steps), values_at(right, steps), strict=False):
            if isinstance(one, list) and isinstance(other, list):
                _sort(other, one, key)
    return replace(candidate, body=json.dumps(right).encode())


def _sort(rows: list[Any], like: list[Any], key: str) -> None:
    order = {_key(row, key): index for index, row in reversed(list(enumerate(like)))}
    rows.sort(key=lambda row: order.get(_key(row, key), len(order)))


def _key(row: Any, key: str) -> str:
    return json.dumps(row.get(key) if isinstance(row, dict) else row, sort_keys=True)
