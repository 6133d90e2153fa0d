"""`strangler verify` on ara's writes: each side on a copy of the database of its own, replies and rows compared."""

import json
from typing import Any

from claims import Claims
from environment import BUILD, OWN, environment
from processes import run

__all__ = ["verify_writes"]

# Enough that each field is missing, wrong and right once; ara's 32 writes take minutes with more.
EXAMPLES = 5
SECONDS = 900
METHODS = {"post", "put", "patch", "delete"}
RESOURCES = {"label", "playbook", "play", "task", "host", "result", "file", "record", "latesthost"}


def verify_writes(claims: Claims) -> None:
    """Verify each write of ara's API on twin databases."""
    writes = _writes()
    claims.add("writes of the API", value=len(writes), holds=len(writes) > 25)
    report = BUILD / "verify.writes.json"
    words = ["--examples", str(EXAMPLES), "--report", f"json={report}"]
    env = environment("ara_settings", ARA_WRITES=" ".join(writes))
    done = run([OWN.program("strangler"), "verify", *writes, *words], env, timeout=SECONDS)
    if not report.exists():
        raise RuntimeError(done.stderr[-2000:] or done.stdout[-2000:])
    found: list[dict[str, Any]] = json.loads(report.read_text())["endpoints"]
    others = {one["endpoint"]: one["reason"] for one in found if one["verdict"] != "EQUIVALENT"}
    calls = sum(one["calls"] for one in found)
    value = others or f"all {len(found)} in {calls} calls"
    claims.add(
        "replies and rows on twin databases", value=value, holds=not others and len(found) == len(writes) < calls
    )


def _writes() -> list[str]:
    done = run([OWN.program("strangler"), "endpoints", "--format", "json"], environment("ara_settings"))
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    names = [str(row["endpoint"]) for row in rows]
    # The routes with a format suffix answer by the same views.
    return [name for name in names if name.rpartition(".")[2] in METHODS and name.partition("-")[0] in RESOURCES]
