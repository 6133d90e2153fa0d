"""Cells and blocks of Markdown that stay what they are, whatever is in them."""

import re
from collections.abc import Iterable

from strangler_shadow.reports.words import counted, visible

__all__ = ["LARGEST", "TEXT_SHOWN", "code", "fenced", "left_out", "row", "text"]

# GitHub shows a job's summary up to 1 MiB and a file up to 512 kB; a reader gives up far earlier.
LARGEST = 200_000
TEXT_SHOWN = 1000
CURL_SHOWN = 8000

# As character references these are text wherever they stand, in a table's cell too.
REFERENCES = {ord(char): f"&#{ord(char)};" for char in "\\`*[]<>|&~#@!$"}
OUTER_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")


def row(cells: Iterable[str]) -> str:
    """One row of a table."""
    return f"| {' | '.join(cells)} |\n"


def text(words: str) -> str:
    """Words on one line, cut where they are very long."""
    shown = visible(words).replace("\n", " ")
    shown = f"{shown[:TEXT_SHOWN]}…" if len(shown) > TEXT_SHOWN else shown
    return OUTER_UNDERSCORE.sub("&#95;", shown.translate(REFERENCES))


def code(words: str) -> str:
    """The same, in the font of code."""
    return f"<code>{text(words)}</code>"


def fenced(curl: str) -> str:
    """A block of shell that can be copied."""
    shown = visible(curl)
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    cut = f"\n# cut after {CURL_SHOWN:,} characters" if len(shown) > CURL_SHOWN else ""
    return f"{fence}sh\n{shown[:CURL_SHOWN]}{cut}\n{fence}\n"


def left_out(number: int, noun: str) -> str:
    """How many are not there; nothing where all are."""
    return f"\n{counted(number, f'more {noun}')} left out to keep this short; the JSON report has all.\n" * bool(number)
