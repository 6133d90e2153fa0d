"""What this run claims, each with the value that was found and whether it holds."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

__all__ = ["Claims"]


@dataclass(frozen=True, slots=True)
class Claim:
    """One row of the table."""

    step: str
    claim: str
    value: str
    holds: bool


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 160)


@dataclass(slots=True)
class Claims:
    """Collected in order; each is printed as it is made."""

    console: Console = field(default_factory=_console)
    rows: list[Claim] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    details: dict[str, object] = field(default_factory=dict)
    _step: str = ""

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a step; what fails in it is a claim that does not hold, and the run goes on to its end."""
        self._step = name
        self.console.print(f"[bold]{name}")
        started = time.monotonic()
        try:
            yield
        except (OSError, RuntimeError, ValueError, KeyError) as error:
            self.add("the step ran to its end", value=f"{type(error).__name__}: {error}", holds=False)
        self.seconds[name] = round(time.monotonic() - started, 1)

    def add(self, claim: str, *, value: object, holds: bool) -> bool:
        """Add a claim; returns whether it holds."""
        row = Claim(self._step, claim, str(value), holds)
        self.rows.append(row)
        self.console.print(f"  {'[green]ok    ' if holds else '[red]FAILED'}[/] {claim}: ", end="")
        self.console.print(row.value, markup=False)
        return holds

    @property
    def hold(self) -> bool:
        """True where every claim holds."""
        return bool(self.rows) and all(row.holds for row in self.rows)

    def report(self, path: Path) -> None:
        """Print the table and write everything as JSON."""
        table = Table("step", "claim", "found", "holds", title="ara, a project that none of us wrote")
        for row in self.rows:
            table.add_row(row.step, row.claim, row.value, "[green]yes" if row.holds else "[red]NO")
        self.console.print(table)
        times = ", ".join(f"{name} {seconds:g} s" for name, seconds in self.seconds.items())
        self.console.print(f"{times}; together {sum(self.seconds.values()):.0f} s")
        document = {
            "holds": self.hold,
            "claims": [asdict(row) for row in self.rows],
            "seconds": self.seconds,
            **self.details,
        }
        path.write_text(json.dumps(document, indent=2))
        self.console.print(f"report: {path}")
