"""ara's API crosses to a lifted host in another process and comes back, by the command line alone."""

import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from answers import FAILING, PASSWORD, READERS, Answer, Question, ask_all, questions
from claims import Claims
from environment import BUILD, OWN, environment
from playbooks import record
from processes import Server, free_port, run

__all__ = ["cross"]

PLAYBOOKS = 10
# More in a row than a breaker would stand.
FAILURES = 12
# Each worker sees a change of the flags within one second.
SEEN = 1.5
# A call's line is written after its answer.
LOGGED = 0.5
USERS = f"""
from django.contrib.auth.models import User
for name in {READERS}: User.objects.create_user(name, password={PASSWORD!r})
User.objects.create_user("staff", password={PASSWORD!r}, is_staff=True)
"""


@dataclass(slots=True)
class Crossing:
    """ara under gunicorn, the lifted host beside it, and what was asked so far."""

    claims: Claims
    endpoints: list[str]
    ara: Server
    host: Server
    env: dict[str, str]
    asked: list[Question] = field(default_factory=list)
    before: dict[Question, Answer] = field(default_factory=dict)

    def strangler(self, *words: str, timeout: float = 120.0) -> tuple[int, str]:
        """Run the command line as a person would; returns the exit code and what it printed."""
        found = run([OWN.program("strangler"), *words], self.env, timeout=timeout)
        if found.returncode:
            (BUILD / f"strangler-{words[0]}.log").write_text(found.stdout + found.stderr)
        return found.returncode, found.stdout if not found.returncode else found.stdout + found.stderr[-2000:]

    def move(self, *words: str, why: str) -> None:
        """Move all endpoints in one step and wait until every worker has seen it."""
        code, said = self.strangler("cutover", *self.endpoints, *words, "--why", why)
        self.claims.add(f"cutover {' '.join(words)}", value=f"{len(said.splitlines())} endpoints", holds=code == 0)
        time.sleep(SEEN)

    def compare(self, claim: str) -> None:
        """Ask everything again and claim that no byte differs."""
        after = ask_all(self.ara.port, self.asked)
        different = [question for question in self.asked if after[question] != self.before[question]]
        for question in different[:3]:
            self.claims.console.print(question, self.before[question], after[question], markup=False)
        self.claims.add(
            claim, value=f"{len(after) - len(different)} of {len(after)} answers the same", holds=not different
        )

    @property
    def reaching(self) -> int:
        """How many of the questions get as far as the decision who answers; negotiation refuses the others."""
        return sum("format=bogus" not in question.path for question in self.asked)

    def calls(self) -> Counter[str]:
        """Calls that the lifted host answered, as its log has them: `live` and `shadow`."""
        time.sleep(LOGGED)
        found: Counter[str] = Counter()
        for line in self.host.log.read_text(errors="replace").splitlines():
            entry: dict[str, Any] = json.loads(line) if line.startswith("{") else {}
            if entry.get("event") == "call" and entry["method"].startswith("/strangler.v1.Lift/"):
                found["shadow" if entry["shadow"] else "live"] += 1
        return found

    def fallbacks(self) -> int:
        """How often gunicorn's log says that the monolith answered in the service's place."""
        return self.ara.log.read_text(errors="replace").count("falls back to the monolith")


def cross(claims: Claims, endpoints: list[str]) -> None:
    """Every step of the way; the servers are ended however it goes."""
    host_port, port = free_port(), free_port()
    env = environment("ara_settings", ARA_LIFTED=f"127.0.0.1:{host_port}")
    gunicorn = [OWN.program("gunicorn"), "ara.server.wsgi:application", "--bind", f"127.0.0.1:{port}"]
    ara = Server("ara", [*gunicorn, "--no-control-socket", "--workers", "2", "--threads", "4"], env, port)
    host = Server("host", [OWN.program("strangler"), "host", "--address", f"127.0.0.1:{host_port}"], env, host_port)
    crossing = Crossing(claims, endpoints, ara, host, env)
    try:
        for name, step in STEPS.items():
            with claims.step(name):
                step(crossing)
    finally:
        ara.stop()
        host.stop()


