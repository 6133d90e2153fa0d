"""The README's commands, as a newcomer would type them."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.end_to_end.demo.processes import free_port

ROOT = Path(__file__).parents[2]
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)


def lines() -> list[str]:
    """Every `$ …` line of the README."""
    blocks = "".join(CONSOLE.findall((ROOT / "README.md").read_text()))
    return [line.removeprefix("$ ") for line in blocks.splitlines() if line.startswith("$ ")]


def test_every_make_target_of_the_readme_exists_and_ci_or_this_suite_runs_it():
    targets = set(re.findall(r"(?:`|\$ )make ([\w-]+)", (ROOT / "README.md").read_text()))
    made = set(re.findall(r"^(\w[\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    run_by_ci = set(re.search(r"^make (.*)$", (ROOT / ".ci/run").read_text(), re.MULTILINE)[1].split())
    assert targets
    assert targets <= made
    # Numbers mean nothing on a busy machine, the suite fuzzes with a fixed seed, and DRF's suite takes its minutes.
    assert targets - run_by_ci <= {"bench", "bench-contracts", "bench-serializers", "bench-shadow", "drf-suite", "fuzz"}


def test_the_walk_across_and_back_works_as_it_is_written(tmp_path):
    commands = [line for line in lines() if not line.startswith("make ")]
    (tmp_path / "protos").symlink_to(ROOT / "protos")
    assert "strangler host &" in commands
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "ACADEMY_STATE": str(tmp_path),
        "ACADEMY_LIFTED": f"127.0.0.1:{free_port()}",
    }
    script = "set -e\ntrap 'kill $(jobs -p)' EXIT\n" + "\n".join(commands)
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "EQUIVALENT" in done.stdout
    assert "no differences" in done.stdout
    assert (tmp_path / "build/report.html").exists()
    assert (tmp_path / "build/profile.html").exists()
