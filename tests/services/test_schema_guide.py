"""services/docs/schema.md does what it shows."""

import asyncio
import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from strangler_services.ledger import Ledger

GUIDE = (Path(__file__).parents[2] / "services/docs/schema.md").read_text()
CONSOLES = re.findall(r"```console\n(.*?)```", GUIDE, re.DOTALL)
RECORD, READY = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A migrated academy in a file; the page is followed beside it."""
    monkeypatch.chdir(tmp_path)
    played(tmp_path, "$ python -m django migrate --verbosity 0\n")
    return tmp_path


def played(folder, console):
    """The block with what its commands really print."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "ACADEMY_STATE": str(folder),
        "ACADEMY_DATABASE": str(folder / "academy.sqlite3"),
    }
    shown = ""
    for command in re.findall(r"^\$ (.*)", console, re.MULTILINE):
        done = subprocess.run(
            command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode in (0, 65), done.stderr
        shown += f"$ {command}\n{done.stdout}"
    return shown


def test_the_page_works_as_it_is_written(folder):
    describe, passes, fails = CONSOLES
    exec(RECORD, {})
    recorded = Ledger.read(folder / "queries.json")
    bare = {"service": recorded.service, "statements": {"sqlite": [{"sql": recorded.of("sqlite")[0].sql}]}}
    (folder / "queries.json").write_text(json.dumps(bare))
    assert played(folder, describe) == describe
    assert Ledger.read(folder / "queries.json").of("sqlite")[0] == recorded.of("sqlite")[0]
    assert played(folder, passes) == passes
    names: dict[str, object] = {}
    exec(READY, names)
    assert asyncio.run(names["ready"]())
    names["engine"].dispose()
    with closing(sqlite3.connect(folder / "academy.sqlite3")) as connection:
        connection.execute("ALTER TABLE catalog_course DROP COLUMN title")
    assert played(folder, fails) == fails


def test_the_ledger_that_is_shown_is_what_is_written(folder, tmp_path):
    [text] = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    shown = tmp_path / "shown.json"
    shown.write_text(text)
    Ledger.read(shown).write(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_text() == text
    sqlite = Ledger.read(shown).of("sqlite")
    played(folder, "$ strangler check-schema --describe shown.json\n")
    assert Ledger.read(shown).of("sqlite") == sqlite
