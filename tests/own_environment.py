"""A virtual environment of its own for other projects' requirements and the framework; needs no library."""

import hashlib
import os
import subprocess
import sys
import time
import venv
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ROOT", "OwnEnvironment"]

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("core_django", "protos", "services", "router", "shadow")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnEnvironment:
    """The environment at `folder` with what `requirements` (a file) lists; pip writes its log into `build`."""

    folder: Path
    build: Path
    requirements: Path
    # What they are, in words.
    holds: str
    # Whether they have all that the framework depends on.
    complete: bool

    def program(self, name: str) -> str:
        """Path of a program in the environment."""
        return str(self.folder / "bin" / name)

    def enter(self) -> None:
        """Go on inside of it, with what is missing or older than its source installed; only then does this return."""
        self.build.mkdir(parents=True, exist_ok=True)
        if Path(sys.prefix) == self.folder:
            return
        started = time.monotonic()
        done = self._prepare()
        print(f"installed {' and '.join(done) or 'nothing new'} in {time.monotonic() - started:.1f} s", flush=True)
        os.execv(self.program("python"), [self.program("python"), *sys.argv])

    def _prepare(self) -> list[str]:
        done = []
        if not Path(self.program("python")).exists():
            venv.create(self.folder, clear=True, with_pip=True)
        digest = _digest([self.requirements])
        if self._changed("requirements", digest):
            self._pip("install", "-r", str(self.requirements))
            self._stamp("requirements", digest)
            done.append(self.holds)
        digest = _digest(_framework())
        if self._changed("framework", digest):
            self._pip("install", "--no-deps", "--force-reinstall", str(ROOT))
            if self.complete:
                self._pip("check")
            self._stamp("framework", digest)
            done.append("the framework's wheel")
        return done

    def _changed(self, name: str, digest: str) -> bool:
        stamp = self.folder / f"{name}.installed"
        return not stamp.exists() or stamp.read_text() != digest

    def _stamp(self, name: str, digest: str) -> None:
        (self.folder / f"{name}.installed").write_text(digest)

    def _pip(self, *arguments: str) -> None:
        log = self.build / "pip.log"
        with log.open("w") as file:
            found = subprocess.run(
                [self.program("python"), "-m", "pip", "--disable-pip-version-check", *arguments],
                stdout=file,
                stderr=subprocess.STDOUT,
                timeout=600,
                check=False,
            )
        if found.returncode:
            sys.exit(f"pip {' '.join(arguments)} failed:\n{log.read_text()[-3000:]}")


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
