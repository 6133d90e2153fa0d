"""What a write would send is compared and never sent: mail, tasks, and connections to other servers."""

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from django.db import connection
from django.urls import clear_url_caches

from strangler_router.effects import Effect
from strangler_router.effects_mail import BACKEND
from strangler_router.table import build_table
from strangler_router.types import Call
from strangler_services.effects import VARIABLE
from strangler_shadow import replay, twin_effects, write_run
from strangler_shadow.effect_differences import effect_differences, effect_noise
from strangler_shadow.noise import NO_NOISE
from strangler_shadow.observation import Observation
from strangler_shadow.on_twins import verify_on_twins
from strangler_shadow.profiles import Gate
from strangler_shadow.replay import replay_control
from strangler_shadow.report import EndpointReport, Report
from strangler_shadow.reports import KINDS, write_report
from strangler_shadow.search import Diverged
from strangler_shadow.twin_effects import LATE_SECONDS
from strangler_shadow.twin_service import serving
from strangler_shadow.twins import twins
from strangler_shadow.verdict import Verdict
from strangler_shadow.write_calls import Step
from strangler_shadow.write_outcome import Outcome
from strangler_shadow.write_run import WriteRun

pytestmark = pytest.mark.parametrize("seeded_academy", ["sqlite_file"], indirect=True)
TASK = "effect task shop.charge"
PROGRAM = f"env OUTGOING_FAULT={{}} {sys.executable} -m strangler_router host --address {{{{address}}}}"
JSON = "application/json"
LATE_LINES = [("task", "a"), ("connection", "b.example.org:1")]


@dataclass
class Outside:
    """Servers and a queue that nothing may reach; `asked` counts connections."""

    queue: Path
    asked: list[str] = field(default_factory=list)
    http: int = 0
    smtp: int = 0

    @property
    def received(self) -> tuple[list[str], list[str]]:
        return self.asked, [path.name for path in self.queue.glob("*.msg")]


@pytest.fixture(scope="module")
def servers() -> Iterator[Outside]:
    """Two servers that note who connects; the other one answers HTTP."""
    outside = Outside(queue=Path())

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            outside.asked.append("http")
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"asked")

        def log_message(self, *_args: Any) -> None:
            pass

    class Mail(http.server.BaseHTTPRequestHandler):
        def handle(self) -> None:
            outside.asked.append("smtp")

    started = [http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) for handler in (Answer, Mail)]
    outside.http, outside.smtp = (server.server_port for server in started)
    for server in started:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
    yield outside
    for server in started:
        server.shutdown()
        server.server_close()


@pytest.fixture
def outside(
    servers: Outside, academy: Any, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Outside]:
    """The project of orders in this process and, by the environment, in those that verification starts."""
    servers.queue = tmp_path / "queue"
    servers.queue.mkdir()
    servers.asked.clear()
    for name, value in {
        "ACADEMY_STATE": tmp_path, "ACADEMY_DATABASE": connection.settings_dict["NAME"],
        "DJANGO_SETTINGS_MODULE": "tests.shadow.outgoing_settings", "OUTGOING_QUEUE": servers.queue,
        "OUTGOING_SMTP": servers.smtp, "OUTGOING_HTTP": f"http://127.0.0.1:{servers.http}/",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, str(value))
    from tests.shadow import outgoing_settings, outgoing_urls

    folders = dict.fromkeys(outgoing_urls.FOLDERS, str(servers.queue))
    monkeypatch.setitem(outgoing_urls.app.conf, "broker_transport_options", folders)
    settings.ROOT_URLCONF = outgoing_settings.ROOT_URLCONF
    settings.EMAIL_BACKEND = outgoing_settings.EMAIL_BACKEND
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", servers.smtp
    settings.STRANGLER = {
        **outgoing_settings.STRANGLER, "REFRESH": 0, "POLICY_FILE": "", "KILL_FILE": "",
        "SHADOW": {"CORPUS": str(tmp_path / "corpus")},
    }  # fmt: skip
    clear_url_caches()
    replay.forget_handler()
    yield servers
    replay.forget_handler()
    clear_url_caches()


