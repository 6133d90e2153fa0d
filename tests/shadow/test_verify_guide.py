"""What shadow/docs/verify.md and writes.md show works as it is written, and its numbers are the command's."""

import re
import shlex
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from strangler_shadow import corpus, edges, replay
from strangler_shadow.management.commands import strangler_verify
from tests.conftest import CATALOG

pytestmark = pytest.mark.parametrize("seeded_academy", ["sqlite_file"], indirect=True)
DOCS = Path(__file__).parents[2] / "shadow/docs"
GUIDE = (DOCS / "verify.md").read_text()
COMMANDS = [
    line.removeprefix("$ ")
    for text in re.findall(r"```console\n(.*?)```", GUIDE + (DOCS / "writes.md").read_text(), re.DOTALL)
    for line in text.replace("\\\n> ", "").splitlines()
    # The shop is nobody's.
    if "shop:" not in line
]


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_runs_as_it_is_written(line, academy, settings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACADEMY_STATE", str(tmp_path))
    monkeypatch.setenv("ACADEMY_DATABASE", str(connection.settings_dict["NAME"]))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
    (tmp_path / "requests.txt").write_text("GET /api/v1/educators/1/\nGET /api/v1/educators/2/ learner-00001\n")
    settings.STRANGLER = {
        **settings.STRANGLER,
        "SHADOW": {**settings.STRANGLER["SHADOW"], "CORPUS": str(tmp_path / "corpus")},
        "TARGETS": {CATALOG: academy.targets},
    }
    replay._handler.cache_clear()
    program, verb, *arguments = shlex.split(line)
    assert (program, verb) == ("strangler", "verify")
    if "--profile" not in arguments:
        arguments += ["--examples", "2"]
    with pytest.raises(SystemExit) as ended:
        call_command("strangler_verify", *arguments)
    replay._handler.cache_clear()
    assert ended.value.code == 0


def test_every_number_is_the_command_s(seeded_academy):
    for words in (
        f"`--examples` drawn calls an endpoint ({strangler_verify.EXAMPLES})",
        f"as many as `--seconds` allow ({strangler_verify.SECONDS:.0f})",
        f"| seed | {strangler_verify.SEED}, so each run",
        f"the newest {corpus.LARGEST} calls of an endpoint",
    ):
        assert words in GUIDE


def test_every_edge_that_it_names_is_one(seeded_academy):
    assert {-0.0, 1e-300, 1e308} <= set(edges.FLOATS)
    assert {moment.year for moment in edges.MOMENTS} >= {1, 9999}
    assert any(ord(letter) > 0xFFFF for letter in edges.TEXTS[0])
