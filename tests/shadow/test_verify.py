"""Verification finds each planted bug of the service, shrinks it, and stays silent where there is none."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command, load_command_class
from rest_framework.exceptions import ErrorDetail, NotFound, PermissionDenied

from catalog_service.database import open_database
from catalog_service.service import CatalogService
from strangler_router.errors import NoAnswer
from strangler_router.service import service_backend
from strangler_router.table import build_table
from strangler_router.types import EMPTY, Call, Reply
from strangler_services import ServerSettings, start_in_thread
from strangler_shadow import corpus, replay
from strangler_shadow.report import EndpointReport
from strangler_shadow.verdict import Verdict
from strangler_shadow.verify import verify_endpoint
from tests.conftest import CATALOG, KEYS, default_database

LIST, DETAIL, LESSONS, EDUCATOR, ENROLMENT = (
    "v1:course-list.get", "v1:course-detail.get", "v1:course-lessons.get", "v1:educator-detail.get",
    "v1:enrolment-detail.get",
)  # fmt: skip
pytestmark = [
    pytest.mark.parametrize("seeded_academy", ["sqlite_file"], indirect=True),
    pytest.mark.usefixtures("own_corpus"),
]


@pytest.fixture
def verify(settings):
    """Verify one endpoint on the native rung, through a service that `change` has altered."""

    def run(endpoint: str, change: Any = None, *, examples: int = 8, seed: int = 1) -> EndpointReport:
        def backend(binding: Any, rung: str) -> Any:
            ask = service_backend(binding, rung)
            return (lambda call: change(call, ask(call))) if change else ask

        settings.STRANGLER = {**settings.STRANGLER, "BACKEND": backend}
        replay._handler.cache_clear()
        [entry] = [entry for entry in build_table().values() if entry.binding.id == endpoint]
        return verify_endpoint(entry, rung="native", examples=examples, seed=seed)

    return run


def changing(**fields: Any) -> Any:
    """Replaces fields of an object, or of each object of a list; callables get the object."""

    def change(_call: Call, reply: Reply) -> Reply:
        if reply.data is EMPTY:
            return reply
        found = reply.data
        objects = found.get("results", [found]) if isinstance(found, dict) else found
        for item in objects:
            for name, value in fields.items():
                item[name] = value(item) if callable(value) else value
        return reply

    return change


def count_off(_call: Call, reply: Reply) -> Reply:
    return reply if reply.data is EMPTY else replace(reply, data=reply.data | {"count": reply.data["count"] + 1})


def null_dropped(_call: Call, reply: Reply) -> Reply:
    if reply.data is not EMPTY and reply.data["rating"] is None:
        del reply.data["rating"]
    return reply


def other_order(call: Call, reply: Reply) -> Reply:
    if reply.data is not EMPTY and "ordering" in call.query:
        reply.data["results"].reverse()
    return reply


def other_header(_call: Call, reply: Reply) -> Reply:
    return replace(reply, headers=(*reply.headers, ("Cache-Control", "no-store"))) if not reply.exception else reply


def other_status_for_staff(call: Call, reply: Reply) -> Reply:
    return replace(reply, status=203) if call.caller.is_staff and not reply.exception else reply


def untranslated(call: Call, reply: Reply) -> Reply:
    if isinstance(reply.exception, NotFound) and call.language != "en":
        reply.exception.detail = ErrorDetail("Not found.", "not_found")
    return reply


def link_to_the_service(_call: Call, reply: Reply) -> Reply:
    if reply.data is not EMPTY and reply.data["next"]:
        reply.data["next"] = reply.data["next"].replace("testserver", "127.0.0.1:50051")
    return reply


def last_lesson_lost(_call: Call, reply: Reply) -> Reply:
    return reply if reply.data is EMPTY else replace(reply, data=reply.data[:-1])


def shown_to_everybody(_call: Call, reply: Reply) -> Reply:
    return Reply(data={"id": 1}) if isinstance(reply.exception, PermissionDenied) else reply


def forbidden_for_missing(_call: Call, reply: Reply) -> Reply:
    return Reply(exception=PermissionDenied()) if isinstance(reply.exception, NotFound) else reply


def crash_on_levels(call: Call, reply: Reply) -> Reply:
    if "level" in call.query:
        raise NoAnswer("127.0.0.1: INTERNAL: internal error", kind="internal")
    return reply


def keys_reordered(_call: Call, reply: Reply) -> Reply:
    return reply if reply.data is EMPTY else replace(reply, data=dict(reversed(reply.data.items())))


def utc_only(_call: Call, reply: Reply) -> Reply:
    if reply.data is not EMPTY:
        reply.data["joined_at"] = reply.data["joined_at"].replace("+05:30", "Z")
    return reply


def errors_reworded(_call: Call, reply: Reply) -> Reply:
    if reply.exception is not None and isinstance(reply.exception.detail, dict):
        reply.exception.detail = {key: ["Wrong."] for key in reply.exception.detail}
    return reply


def advanced(change: Any) -> Any:
    return lambda item: change if item["level"] == "advanced" else item["level_label"]


# Name, endpoint, the planted bug, kind and place of a difference that must be named, and how its query begins.
BUGS = [
    ("a count off by one", LIST, count_off, "value at $.count", ""),
    ("another order where one was asked for", LIST, other_order, "value at $.results[*].id", "ordering="),
    ("a link to the service itself", LIST, link_to_the_service, "value at $.next", ""),
    ("a crash on one parameter", LESSONS, crash_on_levels, "error at $", "level="),
    ("another wording of refused values", LESSONS, errors_reworded, "value at $.level[*]", "level="),
    ("one level's label", DETAIL, changing(level_label=advanced("Expert")), "value at $.level_label", ""),
    ("a null that is missing", DETAIL, null_dropped, "missing at $.rating", ""),
    ("a number for a text", DETAIL, changing(price=lambda item: float(item["price"])), "type at $.price", ""),
    ("nobody enrolled", DETAIL, changing(is_enrolled=lambda _: False), "value at $.is_enrolled", ""),
    ("a lost lesson", LESSONS, last_lesson_lost, "length at $", ""),
    ("403 for what does not exist", ENROLMENT, forbidden_for_missing, "status at status", ""),
    ("keys in another order", EDUCATOR, keys_reordered, "order at $", ""),
    ("a header more", EDUCATOR, other_header, "header at cache-control", ""),
    ("another status for staff only", EDUCATOR, other_status_for_staff, "status at status", ""),
    ("an answer that is not translated", LESSONS, untranslated, "value at $.detail", ""),
    ("a time zone ignored", EDUCATOR, utc_only, "value at $.joined_at", ""),
    ("an integer for a float", EDUCATOR, changing(course_count=lambda item: float(item["course_count"])),
     "type at $.course_count", ""),
    ("an enrolment shown to everybody", ENROLMENT, shown_to_everybody, "status at status", ""),
]  # fmt: skip


@pytest.mark.parametrize(("endpoint", "change", "group", "query"), [bug[1:] for bug in BUGS], ids=[b[0] for b in BUGS])
def test_a_planted_bug_is_found_and_shrunk(verify, endpoint, change, group, query):
    report = verify(endpoint, change)
    assert report.verdict is Verdict.DIVERGED
    named = {f"{item.kind} at {item.pattern}": finding for finding in report.findings for item in finding.differences}
    assert group in named
    call = named[group].call
    assert call.query.count("&") <= 1
    assert call.query.startswith(query)
    assert len(call.headers) <= 1
    assert named[group].curl.startswith("curl -sS ")


def test_a_bug_for_one_kind_of_caller_names_it(verify):
    [finding] = verify(EDUCATOR, other_status_for_staff).findings
    assert finding.caller == "staff"
    assert "Authorization: Token $TOKEN" in finding.curl
    assert (finding.call.query, finding.call.headers) == ("", ())


def test_two_bugs_are_two_findings(verify):
    def change(call: Call, reply: Reply) -> Reply:
        return other_status_for_staff(call, other_header(call, reply))

    groups = [{item.kind.value for item in finding.differences} for finding in verify(EDUCATOR, change).findings]
    assert {"header"} in groups
    assert {"status"} & set().union(*groups)


@pytest.mark.parametrize("endpoint", [LIST, DETAIL, LESSONS, EDUCATOR, ENROLMENT])
def test_the_service_as_it_is_shows_no_difference(verify, endpoint):
    report = verify(endpoint, examples=30)
    assert (report.verdict, report.findings) == (Verdict.EQUIVALENT, ()), report.reason
    assert report.statuses[200] > 0
    assert {"anonymous", "user 1", "user 2", "staff"} <= set(report.callers)
    assert report.calls >= 20


def test_the_same_seed_makes_the_same_calls(verify):
    calls: list[list[str]] = []

    def remember(call: Call, reply: Reply) -> Reply:
        calls[-1].append(f"{call.method} {call.path}?{call.query} {call.headers} {call.caller.subject}")
        return reply

    for seed in (7, 7, 8):
        calls.append([])
        verify(EDUCATOR, remember, examples=15, seed=seed)
    assert calls[0] == calls[1] != calls[2]


def test_a_service_that_is_down_is_infrastructure(verify, settings):
    settings.STRANGLER = {**settings.STRANGLER, "TARGETS": {CATALOG: {"native": "127.0.0.1:1"}}}
    report = verify(EDUCATOR, examples=10)
    assert report.verdict is Verdict.INFRA
    assert report.reason.startswith(("unavailable", "breaker open"))


def test_a_missing_address_is_infrastructure_too(verify, settings):
    settings.STRANGLER = {**settings.STRANGLER, "TARGETS": {}}
    report = verify(EDUCATOR, examples=10)
    assert (report.verdict, report.reason.partition(":")[0]) == (Verdict.INFRA, "configuration")


def test_only_errors_are_no_evidence(verify):
    ids = list(User.objects.filter(is_active=True).values_list("pk", flat=True))
    User.objects.filter(is_staff=True).update(is_staff=False)
    User.objects.filter(pk__in=ids).update(is_active=False)
    try:
        report = verify(ENROLMENT, examples=10)
    finally:
        User.objects.filter(pk__in=ids).update(is_active=True)
        User.objects.filter(username__in=["admin", "teacher"]).update(is_staff=True)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert report.reason == "no call succeeded, so nothing but errors was compared"


def test_an_authority_needs_calls_by_another_user(verify):
    ordinary = User.objects.filter(is_active=True, is_staff=False).order_by("pk")
    others = list(ordinary.values_list("pk", flat=True)[1:])
    User.objects.filter(pk__in=others).update(is_active=False)
    try:
        report = verify("v1:course-detail.get", examples=10)
    finally:
        User.objects.filter(pk__in=others).update(is_active=True)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "no call was made by: another user" in report.reason


def test_what_was_found_once_is_asked_first_and_stays_until_it_is_mended(verify):
    asked: list[str] = []

    def change(call: Call, reply: Reply) -> Reply:
        asked.append(call.path)
        return other_status_for_staff(call, reply)

    [found] = verify(EDUCATOR, change).findings
    assert corpus.kept_calls(EDUCATOR)[0].path == found.call.path
    asked.clear()
    again = verify(EDUCATOR, change, examples=1)
    assert asked[0] == found.call.path
    assert again.verdict is Verdict.DIVERGED
    assert verify(EDUCATOR, examples=5).verdict is Verdict.EQUIVALENT


def test_a_kept_call_of_a_user_who_is_gone_is_skipped(verify):
    [found] = verify(EDUCATOR, other_status_for_staff).findings
    caller = replace(found.call.caller, subject="987654")
    corpus.keep(EDUCATOR, [replace(found.call, caller=caller)])
    report = verify(EDUCATOR, examples=5)
    assert (report.verdict, report.skipped["the user is gone"]) == (Verdict.EQUIVALENT, 1)


class Buggy(CatalogService):
    def GetEducator(self, request: Any, context: Any) -> Any:
        answer = super().GetEducator(request, context)
        answer.course_count += 1
        return answer


@contextmanager
def buggy_server(url: str) -> Iterator[str]:
    engine = open_database(url)
    with start_in_thread(Buggy(engine).register, ServerSettings(address="127.0.0.1:0", keys=KEYS)) as server:
        yield server.address
    engine.dispose()


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def strangler(academy: Any, settings: Any, capsys: pytest.CaptureFixture[str]) -> Run:
    """`strangler verify` in this process: exit code, standard output and standard error."""

    def run(*arguments: str, address: str) -> tuple[int, str, str]:
        settings.STRANGLER = {**settings.STRANGLER, "TARGETS": {CATALOG: {"native": address}}}
        replay._handler.cache_clear()
        command = load_command_class("strangler_shadow", "strangler_verify")
        with pytest.raises(SystemExit) as ended:
            command.run_from_argv(["strangler", "strangler_verify", *arguments])
        return int(ended.value.code or 0), *capsys.readouterr()

    return run


def test_the_exit_code_is_the_verdict_and_reports_are_written(academy, tmp_path):
    kinds = ("json", "junit", "html", "md")
    reports = [f"--report={kind}={tmp_path / 'reports' / kind}" for kind in kinds]
    arguments = [EDUCATOR, "--examples", "5", "--rung", "native", "--seed", "5", *reports]
    database = academy.url.removeprefix("sqlite:///")
    command = [str(Path(sys.executable).with_name("strangler")), "verify", *arguments]
    state = {**os.environ, "ACADEMY_DATABASE": database, "ACADEMY_STATE": str(tmp_path)}
    with buggy_server(academy.url) as address:
        environments = [{**state, "ACADEMY_CATALOG": name} for name in (academy.targets["native"], address)]
        equal, different = (
            subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=100)
            for environment in environments
        )
    assert (equal.returncode, different.returncode) == (0, 1), equal.stderr + different.stderr
    assert "EQUIVALENT" in equal.stdout
    assert "value at $.course_count" in different.stdout
    assert "curl -sS" in different.stdout
    assert sorted(path.name for path in (tmp_path / "reports").iterdir()) == sorted(kinds)
    assert json.loads((tmp_path / "reports" / "json").read_text())["exit_code"] == 1


def test_a_service_that_is_down_exits_4(strangler):
    code, out, _ = strangler(EDUCATOR, "--examples", "3", "--rung", "native", address="127.0.0.1:1")
    assert code == 4
    assert "INFRA" in out


def test_an_empty_database_exits_2(strangler, tmp_path):
    path = tmp_path / "empty.sqlite3"
    with default_database({"NAME": str(path)}):
        call_command("migrate", verbosity=0)
        engine = open_database(f"sqlite:///{path}")
        settings = ServerSettings(address="127.0.0.1:0", keys=KEYS)
        with start_in_thread(CatalogService(engine).register, settings) as server:
            code, out, _ = strangler(EDUCATOR, "--examples", "3", "--rung", "native", address=server.address)
        engine.dispose()
    assert code == 2
    assert "no call succeeded" in out


WRONG = [
    (["v1:educator-detial.get"], "did you mean 'v1:educator-detail.get'?"),
    (["--examples", "0"], "--examples 0: at least one call is needed"),
    (["--examples", "many"], "invalid int value: 'many'"),
    (["--rung", "concrete"], "invalid choice: 'concrete'"),
    (["--report", "pdf=x"], "--report pdf=x: write KIND=PATH"),
    (["--report", "json="], "--report json=: write KIND=PATH"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_wrong_arguments_exit_64_and_say_what_would_be_right(strangler, arguments, message):
    code, out, error = strangler(*arguments, address="127.0.0.1:1")
    assert (code, out) == (64, "")
    assert message in error