def _start(crossing: Crossing) -> None:
    for command in (["migrate", "--verbosity", "0"], ["shell", "--command", USERS]):
        found = run([OWN.program("python"), "-m", "django", *command], crossing.env)
        if found.returncode:
            raise RuntimeError(found.stderr[-2000:])
    crossing.ara.start()
    record(f"http://127.0.0.1:{crossing.ara.port}", 0, PLAYBOOKS)
    crossing.host.start()
    crossing.asked = questions(crossing.ara.port)
    crossing.before = ask_all(crossing.ara.port, crossing.asked)
    statuses = Counter(answer.status for answer in crossing.before.values())
    value = ", ".join(f"{number} x {status}" for status, number in sorted(statuses.items()))
    crossing.claims.add(f"answers of {PLAYBOOKS} playbooks at the monolith", value=value, holds=statuses[200] > 100)
    crossing.claims.add("calls of the lifted host", value=crossing.calls().total(), holds=not crossing.calls())


def _verify(crossing: Crossing) -> None:
    files = {kind: BUILD / f"verify.{kind}" for kind in ("html", "json")}
    reports = [word for kind, path in files.items() for word in ("--report", f"{kind}={path}")]
    words = ["verify", *crossing.endpoints, "--examples", "25", "--rung", "lifted", "--seed", "1", *reports]
    code, said = crossing.strangler(*words, timeout=400)
    if not files["json"].exists():
        raise RuntimeError(said[-3000:])
    found = json.loads(files["json"].read_text())["endpoints"]
    others = {row["endpoint"]: f"{row['verdict']}: {row['reason']}" for row in found if row["verdict"] != "EQUIVALENT"}
    crossing.claims.add(
        "every endpoint is EQUIVALENT", value=others or f"{len(found)} endpoints, exit code {code}", holds=code == 0
    )
    calls, skipped = sum(row["calls"] for row in found), Counter[str]()
    for row in found:
        skipped.update(row["skipped"])
    crossing.claims.add("calls compared", value=calls, holds=calls >= 20 * len(crossing.endpoints))
    # HTML and calls on which ara itself fails; nothing else may be left out.
    holds = set(skipped) <= {"the monolith keeps it", "both sides fail"}
    crossing.claims.add("calls left out", value=dict(skipped), holds=holds)


def _mirror(crossing: Crossing) -> None:
    crossing.move("--mirror", "100", "--rung", "lifted", why="compare live traffic")
    shadow = crossing.calls()["shadow"]
    crossing.compare("answers while mirrored")
    for _ in range(FAILURES):
        ask_all(crossing.ara.port, [Question(FAILING)])
    sent = crossing.reaching + FAILURES
    totals, rows = _stats(crossing, sent)
    crossing.claims.add("sampled", value=totals["sampled"], holds=totals["sampled"] == sent)
    others = {name: totals[name] for name in ("mismatched", "transient", "errored", "dropped")}
    crossing.claims.add("matched", value=totals["matched"], holds=totals["matched"] == crossing.reaching)
    crossing.claims.add("not matched", value=others, holds=not any(others.values()))
    reasons = Counter[str]()
    for row in rows:
        reasons.update(row["reasons"])
    expected = {"skipped: both sides fail": FAILURES}
    crossing.claims.add("skipped", value=dict(reasons), holds=reasons == expected)
    crossing.claims.add("sums are exact", value=f"{len(rows)} rows", holds=all(map(_sums, rows)))
    asked = crossing.calls()["shadow"] - shadow
    crossing.claims.add("calls in shadow", value=asked, holds=asked == sent)


def _mirror_writes(crossing: Crossing) -> None:
    """Playbooks are recorded while the lists are read: what changes between two answers is no difference."""
    before, _ = _stats(crossing, 0)
    done = threading.Event()
    base = f"http://127.0.0.1:{crossing.ara.port}"
    writer = threading.Thread(target=lambda: (record(base, PLAYBOOKS, 3), done.set()), daemon=True)
    lists = [question for question in crossing.asked if question.path.count("/") == 3]
    writer.start()
    sent = 0
    for number in count():
        if done.is_set() or not writer.is_alive():
            break
        sent += "format=bogus" not in (question := lists[number % len(lists)]).path
        ask_all(crossing.ara.port, [question])
    after, rows = _stats(crossing, before["sampled"] + sent)
    found = {name: after[name] - before[name] for name in after}
    crossing.claims.add("sampled under writes", value=found, holds=found["sampled"] == sent and done.is_set())
    faults = found["mismatched"] + found["errored"] + found["dropped"]
    crossing.claims.add("none mismatched, errored or dropped", value=faults, holds=faults == 0)
    crossing.claims.add("sums are exact", value=f"{len(rows)} rows", holds=all(map(_sums, rows)))
    crossing.move("--mirror", "0", why="the mirror has seen enough")
    crossing.asked = questions(crossing.ara.port)
    crossing.before = ask_all(crossing.ara.port, crossing.asked)


