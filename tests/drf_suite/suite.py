"""All modes, the claims that they prove, and the table at the end."""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from comparison import Comparison, compare
from environment import BUILD
from modes import MODES, Result, run
from rich.console import Console
from rich.table import Table

__all__ = ["prove"]

# Fewer mean that the suite, or the recorder, no longer reaches what it did.
FEWEST_TESTS, FEWEST_COMPARISONS, FEWEST_CLASSES, FEWEST_WARM = 1600, 1500, 60, 100
AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence, what was found, and whether it holds."""

    claim: str
    found: str
    holds: bool


def prove(tests: Path, server: str) -> int:
    """Run every mode, print the table, write report.json; 0 if every claim holds."""
    started = time.monotonic()
    for file in [*BUILD.glob("*.log"), *BUILD.glob("*.jsonl"), *BUILD.glob("*.json")]:
        file.unlink()
    # The longest first.
    with ThreadPoolExecutor(AT_ONCE) as pool:
        longest_first = list(pool.map(lambda mode: run(mode, tests, server), reversed(MODES)))
    results = {result.mode.name: result for result in reversed(longest_first)}
    comparison = _compared(results)
    claims = [*_suite_claims(results), *_cache_claims(results), *_comparison_claims(comparison)]
    _print(results, comparison, claims, time.monotonic() - started)
    _write(results, comparison, claims)
    return 0 if all(claim.holds for claim in claims) else 1


def _compared(results: dict[str, Result]) -> Comparison:
    files = [results[name].mode.record for name in ("control", "differential")]
    missing = [str(file) for file in files if not file.exists()]
    if missing:
        return Comparison(unpaired=[f"{', '.join(missing)} was not written"])
    return compare(*files)


def _suite_claims(results: dict[str, Result]) -> list[Claim]:
    claims = []
    for name, result in results.items():
        listed = f", {result.exceptions} listed" if result.exceptions else ""
        value = f"{result.passed} passed{listed}" if not result.failed else f"{result.failed} failed"
        holds = not result.failed and result.passed >= FEWEST_TESTS
        claims.append(Claim(f"{name}: {result.mode.says}", value, holds))
    return claims


def _cache_claims(results: dict[str, Result]) -> list[Claim]:
    claims = []
    for name in ("off", "on", "differential"):
        classes = results[name].numbers.get("substituted", 0)
        claims.append(
            Claim(f"{name}: serializer classes of the tests that are ours", str(classes), classes >= FEWEST_CLASSES)
        )
    for name in ("on", "differential"):
        hits = results[name].numbers.get("hits", 0)
        claims.append(Claim(f"{name}: bodies read from the cache", str(hits), hits > 0))
    stored = results["on in transactions"].numbers.get("filled", 0)
    claims.append(Claim("on in transactions: bodies stored", str(stored), stored == 0))
    return claims


def _comparison_claims(comparison: Comparison) -> list[Claim]:
    different, unpaired = len(comparison.different), len(comparison.unpaired)
    return [
        Claim("answers compared with plain DRF's", str(comparison.compared), comparison.compared >= FEWEST_COMPARISONS),
        Claim("warm answers made of cached bodies", str(comparison.warm), comparison.warm >= FEWEST_WARM),
        Claim("answers that differ", str(different), different == 0),
        Claim("answers without a counterpart", str(unpaired), unpaired == 0),
    ]


def _print(results: dict[str, Result], comparison: Comparison, claims: list[Claim], seconds: float) -> None:
    console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 160)
    for line in [*_failures(results), *comparison.different, *comparison.unpaired]:
        console.print(line[:1000], markup=False)
    columns = ("mode", "passed", "failed", "exceptions", "skipped", "comparisons", "hits", "seconds")
    table = Table(*columns, title="DRF's own tests")
    for name, result in results.items():
        compared = str(comparison.compared) if name == "differential" else ""
        hits = str(result.numbers.get("hits", 0)) if result.mode.database is not None else ""
        counts = (result.passed, result.failed, result.exceptions, result.skipped)
        table.add_row(name, *map(str, counts), compared, hits, str(result.seconds))
    console.print(table)
    proof = Table("claim", "found", "holds")
    for claim in claims:
        proof.add_row(claim.claim, claim.found, "[green]yes" if claim.holds else "[red]NO")
    console.print(proof)
    kinds = f"{comparison.views} of views, {comparison.serializers} of serializers"
    console.print(f"comparisons: {kinds}; {seconds:.0f} s; report: {BUILD / 'report.json'}")


def _failures(results: dict[str, Result]) -> list[str]:
    lines = []
    for name, result in results.items():
        lines += [f"{name}: {test}" for test in result.failures]
        if result.failed and not result.failures:
            lines.append(f"{name}: {result.output[-2000:]}")
    return lines


def _write(results: dict[str, Result], comparison: Comparison, claims: list[Claim]) -> None:
    document = {
        "holds": all(claim.holds for claim in claims),
        "claims": [asdict(claim) for claim in claims],
        "modes": {name: _numbers(result) for name, result in results.items()},
        "comparisons": {**asdict(comparison), "compared": comparison.compared},
    }
    (BUILD / "report.json").write_text(json.dumps(document, indent=2))


def _numbers(result: Result) -> dict[str, Any]:
    return {
        "passed": result.passed,
        "failed": result.failed,
        "exceptions": result.exceptions,
        "skipped": result.skipped,
        "failures": result.failures,
        "queries": result.queries,
        "seconds": result.seconds,
        **result.numbers,
    }
