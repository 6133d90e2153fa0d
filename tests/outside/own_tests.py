"""ara's own tests, each module twice: as ara ships, and with every bound GET at the service behind bytes."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from ara_witness import read_witness
from claims import Claims
from environment import BUILD, OWN, environment
from processes import run
from rich.table import Table

__all__ = ["run_own_tests"]

NAMES = "auth file file_content host label latesthost play playbook prune records result task utils"
MODULES = [*(f"ara.api.tests.tests_{name}" for name in NAMES.split()), "ara.ui.tests.tests_index"]
RAN = re.compile(r"^Ran (\d+) tests? in", re.MULTILINE)
OUTCOME = re.compile(r"^(OK|FAILED)(?: \((.*)\))?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Result:
    """What one run of a module said; `gets` counts its GETs by who answered them."""

    ran: int
    failed: int
    skipped: int
    gets: dict[str, int]
    rpcs: int
    output: str

    @property
    def counts(self) -> tuple[int, int, int]:
        """What must be the same with and without the router."""
        return self.ran, self.failed, self.skipped


def run_own_tests(claims: Claims) -> None:
    """Run all modules, two at a time, and claim what they show."""
    with ThreadPoolExecutor(2) as pool:
        plain = list(pool.map(lambda module: _run(module, "ara.server.settings"), MODULES))
        routed = list(pool.map(lambda module: _run(module, "ara_tests_settings"), MODULES))
    claims.console.print(_table(plain, routed))
    claims.details["own tests"] = {
        module: {"plain": asdict(one), "routed": asdict(other)}
        for module, one, other in zip(MODULES, plain, routed, strict=True)
    }
    ran, failed, skipped = (sum(result.counts[place] for result in routed) for place in range(3))
    claims.add("tests of ara pass unmodified", value=f"{ran} run, {skipped} skipped", holds=ran > 200 and not failed)
    different = [m for m, one, other in zip(MODULES, plain, routed, strict=True) if one.counts != other.counts]
    claims.add("counts as without the router", value=different or "all", holds=not different)
    _claim_calls(claims, routed)


def _claim_calls(claims: Claims, routed: list[Result]) -> None:
    rpcs = sum(result.rpcs for result in routed)
    claims.add("calls that were encoded and decoded", value=rpcs, holds=rpcs > 0)
    silent = [m for m, result in zip(MODULES, routed, strict=True) if result.gets.get("service", 0) != result.rpcs]
    claims.add("each GET at the service is one call", value=silent or "all", holds=not silent)
    kept = sum(result.gets.get("monolith", 0) for result in routed)
    claims.add("bound GETs that the monolith kept", value=kept, holds=kept == 0)
    fallbacks = sum(result.gets.get("fallback", 0) + result.output.count("falls back") for result in routed)
    claims.add("fallbacks", value=fallbacks, holds=fallbacks == 0)


def _run(module: str, settings: str) -> Result:
    witness = BUILD / f"{module}.witness"
    witness.unlink(missing_ok=True)
    env = environment(settings, ARA_WITNESS=str(witness))
    found = run([OWN.program("python"), "-m", "django", "test", module], env, timeout=120)
    (BUILD / f"{module}.{settings}.log").write_text(found.stdout + found.stderr)
    ran = RAN.search(found.stderr)
    outcome = OUTCOME.search(found.stderr)
    counts = dict(part.split("=") for part in (outcome[2] or "").split(", ") if part) if outcome else {}
    failed = sum(int(counts.get(word, 0)) for word in ("failures", "errors", "unexpected successes"))
    gets = read_witness(witness)
    return Result(
        ran=int(ran[1]) if ran else 0,
        failed=failed or int(found.returncode != 0),
        skipped=int(counts.get("skipped", 0)),
        rpcs=gets.pop("rpc", 0),
        gets=dict(gets),
        output=found.stdout + found.stderr if "falls back" in found.stderr or found.returncode else "",
    )


def _table(plain: list[Result], routed: list[Result]) -> Table:
    table = Table("module", "tests", "failed", "skipped", "with the router", "failed", "skipped", "GETs", "calls")
    for module, one, other in zip(MODULES, plain, routed, strict=True):
        gets = ", ".join(f"{count} {who}" for who, count in sorted(other.gets.items())) or "none"
        table.add_row(module, *map(str, one.counts), *map(str, other.counts), gets, str(other.rpcs))
    return table
