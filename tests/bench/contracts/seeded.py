"""Mistakes of a service, made on purpose: how many `strangler verify` sees, in collected answers and end to end."""

import json
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from itertools import chain, islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.test.utils import override_settings

from strangler_router.lifted import in_process_backend
from strangler_router.pin import Entry
from strangler_router.table import build_table
from strangler_router.types import Backend, Call, Reply
from strangler_shadow import replay
from strangler_shadow.callers import kinds_of_caller
from strangler_shadow.compare import compare
from strangler_shadow.observation import Observation
from strangler_shadow.replay import replay_candidate, replay_control
from strangler_shadow.samples import samples_of
from strangler_shadow.seeded import OPERATORS, Family, Operator, damaged
from strangler_shadow.seeded.trials import SelfTest
from strangler_shadow.strategies import plain_calls, single_calls
from strangler_shadow.verify import verify_endpoint
from tests.bench.rows import Row, at_least, at_most
from tests.conftest import default_database
from tests.shadow.seeded_service import Mistake, running

__all__ = ["drawn", "found_end_to_end", "seeded_rows"]

EXAMPLES = 60
PROCESSES = 30
SEED = 7
# Calls of an endpoint among which a drawn mistake has to apply, and to how many it is put, before a process starts.
CALLS, SHOWN = 40, 6
STRICT = (Family.STATUS, Family.AUTHORISATION, Family.TENANT, Family.LOST_WRITE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A mistake, and the places where a client sees it, as far as few calls show."""

    mistake: Mistake
    patterns: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A call, the hosted view's reply to it, and what the client gets."""

    call: Call
    reply: Reply
    control: Observation


def seeded_rows(folder: Path) -> Iterator[Row]:
    """What verification sees of the mistakes, of the four families that admit no miss, and through a real process."""
    folder.mkdir(parents=True, exist_ok=True)
    database = (folder / "seeded.sqlite3").resolve()
    database.unlink(missing_ok=True)
    with default_database({"NAME": str(database)}):
        call_command("migrate", verbosity=0)
        call_command("seed", courses=100, stdout=StringIO())
        yield from _collected()
        yield from _end_to_end(list(islice(drawn(SEED), PROCESSES)), database)


def _collected() -> Iterator[Row]:
    """Each operator on the answers of one run of each endpoint, through the comparison and the noise of that run."""
    with _answered_by(in_process_backend):
        trials = [verify_endpoint(entry, rung="lifted", examples=EXAMPLES, seed=SEED).self_test for entry in _entries()]
    missed = [miss for found in trials for miss in found.missed]
    for miss in missed:
        print(f"not seen: {miss.operator} at {miss.place}: {miss.reason}", file=sys.stderr)
    applicable = sum(found.applicable for found in trials)
    share = sum(found.caught for found in trials) / max(1, applicable)
    yield at_least("operators of seeded divergences", len(OPERATORS), "operators", must=100, against=_applied(trials))
    yield at_least(
        "seeded contract bugs caught by verify", share, "share", must=0.99,
        against=f"{applicable} in the academy's endpoints",
    )  # fmt: skip
    strict = [miss for miss in missed if miss.family in STRICT]
    families = ", ".join(STRICT)
    yield at_most("seeded contract bugs missed in strict families", len(strict), "bugs", must=0, against=families)


def _applied(trials: list[SelfTest]) -> str:
    applied = set().union(*(found.operators for found in trials))
    counts = Counter(OPERATORS[name].family.value for name in OPERATORS if name not in applied)
    others = ", ".join(f"{count} {family}" for family, count in sorted(counts.items()))
    return f"{len(applied)} apply to some endpoint; not: {others}"


def drawn(seed: int) -> Iterator[Drawn]:
    """Mistakes that clients can see through the router, each family in turn; others change what the router writes."""
    source = random.Random(seed)
    answers = {entry.binding.id: _answers(entry) for entry in _entries()}
    waiting = {family: [found for found in OPERATORS.values() if found.family is family] for family in Family}
    for operators in waiting.values():
        source.shuffle(operators)
    while any(waiting.values()):
        for family in Family:
            if found := _first_seen(waiting[family], source, answers):
                yield found


def _first_seen(operators: list[Operator], source: random.Random, answers: dict[str, list[Answered]]) -> Drawn | None:
    while operators:
        operator = operators.pop()
        for endpoint in source.sample(sorted(answers), len(answers)):
            mistake = Mistake(operator.name, endpoint, source.randrange(1000))
            if patterns := _patterns(mistake, answers[endpoint]):
                return Drawn(mistake=mistake, patterns=patterns)
    return None


def _answers(entry: Entry) -> list[Answered]:
    """What the hosted view answers to an endpoint's first calls, beside what the client gets."""
    samples, kinds = samples_of(entry.endpoint), kinds_of_caller()
    found = chain(plain_calls(entry, samples, kinds), single_calls(entry, samples, kinds))
    answered = []
    for _, call in islice(found, CALLS):
        replies: list[Reply] = []
        with _answered_by(_recording(replies)):
            replay_candidate(call, "lifted")
        answered += [Answered(call=call, reply=reply, control=replay_control(call)) for reply in replies]
    return answered


def _recording(replies: list[Reply]) -> Callable[[Any, str], Backend]:
    def made(binding: Any, rung: str) -> Backend:
        asked = in_process_backend(binding, rung)

        def answer(call: Call) -> Reply:
            replies.append(asked(call))
            return replies[-1]

        return answer

    return made


def _patterns(mistake: Mistake, answers: list[Answered]) -> frozenset[str]:
    operator = OPERATORS[mistake.operator]
    wrong = ((answer, damaged(operator, answer.reply, mistake.seed)) for answer in answers)
    shown = islice(((answer, reply) for answer, reply in wrong if reply is not None), SHOWN)
    return frozenset(
        difference.pattern
        for answer, reply in shown
        for difference in compare(answer.control, _through_the_router(answer.call, reply))
    )


def _through_the_router(call: Call, reply: Reply) -> Observation:
    with _answered_by(lambda _binding, _rung: lambda _call: reply):
        return replay_candidate(call, "lifted")


def _end_to_end(chosen: list[Drawn], database: Path) -> Iterator[Row]:
    missed = [found for found in chosen if not found_end_to_end(found, database)]
    for found in missed:
        print(f"not seen end to end: {found.mistake}, expected at {sorted(found.patterns)}", file=sys.stderr)
    share = 1 - len(missed) / len(chosen)
    against = f"{len(chosen)} service processes, exit code 1 and the place named"
    yield at_least("seeded contract bugs found in a service process", share, "share", must=0.99, against=against)


def found_end_to_end(found: Drawn, database: Path) -> bool:
    """Whether `strangler verify` exits 1 and names a place of the mistake, asking a process that makes it."""
    strangler = str(Path(sys.executable).with_name("strangler"))
    # A folder for each, or the calls that one run keeps would help the next.
    with tempfile.TemporaryDirectory() as state, running(found.mistake, database, Path(state)) as environment:
        report = Path(state) / "report.json"
        options = ["--rung", "lifted", "--examples", "1", "--seed", "1", f"--report=json={report}"]
        done = subprocess.run(
            [strangler, "verify", found.mistake.endpoint, *options], env=dict(environment), capture_output=True,
            text=True, timeout=170, check=False,
        )  # fmt: skip
        endpoints = json.loads(report.read_text() or "{}").get("endpoints", [])
    if done.returncode != 1:
        print(f"{found.mistake}: exit code {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return False
    findings = [finding for endpoint in endpoints for finding in endpoint["findings"]]
    named = {difference["pattern"] for finding in findings for difference in finding["differences"]}
    return bool(named & found.patterns)


def _entries() -> list[Entry]:
    return [entry for entry in build_table().values() if entry.binding.is_safe]


@contextmanager
def _answered_by(made: Callable[[Any, str], Backend]) -> Iterator[None]:
    changed = {**settings.STRANGLER, "BACKEND": made, "REFRESH": 0, "POLICY_FILE": "", "KILL_FILE": ""}
    with override_settings(STRANGLER=changed):
        replay._handler.cache_clear()
        yield
    replay._handler.cache_clear()