def _cut_over(crossing: Crossing) -> None:
    crossing.move("--stage", "service", "--rung", "lifted", why="verified and mirrored without a difference")
    live, fallbacks = crossing.calls()["live"], crossing.fallbacks()
    crossing.compare("answers of the lifted host")
    answered = crossing.calls()["live"] - live
    crossing.claims.add("calls of the lifted host", value=answered, holds=answered == crossing.reaching)
    fallen = crossing.fallbacks() - fallbacks
    crossing.claims.add("fallbacks", value=fallen, holds=fallen == 0)


def _outage(crossing: Crossing) -> None:
    crossing.host.kill()
    fallbacks = crossing.fallbacks()
    crossing.compare("answers with the lifted host killed")
    fallen = crossing.fallbacks() - fallbacks
    crossing.claims.add("fallbacks", value=fallen, holds=fallen == crossing.reaching)
    crossing.host.start()
    started = time.monotonic()
    waited = _until(lambda: _falls_back_no_more(crossing), 15)
    crossing.claims.add(
        "back at the lifted host after its start", value=f"{time.monotonic() - started:.1f} s", holds=waited
    )
    live, fallbacks = crossing.calls()["live"], crossing.fallbacks()
    crossing.compare("answers of the lifted host, started again")
    answered, fallen = crossing.calls()["live"] - live, crossing.fallbacks() - fallbacks
    crossing.claims.add(
        "calls and fallbacks", value=f"{answered} and {fallen}", holds=(answered, fallen) == (crossing.reaching, 0)
    )


def _own_failure(crossing: Crossing) -> None:
    """A bug of ara answers 500 on both sides; it must not keep the other endpoints from the service."""
    question = Question(FAILING)
    statuses = {answer.status for _ in range(FAILURES) for answer in ask_all(crossing.ara.port, [question]).values()}
    crossing.claims.add(f"{FAILING} still fails as it does in ara", value=statuses, holds=statuses == {500})
    live, fallbacks = crossing.calls()["live"], crossing.fallbacks()
    crossing.compare(f"answers after {FAILURES} failures of ara's own")
    answered, fallen = crossing.calls()["live"] - live, crossing.fallbacks() - fallbacks
    crossing.claims.add(
        "calls and fallbacks", value=f"{answered} and {fallen}", holds=(answered, fallen) == (crossing.reaching, 0)
    )


def _back(crossing: Crossing) -> None:
    crossing.move("--stage", "monolith", why="the way back is open")
    calls = crossing.calls()
    crossing.compare("answers of the monolith again")
    crossing.claims.add(
        "calls of the lifted host", value=(crossing.calls() - calls).total(), holds=crossing.calls() == calls
    )


STEPS = {
    "start": _start,
    "verify": _verify,
    "mirror": _mirror,
    "mirror under writes": _mirror_writes,
    "cut over": _cut_over,
    "outage": _outage,
    "ara's own failure": _own_failure,
    "back": _back,
}


def _stats(crossing: Crossing, sampled: int) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """Totals and rows of `strangler shadow stats`, once so many are counted or time is up."""
    totals: Counter[str] = Counter()
    rows: list[dict[str, Any]] = []
    deadline = time.monotonic() + 60
    while True:
        code, said = crossing.strangler("shadow", "stats", "--format", "json")
        if code:
            raise RuntimeError(said)
        rows = json.loads(said)
        totals = Counter()
        for row in rows:
            totals.update({name: value for name, value in row.items() if isinstance(value, int)})
        if totals["sampled"] >= sampled or time.monotonic() > deadline:
            names = ("sampled", "matched", "mismatched", "transient", "errored", "skipped", "dropped")
            return {name: totals[name] for name in names}, rows
        time.sleep(1)


def _sums(row: dict[str, Any]) -> bool:
    parts = ("matched", "mismatched", "transient", "errored", "skipped", "dropped")
    return bool(row["sampled"] == sum(row[part] for part in parts))


def _falls_back_no_more(crossing: Crossing) -> bool:
    # Two workers, each with its own connections: several calls in a row must arrive.
    fallbacks = crossing.fallbacks()
    ask_all(crossing.ara.port, [Question(f"/api/v1/labels?limit={number}") for number in range(1, 17)])
    return crossing.fallbacks() == fallbacks


def _until(condition: Any, timeout: float) -> bool:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.2)
    return False
