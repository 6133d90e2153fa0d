"""cacheops patches Django for good, so its scenarios run in processes that have it installed."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SETTINGS = {
    "cacheops_scenarios.py": "tests.django.cacheops_settings",
    "cacheops_results_scenarios.py": "tests.django.cacheops_results_settings",
}
NAMES = [
    (file, name)
    for file in SETTINGS
    for name in re.findall(r"^def (test_\w+)", (HERE / file).read_text(), re.MULTILINE)
]


@cache
def outcome(file: str) -> str:
    """What pytest says of each scenario of a file."""
    command = [sys.executable, "-m", "pytest", f"--ds={SETTINGS[file]}", "-rA", "-q", str(HERE / file)]
    done = subprocess.run(command, check=False, cwd=HERE.parents[1], capture_output=True, text=True, timeout=100)
    return done.stdout + done.stderr


@pytest.mark.parametrize(("file", "name"), NAMES)
def test_with_cacheops_installed(file: str, name: str) -> None:
    said, path = outcome(file), rf"{file}::{name}\b"
    assert re.search(rf"^PASSED \S*{path}", said, re.MULTILINE), said
    assert not re.search(rf"^(FAILED|ERROR) \S*{path}", said, re.MULTILINE), said
