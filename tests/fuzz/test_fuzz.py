import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.faults import FAULTS, SEED

ROOT = Path(__file__).parents[2]


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own: the fuzzer is a project with its own settings, and no test's state is in its way."""
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=1700)


@pytest.mark.timeout(1800)
def test_10_000_cases_are_byte_for_byte_what_drf_answers() -> None:
    done = python("tests.fuzz", "--seed", str(SEED), "--cases", "10000")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warm reads came from the cache" in done.stdout


@pytest.mark.timeout(600)
@pytest.mark.parametrize("fault", FAULTS)
def test_the_fuzzer_sees_a_planted_fault(fault: str) -> None:
    done = python("tests.fuzz.faults", fault)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_seed_plays_the_same_cases_again() -> None:
    first, second = (python("tests.fuzz", "--seed", "7", "--cases", "100").stdout.splitlines()[:2] for _ in range(2))
    assert first == second
