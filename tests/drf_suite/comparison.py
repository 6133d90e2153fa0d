"""Answers of ours, cold and warm, against plain DRF's; none is left out."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Comparison", "compare"]

Key = tuple[str, int]


@dataclass(slots=True)
class Comparison:
    """Counts of compared answers; `different` and `unpaired` say which test, which question and what.

    `warm` answers read bodies from the cache, `warm_hits` of them.
    """

    views: int = 0
    serializers: int = 0
    warm: int = 0
    warm_hits: int = 0
    different: list[str] = field(default_factory=list)
    unpaired: list[str] = field(default_factory=list)

    @property
    def compared(self) -> int:
        """All answers that were compared."""
        return self.views + self.serializers


def compare(control: Path, ours: Path) -> Comparison:
    """Pairs the answers by test and place in the test."""
    plain, found = _read(control), _read(ours)
    result = Comparison()
    for key in sorted(plain | found):
        line, other = plain.get(key), found.get(key)
        if line is None or other is None or (line["kind"], line["what"]) != (other["kind"], other["what"]):
            result.unpaired.append(f"{key[0]} {key[1]}: {_named(line)} against {_named(other)}")
            continue
        hits = other["hits"].get("warm", 0)
        result.warm += hits > 0
        result.warm_hits += hits
        for state, answer in line["answers"].items():
            if line["kind"] == "view":
                result.views += 1
            else:
                result.serializers += 1
            if other["answers"][state] != answer:
                result.different.append(_difference(key[0], line, state, other["answers"][state]))
    return result


def _read(path: Path) -> dict[Key, dict[str, Any]]:
    return {(line["test"], line["place"]): line for line in _lines(path)}


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for text in path.read_text().splitlines():
        yield json.loads(text)


def _named(line: dict[str, Any] | None) -> str:
    return "nothing" if line is None else f"{line['kind']} {line['what']}"


def _difference(test: str, line: dict[str, Any], state: str, ours: str) -> str:
    return f"{test} {_named(line)}, {state}: plain {line['answers'][state][:300]!r}, ours {ours[:300]!r}"
