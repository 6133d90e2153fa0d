"""The story, step by step; exits 0 only if each step did what it says."""

import argparse
import contextlib
import json
import random
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from strangler_shadow.quantiles import quantiles_ms
from tests.end_to_end.demo.bugs import Bug, draw
from tests.end_to_end.demo.processes import CommandFailed, Stack
from tests.end_to_end.demo.traffic import ENDPOINTS, Traffic
from tests.end_to_end.embedded import valkey

COURSES = 500
console = Console(highlight=False, width=None if sys.stdout.isatty() else 150)


def main() -> int:
    """Tell the story."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--seed", type=int, help="draws the bug (random)")
    parser.add_argument("--folder", type=Path, default=Path("build/demo"), help="state and reports (%(default)s)")
    options = parser.parse_args()
    seed = random.randrange(10_000) if options.seed is None else options.seed
    shutil.rmtree(options.folder, ignore_errors=True)
    options.folder.mkdir(parents=True)
    began = time.monotonic()
    stack = Stack(options.folder)
    try:
        with valkey(options.folder) as stack.redis_url:
            _tell(stack, seed, options.folder)
    except CommandFailed as error:
        console.print(f"[bold red]The demo failed.[/] {error}", markup=True)
        return 1
    finally:
        stack.stop()
    console.print(f"\nDone in {time.monotonic() - began:.0f} s; the bug was drawn by --seed {seed}.")
    return 0


def _tell(stack: Stack, seed: int, folder: Path) -> None:
    traffic = Traffic(stack.http_port)
    ids = list(ENDPOINTS)
    with _step(f"A monolith with {COURSES} courses, its catalog service, and Valkey"):
        stack.command("manage", "migrate", "--verbosity", "0")
        stack.command("manage", "seed", "--courses", str(COURSES))
        stack.start_catalog()
        stack.start_monolith()
    with _step("Verify: generated calls to both sides of every endpoint"):
        report = folder / "verify.html"
        told = stack.command("strangler", "verify", "--examples", "30", "--rung", "native", f"--report=html={report}")
        _require(told.count("EQUIVALENT") >= len(ids), told)
    with _step("Mirror 100 %: users are answered by the monolith, the service gets a copy of each call"):
        with traffic.during("monolith"):
            _cutover(stack, ids, "--rung", "native", "--mirror", "100", why="shadow first")
            time.sleep(8)
        _await(lambda: _compared(stack), lambda rows: sum(rows.values()) > 0)
        _require(not stack.json("strangler", "shadow", "diffs"), "the mirror found differences in the good build")
    for percent, least, most in (("5", 0.0, 0.25), ("50", 0.2, 0.8)):
        with _step(f"Canary {percent} %"):
            _cutover(stack, ids, "--stage", "canary", "--percent", percent, "--mirror", "20", why="no differences")
            time.sleep(1)
            _require_share(folder, traffic, f"canary {percent}", 4, least, most)
    with _step("Service: the catalog service answers every user"):
        _cutover(stack, ids, "--stage", "service", "--mirror", "20", why="canary was quiet")
        time.sleep(1)
        # Anonymous callers of an enrolment are refused before the service is asked.
        _require_share(folder, traffic, "service", 8, 0.9, 1.0)
    compared = _await(lambda: _compared(stack), lambda rows: all(rows.get(name) for name in ids))
    _require(not stack.json("strangler", "shadow", "diffs"), "the mirror found differences in the good build")
    bug = draw(seed)
    found = _ship_the_bug(stack, traffic, ids, bug)
    with _step("Report: verify names it too"):
        report = folder / "found.html"
        document = folder / "found.json"
        stack.command(
            "strangler", "verify", "v1:course-list.get", "--examples", "40", "--seed", "1",
            f"--report=html={report}", f"--report=json={document}", expect=(1,),
        )  # fmt: skip
        (endpoint,) = json.loads(document.read_text())["endpoints"]
        words = f".{bug.field}, only where {bug.kind}={json.dumps(bug.value)}"
        _require(words in endpoint["reason"], f"the report says {endpoint['reason']!r}, and not {words!r}")
    with _step("Rollback: one command, and the monolith answers again"):
        _cutover(stack, ids, "--stage", "monolith", "--mirror", "0", why=f"{found} differs")
        time.sleep(1)
        _require_share(folder, traffic, "rolled back", 3, 0.0, 0.0)
    console.print(f"\nThe bug that was drawn: [bold]{bug}[/].", markup=True)
    _require(traffic.failed == 0, f"{traffic.failed} requests failed")
    console.print(_summary(stack, traffic, compared))
    console.print(f"Report: {report}")


def _ship_the_bug(stack: Stack, traffic: Traffic, ids: list[str], bug: Bug) -> str:
    with (
        _step("A new build of the service ships, with a bug in one field for one kind of course"),
        traffic.during("buggy build"),
    ):
        _cutover(stack, ids, "--mirror", "100", why="a new build")
        stack.stop("catalog")
        stack.start_catalog("tests.end_to_end.demo.bugs", DEMO_BUG=bug.variable)
        differences = _await(
            lambda: stack.json("strangler", "shadow", "diffs"),
            lambda rows: any(row["only where"] for row in rows),
        )
    named = next(row for row in differences if row["only where"])
    field, kinds = named["pattern"].rpartition(".")[2], named["only where"]
    console.print(f"    The mirror found: [bold]{named['pattern']}[/] differs, only where {kinds[0]}.", markup=True)
    _require(field == bug.field, f"the mirror named {field}, and the bug is in {bug.field}")
    _require(f"{bug.kind}={json.dumps(bug.value)}" in kinds, f"the mirror named {kinds}, and the bug is in {bug}")
    return named["pattern"]


def _cutover(stack: Stack, ids: list[str], *arguments: str, why: str) -> None:
    stack.command("strangler", "cutover", *ids, *arguments, "--why", why)


def _compared(stack: Stack) -> dict[str, int]:
    compared: dict[str, int] = {}
    for row in stack.json("strangler", "shadow", "stats"):
        compared[row["endpoint"]] = compared.get(row["endpoint"], 0) + row["matched"] + row["mismatched"]
    return compared


def _require_share(folder: Path, traffic: Traffic, phase: str, seconds: float, least: float, most: float) -> None:
    """Let traffic run, and count whose calls the service answered."""
    before = _rpcs(folder)
    with traffic.during(phase):
        time.sleep(seconds)
    asked = sum(len(answers.seconds) for answers in traffic.phases[phase].values())
    share = (_rpcs(folder) - before) / asked
    console.print(f"    the service answered {share:.0%} of {asked} requests")
    _require(least <= share <= most, f"the service answered {share:.0%}, and not {least:.0%} to {most:.0%}")


def _rpcs(folder: Path) -> int:
    return sum('"shadow": false' in line or '"shadow":false' in line for line in _lines(folder / "catalog.log"))


def _lines(path: Path) -> list[str]:
    return path.read_text(errors="replace").splitlines()


def _await(look: Callable[[], Any], enough: Callable[[Any], bool], *, seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while not enough(seen := look()):
        if time.monotonic() > deadline:
            raise CommandFailed(f"still not so after {seconds:.0f} s: {seen}")
        time.sleep(0.5)
    return seen


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise CommandFailed(message)


@contextlib.contextmanager
def _step(words: str) -> Any:
    began = time.monotonic()
    console.print(f"[bold]{words}[/]", markup=True)
    yield
    console.print(f"    done in {time.monotonic() - began:.1f} s")


def _summary(stack: Stack, traffic: Traffic, compared: dict[str, int]) -> Table:
    flags = {row["endpoint"]: row["stage"] for row in stack.json("strangler", "endpoints", "--bound")}
    differing = {row["endpoint"]: row["count"] for row in reversed(stack.json("strangler", "shadow", "diffs"))}
    table = Table(title="Latency in ms as clients saw it: p50 / p90 / p99")
    for heading in ("endpoint", "stage", "compared", "differences in the buggy build", "monolith", "service", "failed"):
        table.add_column(heading)
    for name in ENDPOINTS:
        failed = sum(phase[name].failed for phase in traffic.phases.values())
        table.add_row(
            name,
            flags[name],
            str(compared[name]),
            str(differing.get(name, 0)),
            _latency(traffic.phases["monolith"][name].seconds),
            _latency(traffic.phases["service"][name].seconds),
            str(failed),
        )
    return table


def _latency(seconds: list[float]) -> str:
    return " / ".join(f"{value:.1f}" for value in quantiles_ms(seconds).values())


if __name__ == "__main__":
    sys.exit(main())