def verify(
    fault: str = "", *, endpoint: str = "orders.post", rung: str = "lifted", program: str = ""
) -> EndpointReport:
    program = program or PROGRAM.format(fault)
    entries = [entry for entry in build_table().values() if entry.binding.id == endpoint]
    [report] = verify_on_twins(entries, rung=rung, command=program, profile=Gate(seed=1, examples=1))
    return report


def places(report: EndpointReport) -> set[str]:
    return {f"{item.kind} at {item.pattern}" for finding in report.findings for item in finding.differences}


def test_an_endpoint_that_sends_the_same_is_equivalent_and_nothing_leaves(outside):
    report = verify()
    assert (report.verdict, report.findings) == (Verdict.EQUIVALENT, ()), report.reason
    assert {201, 400} <= set(report.statuses)
    assert ", and " in report.reason
    assert "effects; not observable: cache stamps, files, what the database notifies" in report.reason
    assert {"effect-lost", "effect-doubled", "effect-text-changed"} <= set(report.self_test.operators)
    assert not [miss for miss in report.self_test.missed if miss.family == "effect"]
    assert outside.received == ([], [])


FAULTS = {
    "no_mail": {"missing at effect mail"},
    "other_body": {"value at effect mail[*].body"},
    "other_attachment": {"value at effect mail[*].attachments[*].sha256"},
    "other_argument": {f"value at {TASK}[*].args[*]"},
    "twice": {f"length at {TASK}"},
    "before_commit": {f"extra at {TASK}"},
    "other_server": {
        "extra at effect connection elsewhere.example.org:8080", "missing at effect connection localhost:PORT",
    },
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_sent_wrongly_is_found_though_replies_and_rows_are_right(outside, fault):
    report = verify(fault)
    found = {place.replace(f":{outside.http}", ":PORT") for place in places(report)}
    assert (report.verdict, found) == (Verdict.DIVERGED, FAULTS[fault]), report
    assert outside.received == ([], [])


def test_both_sides_mail_through_one_backend(outside, settings):
    with twins() as copies, serving(copies, "lifted", PROGRAM.format("")):
        assert settings.EMAIL_BACKEND == BACKEND
    assert settings.EMAIL_BACKEND.endswith("smtp.EmailBackend")


def test_a_service_with_django_reaches_the_valkey_that_is_started_for_it(outside):
    program = PROGRAM.format("").replace("env ", "env STAMPS={redis} ")
    asking = "import django, os, redis; django.setup(); print(redis.from_url(os.environ['URL']).ping())"
    with twins() as copies, serving(copies, "lifted", program) as service:
        environment = {**service.environment, "URL": service.stamps.url}
        command = [sys.executable, "-c", asking]
        found = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert found.stdout == "True\n", found.stderr[-2000:]


ASKED = Call(endpoint="orders.post", route="orders/", method="POST", path="/orders/", content_type=JSON)
ORDER, REFUSED = (replace(ASKED, body=body) for body in (b'{"name": "a", "amount": 1}', b"{}"))


@pytest.fixture
def patient(monkeypatch):
    """A machine that is busy may be late itself."""
    for module in (twin_effects, write_run):
        monkeypatch.setattr(module, "LATE_SECONDS", 10 * LATE_SECONDS)


@pytest.mark.parametrize(
    ("fault", "way"), [("late_mail", ""), ("", "threads")], ids=["only the service's", "of a thread on both sides"]
)
def test_mail_that_comes_after_its_answer_is_waited_for(outside, monkeypatch, patient, fault, way):
    monkeypatch.setenv("OUTGOING_WAY", way)
    with twins() as copies, serving(copies, "lifted", PROGRAM.format(fault)) as service:
        run = WriteRun(rung="lifted", twins=copies, service=service, on_call=lambda: None)
        for _ in range(2):
            run.check((Step(label="anonymous", call=ORDER),))
        run.linger()
    assert (run.calls, run.wrote, run.late, run.effect_noise, run.lags) == (2, 2, {}, NO_NOISE, True)
    assert run.sent > 2


def test_mail_that_one_side_sends_too_much_after_its_answer_is_found(outside, patient):
    with twins() as copies, serving(copies, "lifted", PROGRAM.format("more_mail_late")) as service:
        run = WriteRun(rung="lifted", twins=copies, service=service, on_call=lambda: None)
        run.check((Step(label="anonymous", call=ORDER),))
        run.linger()
        assert (run.late, run.lags) == ({"mail": 1}, True)
        with pytest.raises(Diverged):
            run.check((Step(label="anonymous", call=ORDER),))
    assert {(str(item.kind), item.pattern) for item in run.last.effects} == {("length", "effect mail")}
    assert outside.received == ([], [])


def test_mail_that_comes_with_the_call_after_is_never_taken_for_noise(outside):
    with twins() as copies, serving(copies, "lifted", PROGRAM.format("mail_at_another_call")) as service:
        run = WriteRun(rung="lifted", twins=copies, service=service, on_call=lambda: None)
        for call in (REFUSED, ORDER, REFUSED):
            run.check((Step(label="anonymous", call=call),))
        other = WriteRun(rung="lifted", twins=copies, service=service, on_call=lambda: None)
        with service.effects.path.open("a") as file:
            file.writelines(f'{{"kind": "{kind}", "name": "{name}", "document": {{}}}}\n' for kind, name in LATE_LINES)
        other.check((Step(label="anonymous", call=REFUSED),))
    assert (run.calls, run.late, run.lags) == (4, {"mail": 1, "task a": 1, "connection b.example.org:1": 1}, True)
    assert (run.refused - {f"localhost:{outside.http}"}, other.late, other.lags) == ({"b.example.org:1"}, {}, False)


def test_an_order_that_varies_is_no_lateness_and_what_came_late_is_named(outside):
    tasks = [Effect(kind="task", name="a", document={"args": [number]}) for number in range(3)]
    found = effect_differences(NO_NOISE, tasks, tasks[::-1])
    answer = Observation(status=201)
    outcome = Outcome(
        label="anonymous", calls=(ORDER,), control=answer, candidate=answer, replies=(), rows=(), effects=tuple(found)
    )  # fmt: skip
    run = WriteRun(rung="lifted", twins=None, service=None, on_call=lambda: None)
    run.effect_noise = effect_noise(tasks, tasks[::-1])
    run._settle(outcome)
    assert (run.late, run.lags) == ({}, False)
    run.effect_noise = NO_NOISE
    run._settle(outcome)
    assert (run.late, run.lags) == ({"task a": 1}, True)


def test_what_a_service_says_too_late_is_named_and_so_is_what_allows_a_connection(outside, monkeypatch):
    linger = WriteRun.linger

    def late(run: WriteRun) -> None:
        with run.service.effects.path.open("a") as file:
            file.writelines(f'{{"kind": "{kind}", "name": "{name}", "document": {{}}}}\n' for kind, name in LATE_LINES)
        linger(run)

    monkeypatch.setattr(WriteRun, "linger", late)
    report = verify()
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "2 effects of the service came when their calls had been compared: task a, connection b.example.org:1; " in (
        report.reason
    )
    assert "b.example.org:1, localhost:" in report.reason
    assert report.reason.endswith("were refused, which STRANGLER['SHADOW']['REACHABLE'] allows")


def test_what_the_monolith_does_not_repeat_is_learnt_and_listed(outside, monkeypatch):
    monkeypatch.setenv("OUTGOING_WAY", "tokens")
    report = verify()
    assert (report.verdict, report.findings) == (Verdict.EQUIVALENT, ()), report.reason
    assert report.hides.keys() == {'effect mail[*].headers["X-Token"]'}
    assert "effect mail[*].body" in {
        item.pattern for found in verify("other_body").findings for item in found.differences
    }


def test_an_endpoint_that_cannot_do_without_another_server_is_inconclusive_and_says_what_helps(outside, monkeypatch):
    monkeypatch.setenv("OUTGOING_WAY", "asks")
    report = verify()
    assert (report.verdict, report.findings) == (Verdict.INCONCLUSIVE, ()), report.reason
    refused = f"connections to localhost:{outside.http} were refused, which STRANGLER['SHADOW']['REACHABLE'] allows"
    assert report.reason == f"no call succeeded, so nothing but errors was compared; {refused}"
    assert outside.received == ([], [])


def test_no_report_shows_what_was_sent_nor_a_key_of_it(outside, settings, tmp_path):
    reports = (verify("other_body"), verify("other_key"))
    found = {item.path for report in reports for finding in report.findings for item in finding.differences}
    assert any(path.startswith(f"{TASK}[0].kwargs.note[str(13) #") for path in found), found
    report = Report(started="2026-01-01T00:00:00+00:00", seed=1, examples=1, endpoints=reports)
    for kind in KINDS:
        write_report(report, kind, tmp_path / kind)
        text = (tmp_path / kind).read_text()
        assert "effect mail" in text or kind == "pytest"
        assert "zanzibar" not in text
    settings.STRANGLER = {
        **settings.STRANGLER, "SHADOW": {**settings.STRANGLER["SHADOW"], "SHOW": ["effect mail[*].body"]}
    }  # fmt: skip
    values = [item for finding in verify("other_body").findings for item in finding.differences]
    assert any(str(item.candidate).startswith("Dear zanzibar") for item in values)
    assert all("zanzibar" not in str(item.candidate) for item in values if item.pattern != "effect mail[*].body")


def test_what_may_be_reached_is_asked_by_both_sides(outside, settings):
    reachable = {**settings.STRANGLER["SHADOW"], "REACHABLE": [f"localhost:{outside.http}"]}
    settings.STRANGLER = {**settings.STRANGLER, "SHADOW": reachable}
    names = "tests.shadow.outgoing_reaching"
    program = f"env DJANGO_SETTINGS_MODULE={names} {sys.executable} -m strangler_router host --address {{address}}"
    report = verify(program=program)
    assert report.verdict is Verdict.EQUIVALENT, report
    assert set(outside.asked) == {"http"}
    assert len(outside.asked) % 2 == 0


def test_what_may_be_reached_without_a_port_is_inconclusive(outside, settings):
    shadow = {**settings.STRANGLER["SHADOW"], "REACHABLE": ["sandbox.example.org"]}
    settings.STRANGLER = {**settings.STRANGLER, "SHADOW": shadow}
    report = verify()
    assert report.verdict is Verdict.INCONCLUSIVE
    assert report.reason.endswith("REACHABLE'] names 'sandbox.example.org'; write host:port or unix:/path")


def test_a_replay_of_a_get_enqueues_nothing_and_mails_nothing_and_still_asks_for_its_answer(outside):
    observation = replay_control(Call(endpoint="quotes.get", route="quotes/", method="GET", path="/quotes/"))
    assert (observation.status, json.loads(observation.body)) == (200, {"answer": "asked"}), observation
    assert outside.received == (["http"], [])


def test_outside_of_replays_all_is_sent(outside):
    from tests.shadow import outgoing_urls

    outgoing_urls.charge.delay(1, 1)
    asked, queued = outside.received
    assert len(queued) == 1
    with pytest.raises(SMTPServerDisconnected):
        outgoing_urls.confirm(1)
    assert asked == ["smtp"]


def test_a_service_that_cannot_write_its_effects_does_not_start(outside):
    program = f"env {VARIABLE}=/nowhere/effects {sys.executable} -m strangler_router host --address {{address}}"
    report = verify(program=program)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert f"{VARIABLE} names '/nowhere/effects', which cannot be written" in report.reason


def test_the_environment_names_no_file_outside_of_a_verification(academy: Callable[..., Any]) -> None:
    assert VARIABLE not in os.environ
