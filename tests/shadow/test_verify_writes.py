"""Writes are verified on copies: what a service writes wrongly is found though its answer is right, and named."""

import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import load_command_class
from django.db import connection

from academy.catalog.models import Course
from strangler_router.table import build_table
from strangler_shadow import corpus, replay
from strangler_shadow.models import ShadowVerification
from strangler_shadow.on_twins import verify_on_twins
from strangler_shadow.profiles import Gate
from strangler_shadow.report import EndpointReport
from strangler_shadow.requests import given_calls
from strangler_shadow.rows import Rows, read_rows
from strangler_shadow.verdict import Verdict
from tests.shadow.test_twins import forget_disks, names_of_copies

REVIEWS = "v1:course-reviews.post"
ROOT = "learning_review"
Verify = Callable[..., EndpointReport]


def digest(rows: Rows) -> dict[str, tuple[int, str]]:
    """Number and digest of the rows of each table but the one in which verdicts are kept for the gate."""
    return {
        name: (len(table.rows), hashlib.sha256(repr(sorted(map(repr, table.rows.values()))).encode()).hexdigest())
        for name, table in rows.items()
        if name != ShadowVerification._meta.db_table
    }


@pytest.fixture(scope="module", autouse=True)
def _hurry(seeded_academy: Any) -> None:
    forget_disks()


