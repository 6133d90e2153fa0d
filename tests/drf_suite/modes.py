"""The ways in which DRF's tests are run, and one run of them."""

import json
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from environment import BUILD, OWN, environment

__all__ = ["MODES", "Mode", "Result", "run"]

# Seconds; alone on two cores the longest mode takes 50.
LONGEST = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """One run; `database` is the number of the server's database where the cache is on."""

    name: str
    says: str
    ours: bool = False
    database: int | None = None
    committed: bool = False
    deleted: bool = False
    recorded: bool = False
    production: bool = False

    @property
    def record(self) -> Path:
        """Where its answers are written."""
        return BUILD / f"{self.slug}.answers.jsonl"

    @property
    def slug(self) -> str:
        """Its name in file names."""
        return self.name.replace(" ", "-")


MODES = (
    Mode(name="untouched", says="DRF as it is"),
    Mode(name="off", says="our classes, no server", ours=True),
    Mode(name="on in transactions", says="cache on, each test a transaction, nothing stored", ours=True, database=1),
    Mode(name="on", says="cache on, tests commit, their rows are deleted", ours=True, database=2, deleted=True),
    Mode(name="control", says="DRF as it is, tests commit, answers kept", committed=True, recorded=True),
    Mode(
        name="differential",
        says="as in production, answers against the control's",
        ours=True,
        database=3,
        committed=True,
        recorded=True,
        production=True,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one run said; `output` is pytest's own where something failed."""

    mode: Mode
    passed: int = 0
    failed: int = 0
    excepted: int = 0
    skipped: int = 0
    failures: tuple[str, ...] = ()
    queries: dict[str, list[list[int]]] = field(default_factory=dict)
    numbers: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    output: str = ""

    @property
    def exceptions(self) -> int:
        """Listed tests: those that fail, and those whose counts of queries alone are let go."""
        return self.excepted + len(self.queries)


def run(mode: Mode, tests: Path, server: str) -> Result:
    """All of DRF's tests in this mode; `failed` is at least 1 where pytest did not end well."""
    outcome = BUILD / f"{mode.slug}.outcome.json"
    outcome.unlink(missing_ok=True)
    started = time.monotonic()
    code, output = _pytest(_options(mode, outcome, server), tests)
    (BUILD / f"{mode.slug}.log").write_text(output)
    if not outcome.exists():
        return Result(mode=mode, failed=1, failures=("pytest did not end",), output=output)
    found = json.loads(outcome.read_text())
    counts = found["counts"]
    return Result(
        mode=mode,
        passed=counts.get("passed", 0),
        failed=counts.get("failed", 0) or int(code != 0),
        excepted=counts.get("xfailed", 0),
        skipped=counts.get("skipped", 0),
        failures=tuple(found["failed"]),
        queries=found["queries"],
        numbers={name: found[name] for name in ("substituted", "objects", "hits", "filled", "bypasses")},
        seconds=round(time.monotonic() - started, 1),
        output=output if code else "",
    )


def _pytest(options: list[str], tests: Path) -> tuple[int, str]:
    command = [OWN.program("python"), "-m", "pytest", *options]
    try:
        done = subprocess.run(
            command, cwd=tests, env=environment(), capture_output=True, text=True, timeout=LONGEST, check=False
        )
    except subprocess.TimeoutExpired as error:
        return 124, f"{error.stdout or b''!r}\nno end after {LONGEST} s"
    return done.returncode, done.stdout + done.stderr


def _options(mode: Mode, outcome: Path, server: str) -> list[str]:
    # With "=", since pytest takes the folder of a path that stands alone for its root.
    options = ["-q", "-p", "drf_suite_plugin", "-p", "no:cacheprovider", f"--mode={mode.name}", f"--outcome={outcome}"]
    for flag in ("ours", "committed", "deleted", "production"):
        options += [f"--{flag}"] if getattr(mode, flag) else []
    options += [f"--redis={server}?db={mode.database}"] if mode.database is not None else []
    options += [f"--record={mode.record}"] if mode.recorded else []
    return options
