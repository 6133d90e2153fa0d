"""The tests of DRF that may differ, each with its reason, from exceptions.toml."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

__all__ = ["TestException", "listed"]

FILE = Path(__file__).with_name("exceptions.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class TestException:
    """A test that fails by design; with `queries_only` all of it must pass but its counts of queries."""

    test: str
    modes: tuple[str, ...]
    reason: str
    queries_only: bool


def listed(mode: str) -> dict[str, TestException]:
    """The exceptions of a mode, by test."""
    found: dict[str, TestException] = {}
    for group in tomllib.loads(FILE.read_text())["exception"]:
        for test in group["tests"]:
            exception = TestException(
                test=f"{group['file']}::{test}",
                modes=tuple(group["modes"]),
                reason=group["reason"],
                queries_only=group.get("queries_only", False),
            )
            if mode in exception.modes:
                found[exception.test] = exception
    return found
