"""`strangler profile` on ara, which has no serializer of ours: its N+1s by field and line, and nothing left behind."""

import hashlib
import json
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

from claims import Claims
from environment import BUILD, OWN, environment
from processes import run

__all__ = ["profile_ara"]

# Known from reading ara 1.8: its list views of results and files load these row by row.
KNOWN = {("result-list.get", "delegated_to"), ("file-list.get", "sha1")}
# Its list views of playbooks and tasks annotate their counts instead.
CLEAN = {"playbook-list.get", "play-list.get", "task-list.get", "host-list.get", "label-list.get", "record-list.get"}


def profile_ara(claims: Claims) -> None:
    """Profile every GET endpoint, as nobody and as one of the staff, and claim what it shows."""
    before = _digest()
    nobody = _profile(claims, "nobody", "--report", f"html={BUILD / 'profile.html'}")
    staff = _profile(claims, "staff", "--user", "staff")
    claims.add("the database is as it was", value=before[:12], holds=_digest() == before)
    found = {(row["endpoint"], finding["field"]) for row in nobody for finding in row["findings"]}
    claims.add("N+1s named", value=len(found), holds=found >= KNOWN)
    clean = sorted(CLEAN & {endpoint for endpoint, _ in found})
    claims.add("annotated lists yield none", value=clean or "none", holds=not clean)
    wrong = [finding["file"] for row in nobody for finding in row["findings"] if not _is_there(finding)]
    claims.add("each names a line of ara", value=wrong or "all", holds=not wrong)
    profiled = {row["endpoint"] for row in nobody if row["state"] == "profiled"}
    more = {row["endpoint"] for row in staff if row["state"] == "profiled"} - profiled
    claims.add("endpoints that want staff", value=len(more), holds=any(name.startswith("admin:") for name in more))
    claims.details["profile"] = {row["endpoint"]: row["growth"] for row in nobody}


def _profile(claims: Claims, caller: str, *words: str) -> list[dict[str, Any]]:
    done = run(
        [OWN.program("strangler"), "profile", "--format", "json", *words], environment("ara_settings"), timeout=240
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    (BUILD / f"profile.{caller}.json").write_text(done.stdout)
    rows: list[dict[str, Any]] = json.loads(done.stdout)["endpoints"]
    states = Counter(row["state"] for row in rows)
    value = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
    claims.add(f"GET endpoints as {caller}", value=value, holds=states["profiled"] > 25 and not states["failed"])
    return rows


def _digest() -> str:
    """A digest of every row of ara's database."""
    digest = hashlib.sha256()
    with sqlite3.connect(f"file:{BUILD / 'state' / 'ansible.sqlite'}?mode=ro", uri=True) as database:
        for line in database.iterdump():
            digest.update(line.encode())
    return digest.hexdigest()


def _is_there(finding: dict[str, Any]) -> bool:
    """Whether the file has that text on that line; a template's path starts below its folder."""
    [package] = OWN.folder.glob("lib/python3*/site-packages")
    named: list[Path] = [package / finding["file"], *package.glob(f"ara/*/templates/{finding['file']}")]
    lines = next((path.read_text().splitlines() for path in named if path.exists()), [])
    number = finding["line"]
    return 0 < number <= len(lines) and finding["source"].strip("{%} ") in lines[number - 1]
