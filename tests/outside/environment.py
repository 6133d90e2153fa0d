"""Where things are, and a virtual environment of their own for ara and the framework."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

from own_environment import ROOT, OwnEnvironment  # noqa: E402

__all__ = ["BUILD", "HERE", "OWN", "environment"]

BUILD = ROOT / "build" / "outside"
OWN = OwnEnvironment(
    folder=ROOT / ".venv-outside",
    build=BUILD,
    requirements=HERE / "requirements.txt",
    holds="ara and its dependencies",
    complete=True,
)


def environment(settings: str, **values: str) -> dict[str, str]:
    """Variables of a program that runs ara with these settings."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("ARA_", "STRANGLER_", "PYTHON"))
    }
    return {
        **inherited,
        "DJANGO_SETTINGS_MODULE": settings,
        "ARA_BASE_DIR": str(BUILD / "state"),
        "ARA_SETTINGS": str(BUILD / "no-settings.yaml"),
        "ARA_SECRET_KEY": "for this run only " + "x" * 40,
        "ARA_TIME_ZONE": "UTC",
        "PYTHONWARNINGS": "ignore",
        "HYPOTHESIS_STORAGE_DIRECTORY": str(BUILD / "hypothesis"),
        **values,
    }
