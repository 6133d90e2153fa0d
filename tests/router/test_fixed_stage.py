import json

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command

from strangler_router.snapshot import Snapshot
from strangler_router.types import Reply

COURSES = "/api/v1/courses/"


def test_every_endpoint_is_in_the_fixed_stage_and_no_flag_is_read(
    settings, client, service, db, django_assert_num_queries
):
    settings.STRANGLER = {**settings.STRANGLER, "BACKEND": service, "FIXED_STAGE": "service", "REFRESH": 0.5}
    service.reply = Reply(data={"count": 0})
    with django_assert_num_queries(0):
        assert client.get(COURSES).json() == {"count": 0}


def test_a_flag_counts_for_nothing_under_a_fixed_stage(settings, move, service, client):
    move("v1:course-list.get", "service")
    settings.STRANGLER = {**settings.STRANGLER, "BACKEND": service, "FIXED_STAGE": "monolith"}
    assert client.get(COURSES).json()["count"] == 0
    assert service.calls == []


def test_the_kill_switch_wins_over_a_fixed_stage(settings, monkeypatch):
    monkeypatch.setenv("STRANGLER_KILL", "1")
    settings.STRANGLER = {"FIXED_STAGE": "service"}
    assert Snapshot().current().killed


def test_explain_and_endpoints_say_the_fixed_stage(settings, db, capsys):
    settings.STRANGLER = {**settings.STRANGLER, "FIXED_STAGE": "service"}
    call_command("strangler_explain", "v1:course-list.get", format="json")
    assert json.loads(capsys.readouterr().out)["because"] == "stage service"
    call_command("strangler_endpoints", bound=True, format="json")
    assert {row["stage"] for row in json.loads(capsys.readouterr().out)} == {"service"}


def test_nothing_can_be_moved_under_a_fixed_stage(settings, db):
    settings.STRANGLER = {**settings.STRANGLER, "FIXED_STAGE": "service"}
    with pytest.raises(CommandError, match="flags count for nothing") as refused:
        call_command("strangler_cutover", "v1:course-list.get", stage="monolith", why="test")
    assert refused.value.returncode == 64


@pytest.mark.parametrize("stage", ["canary", "retired", "Service", 1])
def test_another_word_is_an_error(settings, stage):
    settings.STRANGLER = {"FIXED_STAGE": stage}
    ids = [message.id for message in run_checks() if message.id.startswith("strangler_router")]
    assert ids == ["strangler_router.E001"]


def test_a_deployment_is_warned_of_a_fixed_stage(settings):
    settings.STRANGLER = {**settings.STRANGLER, "FIXED_STAGE": "service"}
    found = [message.id for message in run_checks(include_deployment_checks=True)]
    assert "strangler_router.W003" in found
    assert "strangler_router.W003" not in [message.id for message in run_checks()]
