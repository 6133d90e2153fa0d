"""Where things are, and a virtual environment of their own for DRF, its tests' requirements and the framework."""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

__all__ = ["BUILD", "HERE", "ROOT", "VENV", "environment", "prepare", "program"]

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
VENV = ROOT / ".venv-drf"
BUILD = ROOT / "build" / "drf-suite"
REQUIREMENTS = HERE / "requirements.txt"
SOURCES = ("core_django", "protos", "services", "router", "shadow")


def program(name: str) -> str:
    """Path of a program in the environment."""
    return str(VENV / "bin" / name)


def environment() -> dict[str, str]:
    """Variables of a run of DRF's tests; sets of strings have the same order in each."""
    dropped = ("DATABASE_URL", "DJANGO_", "PYTEST_", "PYTHON", "STRANGLER_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return {**inherited, "PYTHONPATH": str(HERE), "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}


def prepare() -> list[str]:
    """Install what is missing or older than its source; says what was done."""
    done = []
    if not Path(program("python")).exists():
        venv.create(VENV, clear=True, with_pip=True)
    if _changed("requirements", _digest([REQUIREMENTS])):
        _pip("install", "-r", str(REQUIREMENTS))
        _stamp("requirements", _digest([REQUIREMENTS]))
        done.append("DRF's requirements")
    digest = _digest(_framework())
    if _changed("framework", digest):
        _pip("install", "--no-deps", "--force-reinstall", str(ROOT))
        _stamp("framework", digest)
        done.append("the framework's wheel")
    return done


def _framework() -> list[Path]:
    files = [ROOT / "pyproject.toml", ROOT / "README.md"]
    for source in SOURCES:
        for package in sorted((ROOT / source).glob("strangler_*")):
            files += sorted(path for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return files


def _digest(files: list[Path]) -> str:
    digest = hashlib.sha256(sys.version.encode())
    for file in files:
        digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def _changed(name: str, digest: str) -> bool:
    stamp = VENV / f"{name}.installed"
    return not stamp.exists() or stamp.read_text() != digest


def _stamp(name: str, digest: str) -> None:
    (VENV / f"{name}.installed").write_text(digest)


def _pip(*arguments: str) -> None:
    log = BUILD / "pip.log"
    with log.open("w") as file:
        found = subprocess.run(
            [program("python"), "-m", "pip", "--disable-pip-version-check", *arguments],
            stdout=file,
            stderr=subprocess.STDOUT,
            timeout=600,
            check=False,
        )
    if found.returncode:
        sys.exit(f"pip {' '.join(arguments)} failed:\n{log.read_text()[-3000:]}")
