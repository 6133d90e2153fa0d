"""The guide's commands, as they are written."""

import json
import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

import strangler_django
from strangler_django.profiling.report import Remedy
from tests.conftest import default_database

GUIDE = (Path(strangler_django.__file__).parents[1] / "docs" / "profiling.md").read_text()
COMMANDS = re.findall(r"^\$ (.*)$", "".join(re.findall(r"```console\n(.*?)```", GUIDE, re.DOTALL)), re.MULTILINE)
[REQUESTS] = [block for block in re.findall(r"```text\n(.*?)```", GUIDE, re.DOTALL) if block.startswith("GET ")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, django_db_blocker):
    """A folder with the guide's file of requests, and the academy's database with 50 courses."""
    folder = tmp_path_factory.mktemp("guide")
    (folder / "requests.txt").write_text(REQUESTS)
    (folder / "build").mkdir()
    with django_db_blocker.unblock(), default_database({"NAME": str(folder / "academy.sqlite3")}):
        call_command("migrate", verbosity=0)
        call_command("seed", courses=50, stdout=StringIO())
    return folder


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_guide_runs(folder, command):
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "ACADEMY_STATE": str(folder),
        "DJANGO_SETTINGS_MODULE": "academy.settings",
    }
    done = subprocess.run(
        command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    if ">" in command:
        assert done.stdout == ""
    else:
        assert "0 N+1s in" in done.stdout


def test_the_guide_lists_every_remedy():
    assert set(re.findall(r"^\| `(\w+)` \|", GUIDE, re.MULTILINE)) == set(Remedy)


def test_the_table_that_the_guide_shows_is_the_academy_s(folder):
    shown = re.findall(r"^(v1:\S+)\s+(\d+)\s.*?(\d+ of \d+)\s+(\d+)$", GUIDE, re.MULTILINE)
    environment = os.environ | {"ACADEMY_STATE": str(folder), "DJANGO_SETTINGS_MODULE": "academy.settings"}
    command = [Path(sys.executable).with_name("strangler"), "profile", "--format", "json"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    assert shown == [
        (
            found["endpoint"],
            str(found["size"]),
            f"{found['cacheable']['shared']} of {found['cacheable']['total']}",
            str(len(found["findings"])),
        )
        for found in json.loads(done.stdout)["endpoints"]
        if found["state"] == "profiled"
    ]
