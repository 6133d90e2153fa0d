"""Where things are, and a virtual environment of their own for DRF, its tests' requirements and the framework."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

from own_environment import ROOT, OwnEnvironment  # noqa: E402

__all__ = ["BUILD", "OWN", "ROOT", "environment"]

BUILD = ROOT / "build" / "drf-suite"
OWN = OwnEnvironment(
    folder=ROOT / ".venv-drf",
    build=BUILD,
    requirements=HERE / "requirements.txt",
    holds="DRF's requirements",
    complete=False,
)


def environment() -> dict[str, str]:
    """Variables of a run of DRF's tests; sets of strings have the same order in each."""
    dropped = ("DATABASE_URL", "DJANGO_", "PYTEST_", "PYTHON", "STRANGLER_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return {**inherited, "PYTHONPATH": str(HERE), "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