@pytest.fixture(autouse=True)
def _environment(academy: Any, settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Where the processes that verification starts find the academy; its own database stays as it is."""
    shadow = {**settings.STRANGLER["SHADOW"], "CORPUS": str(tmp_path / "corpus")}
    settings.STRANGLER = {**settings.STRANGLER, "SHADOW": shadow}
    monkeypatch.setenv("ACADEMY_STATE", str(tmp_path))
    monkeypatch.setenv("ACADEMY_DATABASE", str(connection.settings_dict["NAME"]))
    if connection.vendor == "postgresql":
        monkeypatch.setenv("ACADEMY_POSTGRES", connection.settings_dict["HOST"])
    replay._handler.cache_clear()
    own, copies = digest(read_rows(connection)), names_of_copies()
    yield
    assert digest(read_rows(connection)) == own
    assert names_of_copies() == copies
    replay._handler.cache_clear()


@pytest.fixture
def verify() -> Verify:
    """Verify the reviews on the lifted rung; with faults, by a host that writes wrongly."""

    def run(
        faults: str = "", *, examples: int = 3, rung: str = "lifted", command: str = "", given: Any = None
    ) -> EndpointReport:
        if faults:
            command = f"{sys.executable} -m tests.shadow.faulty_host {faults} {{address}}"
        [entry] = [entry for entry in build_table().values() if entry.binding.id == REVIEWS]
        [report] = verify_on_twins(
            [entry], rung=rung, command=command, profile=Gate(seed=1, examples=examples), given=given
        )
        return report

    return run


def places(report: EndpointReport) -> set[str]:
    """Kind and place of every difference."""
    return {f"{item.kind} at {item.pattern}" for finding in report.findings for item in finding.differences}


def test_the_lifted_endpoint_writes_the_same_rows(verify):
    report = verify(examples=10)
    assert (report.verdict, report.findings) == (Verdict.EQUIVALENT, ()), report.reason
    assert set(report.hides) == {"$.created_at", "learning_review[*].created_at"}
    assert {201, 400, 401, 404, 415} <= set(report.statuses)
    assert {"anonymous", "user 1", "user 2", "staff"} <= set(report.callers)
    assert report.calls > 60
    unseen = "cache stamps, files, what the database notifies, connections that C code opens"
    assert report.reason.endswith(f"; not observable: {unseen}")


# Faults for each number of stars, and where each must be found.
FAULTS = {
    "1=missing_row": {"missing at learning_review[*]"},
    "2=wrong_stars": {"value at learning_review[*].stars"},
    "3=extra_row+old_time": {"extra at auth_group[*]", "value at learning_review[*].created_at"},
    "5=second_write+silent": {"value at catalog_course[*].summary", "value at $.stars"},
}


def test_what_is_written_wrongly_is_named_though_the_answer_is_right_and_the_reverse(verify):
    report = verify(",".join(FAULTS), examples=1)
    assert (report.verdict, places(report)) == (Verdict.DIVERGED, set().union(*FAULTS.values()))
    finding = next(found for found in report.findings if found.differences[0].path.endswith("].stars"))
    [difference] = finding.differences
    assert difference.path.startswith("learning_review[")
    assert str(difference.control).startswith("int #")
    assert difference.control != difference.candidate
    assert "--data-binary" in finding.curl
    kept = corpus.kept_sequences(REVIEWS)
    assert (finding.call.path, finding.call.body) in {(call.path, call.body) for [call] in kept}


def test_a_declared_rule_holds_for_what_writes_answer_and_not_for_rows(verify, settings):
    words = {"owner": "reviews", "reason": "rounded", "until": "2999-01-01"}
    rule = {"endpoint": REVIEWS, "at": "$.stars", "matcher": "number", "within": 4, **words}
    settings.STRANGLER = {**settings.STRANGLER, "SHADOW": {**settings.STRANGLER["SHADOW"], "RULES": [rule]}}
    report = verify("2=wrong_stars,5=second_write+silent", examples=1)
    assert places(report) == {"value at learning_review[*].stars", "value at catalog_course[*].summary"}


def test_recorded_requests_are_made_on_copies_only_and_nothing_of_them_is_shown_or_kept(verify, tmp_path):
    learner = User.objects.filter(learner__enrolments__isnull=False, is_active=True).order_by("pk").first()
    course = Course.objects.exclude(reviews__learner__user=learner).filter(enrolments__learner__user=learner).first()
    line = {"method": "POST", "path": f"/api/v1/courses/{course.pk}/reviews/", "user": learner.username}
    file = tmp_path / "requests.txt"
    lines = [{**line, "body": {"stars": 5, "text": "canary 4711"}}, line]
    file.write_text("\n".join(map(json.dumps, lines)))
    given = given_calls(file, list(build_table().values()))
    assert given.skipped == {"POST without its body": 1}
    report = verify("5=second_write", given=given.calls, examples=1)
    assert report.verdict is Verdict.DIVERGED
    finding = next(found for found in report.findings if found.caller == "a recorded user")
    assert set(json.loads(finding.call.body)) == {"stars", "text"}
    assert places(report) == {"value at catalog_course[*].summary"}
    kept = [path.read_text() for path in (tmp_path / "corpus").glob("*")]
    assert "canary" not in f"{report!r} {kept}"


def native(program: str) -> str:
    stamped = "CATALOG_REDIS={redis} CATALOG_STAMPS={stamps}"
    return f"env CATALOG_DATABASE=sqlite:///{{database}} {stamped} {sys.executable} -m {program}"


@pytest.mark.parametrize("seeded_academy", ["sqlite_file"], indirect=True)
class TestStamps:
    """The native service writes into the table that cached serializers of the monolith show."""

    def test_a_service_that_makes_void_what_it_wrote_is_equivalent(self, verify):
        report = verify(rung="native", command=native("catalog_service"), examples=1)
        assert (report.verdict, report.findings) == (Verdict.EQUIVALENT, ()), report
        assert re.search(r", and [1-9]\d* stamps; not observable: effects that the service ", report.reason), report

    def test_a_service_that_forgets_the_stamp_is_found_though_replies_and_rows_are_right(self, verify):
        report = verify(rung="native", command=native("tests.shadow.forgetful_catalog"), examples=1)
        assert (report.verdict, places(report)) == (Verdict.DIVERGED, {"missing at stamp catalog.course[*]"}), report
        [finding] = report.findings
        assert finding.control.status == finding.candidate.status == 201
        course = finding.call.path.split("/")[-3]
        assert [item.path for item in finding.differences] == [f"stamp catalog.course[{course}]"]

    def test_stamps_that_nobody_saw_are_no_evidence_where_serializers_are_cached(self, verify, settings):
        settings.CACHEOPS_REDIS = "unix:///nowhere"
        report = verify(rung="native", command=lifted_as_native(), examples=1)
        assert report.verdict is Verdict.INCONCLUSIVE
        assert "give it {redis} and {stamps} in --twin-service" in report.reason


def lifted_as_native() -> str:
    """A host whose answers are right, as a service of any make."""
    return f"{sys.executable} -m strangler_router host --address {{address}}"


@pytest.mark.parametrize("seeded_academy", ["sqlite_file"], indirect=True)
class TestCommand:
    @pytest.fixture
    def strangler(self, capsys: pytest.CaptureFixture[str]) -> Any:
        def run(*arguments: str) -> tuple[int, str, str]:
            command = load_command_class("strangler_shadow", "strangler_verify")
            with pytest.raises(SystemExit) as ended:
                command.run_from_argv(["strangler", "strangler_verify", *arguments])
            return int(ended.value.code or 0), *capsys.readouterr()

        return run

    def test_a_service_that_nobody_can_start_is_inconclusive(self, strangler):
        code, out, _ = strangler(REVIEWS, "--rung", "native", "--examples", "1")
        assert code == 2
        assert "say how the service is started on a copy of the database, with --twin-service COMMAND" in out

    def test_a_service_that_does_not_start_is_inconclusive_with_its_last_words(self, strangler):
        words = f"{sys.executable} -c 'raise SystemExit(\"no {{database}}\")'"
        code, out, _ = strangler(REVIEWS, "--rung", "native", "--examples", "1", "--twin-service", words)
        assert code == 2
        assert "service.sqlite3" in out

    def test_without_names_endpoints_that_write_are_left_out_in_words(self, strangler, settings):
        nobody = {"native": "127.0.0.1:1"}
        settings.STRANGLER = {**settings.STRANGLER, "TARGETS": dict.fromkeys(settings.STRANGLER["TARGETS"], nobody)}
        replay._handler.cache_clear()
        _, out, _ = strangler("--rung", "native", "--examples", "1")
        assert f"{REVIEWS} writes, and is left out; give --twin-service COMMAND" in out
