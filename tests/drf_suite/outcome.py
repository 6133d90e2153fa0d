"""What became of each test, and of each count of queries that is let go."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cache_reads import Reads

__all__ = ["Outcome", "QueryCounts"]

WORST_LAST = ("passed", "skipped", "xfailed", "failed")


@dataclass(slots=True)
class QueryCounts:
    """`assertNumQueries`, which in a listed test only takes note of expected and executed queries."""

    test: str = ""
    lenient: bool = False
    differed: bool = False
    noted: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def start(self, test: str, *, lenient: bool) -> None:
        """A new test begins."""
        self.test, self.lenient, self.differed = test, lenient, False

    def attach(self) -> None:
        """Take the place of Django's own verdict."""
        from django.test.testcases import _AssertNumQueriesContext
        from django.test.utils import CaptureQueriesContext

        judge = _AssertNumQueriesContext.__exit__

        def leave(context: Any, kind: Any, value: Any, trace: Any) -> None:
            if not self.lenient:
                judge(context, kind, value, trace)
                return
            CaptureQueriesContext.__exit__(context, kind, value, trace)
            if kind is None:
                self.differed |= context.num != len(context)
                self.noted.setdefault(self.test, []).append((context.num, len(context)))

        _AssertNumQueriesContext.__exit__ = leave


@dataclass(slots=True)
class Outcome:
    """The worst report of each test, its setup, its subtests and its teardown included."""

    reads: Reads
    worst: dict[str, str] = field(default_factory=dict)

    def note(self, report: Any) -> None:
        """Take one report into account."""
        outcome = "xfailed" if hasattr(report, "wasxfail") and report.skipped else report.outcome
        known = self.worst.get(report.nodeid, "passed")
        self.worst[report.nodeid] = max(known, outcome, key=WORST_LAST.index)

    def write(self, path: Path, counts: QueryCounts, *, substituted: int) -> None:
        """Everything as JSON."""
        found = {
            "counts": Counter(self.worst.values()),
            "failed": sorted(test for test, outcome in self.worst.items() if outcome == "failed"),
            "queries": counts.noted,
            "substituted": substituted,
            **self.reads.numbers(),
        }
        path.write_text(json.dumps(found))
