"""services/docs/contracts.md does what it shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import strangler_extract
from strangler_extract.lock_text import compose, parse
from tests.extract.small_contract import COLOUR, COLOUR_AND_FLAVOUR, FLAVOUR, commit, git, repository, run, written

GUIDE = (Path(strangler_extract.__file__).parents[1] / "docs" / "contracts.md").read_text()
CONSOLES = re.findall(r"```console\n(.*?)```", GUIDE, re.DOTALL)


def play(console, folder):
    """Run each command of a block in a folder; returns the block with what they really print."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    played = ""
    for command in re.findall(r"^\$ (.*)", console, re.MULTILINE):
        finished = subprocess.run(
            command,
            shell=True,
            cwd=folder,
            env=os.environ | {"PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        shown = [
            line for line in finished.stdout.splitlines(keepends=True) if not line.startswith(("Auto-", "Automatic"))
        ]
        played += f"$ {command}\n{''.join(shown)}{finished.stderr}"
    return played


def branch(clone, name, source):
    git(clone, "switch", "--quiet", "-c", name, "main")
    run("lock", root=written(clone / "protos", source))
    commit(clone, name)


def test_the_lock_that_is_shown_is_one():
    [text] = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    assert compose(parse(text, "contracts.md")) == text


def test_the_merge_goes_as_it_is_shown(tmp_path):
    clone = repository(tmp_path)
    branch(clone, "flavours", FLAVOUR)
    branch(clone, "colours", COLOUR)
    merge, after, _ = CONSOLES
    assert play(merge, clone) == merge
    written(clone / "protos", COLOUR_AND_FLAVOUR)
    assert play(after, clone) == after


def test_the_check_in_ci_goes_as_it_is_shown(tmp_path):
    (tmp_path / "origin").mkdir()
    origin = repository(tmp_path / "origin")
    branch(origin, "flavours", FLAVOUR)
    git(tmp_path, "clone", "--quiet", "--depth=1", "--branch=flavours", f"file://{origin}", "clone")
    assert play(CONSOLES[2], tmp_path / "clone") == (
        CONSOLES[2] + "        shop.catalog.v1.Book: flavour added as 7, string\n"
    )
