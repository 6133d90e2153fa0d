"""What is created is read, changed, deleted and created again, and each answer on the way is compared."""

import sys
from typing import Any

import pytest
from django.db import connection
from django.urls import clear_url_caches

from strangler_router.table import build_table
from strangler_shadow import replay
from strangler_shadow.callers import kinds_of_caller
from strangler_shadow.on_twins import verify_on_twins
from strangler_shadow.profiles import Gate
from strangler_shadow.report import EndpointReport
from strangler_shadow.verdict import Verdict
from strangler_shadow.write_calls import life_cycles, target_of
from tests.shadow import topics_settings

pytestmark = pytest.mark.parametrize("seeded_academy", ["sqlite_file"], indirect=True)
CREATE, DELETE = "topic-list.post", "topic-detail.delete"


@pytest.fixture(autouse=True)
def _topics(academy: Any, settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    settings.ROOT_URLCONF = topics_settings.ROOT_URLCONF
    settings.STRANGLER = {
        **topics_settings.STRANGLER, "REFRESH": 0, "POLICY_FILE": "", "KILL_FILE": "",
        "SHADOW": {"CORPUS": str(tmp_path / "corpus")},
    }  # fmt: skip
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "tests.shadow.topics_settings")
    monkeypatch.setenv("ACADEMY_STATE", str(tmp_path))
    monkeypatch.setenv("ACADEMY_DATABASE", str(connection.settings_dict["NAME"]))
    clear_url_caches()
    replay.forget_handler()
    yield
    replay.forget_handler()
    clear_url_caches()


def verify(endpoint: str, fault: str = "") -> EndpointReport:
    command = f"env TOPICS_FAULT={fault} {sys.executable} -m strangler_router host --address {{address}}"
    entries = [entry for entry in build_table().values() if entry.binding.id == endpoint]
    [report] = verify_on_twins(entries, rung="lifted", command=command, profile=Gate(seed=1, examples=1))
    return report


def places(report: EndpointReport) -> set[str]:
    return {f"{item.kind} at {item.pattern}" for finding in report.findings for item in finding.differences}


def test_a_life_goes_from_a_create_to_the_same_create():
    entries = {entry.binding.id: entry for entry in build_table().values()}
    kinds = kinds_of_caller()
    others = [target_of(entry, kinds) for name, entry in entries.items() if name != DELETE]
    [cycle] = life_cycles(target_of(entries[DELETE], kinds), others)
    writes = [step.call.method for step in cycle if step.call.method != "GET"]
    assert writes == ["POST", "PATCH", "PUT", "DELETE", "POST", "POST", "POST"]
    first, *_, again, taken = [step.call.body for step in cycle if step.call.method == "POST"]
    assert first == again == taken
    for step in cycle:
        if "detail" in step.call.endpoint:
            assert step.after({"id": 4711}).path == "/topics/4711/"


def test_equal_lives_are_equivalent():
    report = verify(DELETE)
    assert (report.verdict, report.findings) == (Verdict.EQUIVALENT, ()), report
    assert {200, 201, 204, 400, 404} <= set(report.statuses)


def test_a_value_that_is_not_free_again_is_found_by_the_second_create():
    report = verify(DELETE, "taken")
    assert report.verdict is Verdict.DIVERGED
    assert "status at status" in places(report)
    [finding] = [finding for finding in report.findings if finding.call.endpoint == CREATE]
    assert finding.curl.count("curl ") > 4


def test_an_answer_that_is_read_between_two_writes_is_compared():
    report = verify(DELETE, "stale")
    assert places(report) == {"value at $.name"}
    assert {finding.call.method for finding in report.findings} == {"GET"}
