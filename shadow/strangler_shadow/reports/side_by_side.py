"""Two answers line by line, as rows of a table: what differs in full, what is equal folded."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice

from strangler_shadow.prefix import shared_prefix
from strangler_shadow.reports.words import counted, visible

__all__ = ["Fold", "Line", "SideBySide", "align"]

CONTEXT = 3
LARGEST_BODY = 1_000_000
LINES_COMPARED = 4000
LINES_SHOWN = 300
FOLD_SHOWN = 200
LINE_SHOWN = 600
LEAD = 80
MARKUP = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row; a side is its text before, in and after the change.

    `mark` is `same`, `differs`, `control` (only there) or `candidate`.
    """

    mark: str
    control: tuple[str, str, str] | None = None
    candidate: tuple[str, str, str] | None = None

    @property
    def size(self) -> int:
        """How many characters it holds."""
        return sum(map(len, (self.control or ()) + (self.candidate or ())))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """Lines that are equal on both sides; `left_out` more of them are not held."""

    lines: tuple[str, ...]
    left_out: int = 0

    @property
    def length(self) -> int:
        """How many lines are folded."""
        return len(self.lines) + self.left_out

    @property
    def size(self) -> int:
        """How many characters it holds."""
        return sum(map(len, self.lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBySide:
    """The rows of two bodies, and what the reader must know about how they were made."""

    rows: tuple[Line | Fold, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """About how many characters the rows take in the page, their markup included."""
        return sum(MARKUP + row.size for row in self.rows)


def align(control: bytes, candidate: bytes) -> SideBySide:
    """Both bodies side by side, JSON pretty-printed; long ones are cut, which a note says."""
    largest = max(len(control), len(candidate))
    if largest > LARGEST_BODY:
        return SideBySide(notes=(f"A body of {largest:,} bytes is not shown here; the JSON report has it.",))
    left, right, notes = _texts(control, candidate)
    lines = (text.split("\n") if text else [] for text in (left, right))
    rows = list(islice(_rows(*lines), LINES_SHOWN + 1))
    if len(rows) > LINES_SHOWN:
        notes.append(f"The bodies differ at length: only the first {LINES_SHOWN:,} rows are shown.")
    return SideBySide(rows=tuple(rows[:LINES_SHOWN]), notes=tuple(notes))


def _texts(control: bytes, candidate: bytes) -> tuple[str, str, list[str]]:
    try:
        left, right = _pretty(control), _pretty(candidate)
    except (ValueError, RecursionError):
        left, right = _plain(control), _plain(candidate)
        return left, right, ["Not both bodies are JSON; they are shown as they were sent."] * bool(left or right)
    if left == right and control != candidate:
        # Pretty-printing hides how a value was written.
        left, right = (_plain(body).replace(",", ",\n") for body in (control, candidate))
        return left, right, ["The values are equal; the bodies are shown as they were sent, broken after each comma."]
    return left, right, []


def _pretty(body: bytes) -> str:
    # Without commas: one that only follows from a next line would look like a change.
    return visible(json.dumps(json.loads(body), indent=2, separators=("", ": "), ensure_ascii=False))


def _plain(body: bytes) -> str:
    return visible(re.sub(r"\r\n", r"\\r\n", body.decode(errors="backslashreplace")))


def _rows(left: list[str], right: list[str]) -> Iterator[Line | Fold]:
    head = shared_prefix(left, right)
    tail = shared_prefix(left[head:][::-1], right[head:][::-1])
    middles = left[head : len(left) - tail], right[head : len(right) - tail]
    yield from _equal(left[:head], before=False, after=any(middles))
    if max(map(len, middles)) > LINES_COMPARED:
        # Matching is quadratic; line against line is enough for what is shown of so much.
        yield from _changed(*middles)
    else:
        yield from _matched(*middles)
    yield from _equal(left[len(left) - tail :], before=any(middles), after=False)


def _matched(left: list[str], right: list[str]) -> Iterator[Line | Fold]:
    for what, from_left, to_left, from_right, to_right in SequenceMatcher(a=left, b=right).get_opcodes():
        if what == "equal":
            yield from _equal(left[from_left:to_left], before=True, after=True)
        else:
            yield from _changed(left[from_left:to_left], right[from_right:to_right])


def _equal(lines: list[str], *, before: bool, after: bool) -> Iterator[Line | Fold]:
    """Equal lines, folded but for those next to a change before or after them."""
    first, last = CONTEXT * before, CONTEXT * after
    if len(lines) <= first + last + 1:
        yield from map(_same, lines)
        return
    yield from map(_same, lines[:first])
    folded = lines[first : len(lines) - last]
    yield Fold(
        lines=tuple(line[:LINE_SHOWN] for line in folded[:FOLD_SHOWN]), left_out=max(0, len(folded) - FOLD_SHOWN)
    )
    yield from map(_same, lines[len(lines) - last :] if last else [])


def _same(line: str) -> Line:
    cut = (line[:LINE_SHOWN] + "…" * (len(line) > LINE_SHOWN), "", "")
    return Line(mark="same", control=cut, candidate=cut)


def _changed(left: list[str], right: list[str]) -> Iterator[Line]:
    for one, other in zip(left, right, strict=False):
        yield _pair(one, other)
    for line in left[len(right) :]:
        yield Line(mark="control", control=_marked(line, 0, len(line)))
    for line in right[len(left) :]:
        yield Line(mark="candidate", candidate=_marked(line, 0, len(line)))


def _pair(one: str, other: str) -> Line:
    if one == other:
        return _same(one)
    start = shared_prefix(one, other)
    end = shared_prefix(one[start:][::-1], other[start:][::-1])
    return Line(
        mark="differs",
        control=_marked(one, start, len(one) - end),
        candidate=_marked(other, start, len(other) - end),
    )


def _marked(line: str, start: int, end: int) -> tuple[str, str, str]:
    before, change, after = line[:start], line[start:end], line[end:]
    if len(line) > LINE_SHOWN:
        before = before if len(before) <= LEAD else f"…{before[-LEAD:]}"
        change = (
            change if len(change) <= LINE_SHOWN else f"{change[:LINE_SHOWN]}… ({counted(len(change), 'character')})"
        )
        after = after if len(after) <= LEAD else f"{after[:LEAD]}…"
    return before, change, after
