"""What one side answered, and how two answers differ."""

import re
from dataclasses import dataclass, field
from typing import Any

from strangler_shadow.kinds import Kind
from strangler_shadow.risk import Risk
from strangler_shadow.risk_rules import risk_of

__all__ = ["Difference", "Kind", "Observation", "pattern_of"]

# An index or a row's key, or a quoted key, which may hold what looks like an index.
INDEX = re.compile(r'(?P<key>"(?:[^"\\]|\\.)*")|\[[^\]"]+\]')


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One side's answer. `error` says why there is none; `seconds` is the time that it took."""

    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    cookies: tuple[str, ...] = ()
    body: bytes = b""
    seconds: float = 0.0
    error: str = ""
    wrote: bool = False

    @property
    def content_type(self) -> str:
        """The media type without its parameters."""
        found = next((value for name, value in self.headers if name.lower() == "content-type"), "")
        return found.partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One place where the answers differ.

    `path` is a JSON path (`$.results[3].price`), a header's or cookie's name, `$`, or a row's column
    (`table[primary key].column`). Values are Python primitives. `of_errors` says that both answers are errors, so that
    their values are messages.
    """

    kind: Kind
    path: str
    control: Any = None
    candidate: Any = None
    of_errors: bool = field(default=False, compare=False)

    @property
    def risk(self) -> Risk:
        """What it may cost."""
        return risk_of(self.kind, self.path, self.control, self.candidate, of_errors=self.of_errors)

    @property
    def pattern(self) -> str:
        """The path with every index replaced by `*`, for grouping."""
        return pattern_of(self.path)


def pattern_of(path: str) -> str:
    """A path with every index replaced by `*`."""
    return INDEX.sub(lambda found: found["key"] or "[*]", path)
