"""The console script, as a shell or a CI job runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from strangler_django import verb
from strangler_router import gate
from strangler_router.command_line import run_verb

SCRIPT = Path(sys.executable).parent / "strangler"
MANAGE = Path(__file__).parents[2] / "core_django" / "manage.py"
NAME = "v1:educator-detail.get"


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    """A directory with a migrated database, and settings of several kinds."""
    path = tmp_path_factory.mktemp("command line")
    environment = {**os.environ, "ACADEMY_STATE": str(path)}
    command = [sys.executable, str(MANAGE), "migrate", "--verbosity", "0"]
    subprocess.run(command, env=environment, check=True, timeout=60)
    (path / "gated.py").write_text(
        "from academy.settings import *\n"
        "STRANGLER = {**STRANGLER, 'GATE': 'gated.refuse'}\n"
        "def refuse(endpoint, *, stage, basis_points, rung):\n"
        "    from strangler_router.gate import Judgement, Verdict\n"
        "    return Judgement(verdict=Verdict.STALE, reason='the contract changed')\n"
    )
    (path / "crashing.py").write_text("raise RuntimeError('no secret key')\n")
    (path / "broken.py").write_text("import nothing_of_this_name\n")
    return path


@pytest.fixture
def strangler(state):
    def run(*arguments, module="academy.settings", command=(str(SCRIPT),)):
        environment = {**os.environ, "ACADEMY_STATE": str(state), "DJANGO_SETTINGS_MODULE": module}
        if not module:
            del environment["DJANGO_SETTINGS_MODULE"]
        return subprocess.run(
            [*command, *arguments], cwd=state, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    return run


def test_the_exit_codes_are_told_once():
    assert (verb.USAGE, verb.CHECK_FAILED, verb.CRASH) == (gate.USAGE, gate.CHECK_FAILED, gate.CRASH) == (64, 65, 70)


def test_a_change_made_on_the_command_line_is_seen_by_the_next_command(strangler):
    moved = strangler("cutover", NAME, "--stage", "canary", "--percent", "5", "--why", "try it")
    assert (moved.returncode, moved.stderr) == (0, "")
    assert moved.stdout == f"{NAME}: monolith, mirror 0 %, rung lifted -> canary 5 %, mirror 0 %, rung lifted\n"
    listed = strangler("endpoints", "--format", "json")
    assert listed.returncode == 0
    assert {row["endpoint"]: row["percent"] for row in json.loads(listed.stdout)}[NAME] == 5.0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "usage: strangler VERB"),
        (["nonsense"], "there is no verb 'nonsense'"),
        (["cutover"], "strangler cutover: the following arguments are required: ID, --why"),
        (["cutover", "nonsense", "--why", "x"], "'nonsense' is not bound"),
        (["explain", NAME, "--user", "nobody"], "there is no user 'nobody'"),
        (["endpoints", "--format", "xml"], "invalid choice: 'xml'"),
    ],
    ids=repr,
)
@pytest.mark.django_db
def test_a_usage_error_exits_64_and_says_what_is_wrong(capsys, arguments, words):
    with pytest.raises(SystemExit) as ended:
        run_verb(arguments)
    assert ended.value.code == 64
    printed = "".join(capsys.readouterr())
    assert words in printed
    assert "Traceback" not in printed


def test_help_lists_the_verbs(capsys):
    with pytest.raises(SystemExit) as ended:
        run_verb(["--help"])
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    for found in ("cutover", "endpoints", "explain", "host"):
        assert f"  {found}\n" in printed


def test_the_help_of_a_verb_exits_0(capsys):
    with pytest.raises(SystemExit) as ended:
        run_verb(["cutover", "--help"])
    assert ended.value.code == 0
    assert "usage: strangler cutover" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("module", "code", "words"),
    [
        ("", 64, "set DJANGO_SETTINGS_MODULE or give --settings"),
        ("nowhere.settings", 64, "the settings 'nowhere.settings' cannot be imported"),
        ("broken", 64, "nothing_of_this_name"),
        ("crashing", 70, "RuntimeError: no secret key"),
    ],
)
def test_settings_that_do_not_load_have_an_exit_code_of_their_own(strangler, module, code, words):
    ended = strangler("endpoints", module=module)
    assert ended.returncode == code
    assert words in ended.stderr


@pytest.mark.parametrize("spelled", [["--settings=crashing"], ["--settings", "crashing"]])
def test_settings_can_be_named_on_the_command_line(strangler, spelled):
    assert "no secret key" in strangler("endpoints", *spelled, module="").stderr


def test_a_gate_s_verdict_is_the_exit_code(strangler):
    ended = strangler("cutover", NAME, "--stage", "service", "--why", "x", module="gated")
    assert (ended.returncode, ended.stdout) == (gate.Verdict.STALE, "")
    assert "the gate says STALE: the contract changed" in ended.stderr


def test_a_database_that_is_away_exits_70_and_says_what_to_do(strangler, state, monkeypatch):
    monkeypatch.setenv("ACADEMY_DATABASE", str(state / "missing" / "academy.sqlite3"))
    ended = strangler("endpoints")
    assert ended.returncode == 70
    assert ended.stderr.startswith("the database cannot be used: unable to open database file; is it there")
    assert "OperationalError" in strangler("endpoints", "--traceback").stderr


def test_manage_py_knows_the_short_spelling(strangler):
    ended = strangler("strangler", "nonsense", command=(sys.executable, str(MANAGE)))
    assert ended.returncode == 64
    assert "there is no verb 'nonsense'" in ended.stderr


def test_a_verb_whose_package_is_missing_exits_64_and_names_it(state, strangler, monkeypatch):
    blocked = state / "blocked" / "hypothesis"
    blocked.mkdir(parents=True, exist_ok=True)
    (blocked / "__init__.py").write_text("raise ImportError('No module named hypothesis')")
    monkeypatch.setenv("PYTHONPATH", str(blocked.parent))
    ended = strangler("verify")
    assert ended.returncode == 64
    assert "'verify' needs a package that is not installed: No module named hypothesis" in ended.stderr
