"""DRF's source distribution of the version that requirements.lock pins, with its tests."""

import hashlib
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

from environment import BUILD, OWN, ROOT

__all__ = ["Unavailable", "unpack"]

NAME = "djangorestframework"
# What PyPI has under djangorestframework-VERSION.tar.gz; a new version needs a new line.
SHA256 = {"3.18.3": "446a9b352e7eff630421ab3f2328bd2401b109a9470afa4a31189994911ed030"}


class Unavailable(Exception):
    """The distribution could not be fetched, is not the one that is known, or holds no tests."""


def unpack() -> Path:
    """The folder with DRF's tests, fetched where it is missing, without the package itself.

    The tests then import the installed DRF. Raises Unavailable.
    """
    version = _pinned()
    archive = _fetch(version)
    folder = BUILD / f"{NAME}-{version}"
    shutil.rmtree(folder, ignore_errors=True)
    with tarfile.open(archive) as source:
        source.extractall(BUILD, members=_wanted(source, folder.name), filter="data")
    if not (folder / "tests" / "conftest.py").exists():
        raise Unavailable(f"{archive.name} holds no tests/conftest.py.")
    return folder


def _pinned() -> str:
    found = re.search(rf"^{NAME}==(\S+)$", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    if found is None:
        raise Unavailable(f"requirements.lock pins no {NAME}.")
    return found[1]


def _fetch(version: str) -> Path:
    if version not in SHA256:
        raise Unavailable(f"requirements.lock pins {NAME} {version}: add the SHA-256 of its tar.gz to distribution.py.")
    archive = BUILD / f"{NAME}-{version}.tar.gz"
    if not archive.exists():
        _download(version)
    found = hashlib.sha256(archive.read_bytes()).hexdigest() if archive.exists() else "nothing"
    if found != SHA256[version]:
        archive.unlink(missing_ok=True)
        raise Unavailable(f"{archive.name} has SHA-256 {found}, not {SHA256[version]}.")
    return archive


def _download(version: str) -> None:
    command = [OWN.program("python"), "-m", "pip", "--disable-pip-version-check", "download", "--no-deps"]
    command += ["--no-binary", NAME, "--dest", str(BUILD), f"{NAME}=={version}"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if found.returncode:
        raise Unavailable(f"PyPI's {NAME} {version} source cannot be fetched:\n{found.stdout}{found.stderr}"[-3000:])


def _wanted(source: tarfile.TarFile, folder: str) -> list[tarfile.TarInfo]:
    return [member for member in source if not member.name.startswith(f"{folder}/rest_framework/")]
