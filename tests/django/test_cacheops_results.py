"""cacheops patches Django for good, so its scenarios run in a process that has it installed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

SCENARIOS = Path(__file__).with_name("cacheops_results_scenarios.py")
NAMES = re.findall(r"^def (test_\w+)", SCENARIOS.read_text(), re.MULTILINE)
ROOT = SCENARIOS.parents[2]


@pytest.fixture(scope="module")
def outcome() -> str:
    options = ["--ds=tests.django.cacheops_results_settings", "-rA", "-q"]
    command = [sys.executable, "-m", "pytest", *options, str(SCENARIOS)]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=100)
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_with_cacheops_installed(outcome: str, name: str) -> None:
    path = rf"{SCENARIOS.name}::{name}\b"
    assert re.search(rf"^PASSED \S*{path}", outcome, re.MULTILINE), outcome
    assert not re.search(rf"^(FAILED|ERROR) \S*{path}", outcome, re.MULTILINE), outcome
