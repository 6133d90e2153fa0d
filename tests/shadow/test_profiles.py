"""The gate profile repeats itself; the explore profile spends its time, and keeps what it found for the gate."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import load_command_class

from strangler_shadow import replay
from tests.conftest import CATALOG
from tests.shadow.test_verify import EDUCATOR, LESSONS, LIST, buggy_server

pytestmark = pytest.mark.parametrize("seeded_academy", ["sqlite_file"], indirect=True)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def strangler(own_corpus: None, academy: Any, settings: Any, capsys: pytest.CaptureFixture[str]) -> Run:
    """`strangler verify` in this process on the native rung: exit code, standard output and standard error."""

    def run(*arguments: str, address: str = academy.targets["native"]) -> tuple[int, str, str]:
        settings.STRANGLER = {**settings.STRANGLER, "TARGETS": {CATALOG: {"native": address}}}
        replay._handler.cache_clear()
        command = load_command_class("strangler_shadow", "strangler_verify")
        with pytest.raises(SystemExit) as ended:
            command.run_from_argv(["strangler", "strangler_verify", *arguments, "--rung", "native"])
        return int(ended.value.code or 0), *capsys.readouterr()

    return run


def calls_by_endpoint(report: Path) -> dict[str, int]:
    return {found["endpoint"]: found["calls"] for found in json.loads(report.read_text())["endpoints"]}


def test_the_gate_makes_the_same_calls_each_time(strangler, tmp_path):
    reports = [tmp_path / name for name in ("one.json", "other.json")]
    for report in reports:
        code, out, _ = strangler(EDUCATOR, "--examples", "5", "--report", f"json={report}")
        assert code == 0, out
    one, other = (json.loads(report.read_text())["endpoints"][0] for report in reports)
    assert one["calls"] == other["calls"]
    assert one["statuses"] == other["statuses"]


def test_exploring_spends_its_time_on_every_endpoint_and_says_its_seed(strangler, tmp_path):
    began = time.monotonic()
    report = tmp_path / "report.json"
    endpoints = (EDUCATOR, LESSONS, LIST)
    code, out, _ = strangler(
        *endpoints, "--profile", "explore", "--seconds", "6", "--seed", "7", "--report", f"json={report}"
    )
    assert code == 0, out
    assert "explore: 6 s, --seed 7 repeats it" in out
    assert 6 < time.monotonic() - began < 20
    calls = calls_by_endpoint(report)
    assert min(calls.values()) > 30, calls
    assert f"{sum(calls.values()):,} calls, " in out
    _, again, _ = strangler(EDUCATOR, "--profile", "explore", "--seconds", "1")
    assert "explore: 1 s, --seed 7 repeats it" not in again


def test_what_exploring_found_is_asked_first_by_the_gate(strangler, academy):
    with buggy_server(academy.url) as address:
        code, out, _ = strangler(EDUCATOR, "--profile", "explore", "--seconds", "3", address=address)
        assert code == 1
        assert "value at $.course_count" in out
        code, out, _ = strangler(EDUCATOR, "--examples", "1", address=address)
    assert code == 1


# SIGUSR1 has it interrupted where Python prints and forgets what is raised.
FORGETFUL = """
import gc, os, signal, sys
from strangler_router.command_line import main

def interrupt(phase, info):
    gc.callbacks.remove(interrupt)
    os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGUSR1, lambda *_: gc.callbacks.append(interrupt))
sys.exit(main())
"""


@pytest.mark.parametrize(
    ("program", "signal_number"),
    [
        ([str(Path(sys.executable).with_name("strangler"))], signal.SIGINT),
        ([sys.executable, "-c", FORGETFUL], signal.SIGUSR1),
    ],
    ids=["raised", "forgotten"],
)
def test_who_interrupts_has_what_was_found_until_then(academy, tmp_path, program, signal_number):
    with buggy_server(academy.url) as address:
        environment = {
            **os.environ, "ACADEMY_DATABASE": academy.url.removeprefix("sqlite:///"), "ACADEMY_STATE": str(tmp_path),
            "ACADEMY_CATALOG": address, "PYTHONUNBUFFERED": "1",
        }  # fmt: skip
        line = [*program, "verify", EDUCATOR, LIST, "--rung", "native"]
        process = subprocess.Popen(
            [*line, "--profile", "explore", "--seconds", "100"], env=environment, stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout.readline().startswith("explore: 100 s, --seed ")
            time.sleep(4)
            process.send_signal(signal_number)
            out, _ = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 1, out
    assert "value at $.course_count" in out
    assert EDUCATOR in out
    assert LIST in out
    [kept] = [path for path in (tmp_path / "corpus").iterdir() if "educator" in path.name]
    assert json.loads(kept.read_text())


WRONG = [
    (["--profile", "explore", "--examples", "9"], "--examples 9: the explore profile goes on until its time is over"),
    (["--seconds", "5"], "--seconds 5: the gate profile makes a number of calls; add --profile explore"),
    (["--profile", "explore", "--seconds", "0"], "--seconds 0: a time above 0 is needed"),
    (["--profile", "explore", "--seconds", "inf"], "--seconds inf: a time above 0 is needed"),
    (["--profile", "exploit"], "invalid choice: 'exploit'"),
    (["--rows", "-1"], "--rows -1: a number of rows, or 0 for none"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_options_that_do_not_go_together_exit_64(strangler, arguments, message):
    code, out, error = strangler(EDUCATOR, *arguments)
    assert (code, out) == (64, "")
    assert message in error
