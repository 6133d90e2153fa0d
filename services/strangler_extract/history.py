"""What git knows of the contracts: an earlier version, and the two sides of a lock that is in conflict."""

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from strangler_extract.lock import Lock
from strangler_extract.lock_text import parse
from strangler_protos.errors import ContractError

__all__ = ["conflicts", "earlier", "sides"]

BASE, OURS, THEIRS = 1, 2, 3


@contextmanager
def earlier(root: Path, against: str) -> Iterator[Path]:
    """The folder of the contracts as another folder has them, or as they were in a commit."""
    if Path(against).is_dir():
        yield Path(against)
        return
    found = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{against}^{{commit}}")
    if found.returncode:
        raise ContractError(
            f"{against!r} is neither a folder nor a commit that this clone has; in CI, fetch it first: "
            "git fetch --depth=1 origin main && strangler contract diff --against FETCH_HEAD"
        )
    commit = found.stdout.decode().strip()
    with tempfile.TemporaryDirectory() as folder:
        # The folder may not have been there yet.
        if _git(root, "ls-tree", "--name-only", commit, "./").stdout:
            archived = _git(root, "archive", "--format=tar", commit, ".")
            if archived.returncode:
                raise ContractError(f"git archive {commit}: {archived.stderr.decode().strip()}")
            with tarfile.open(fileobj=io.BytesIO(archived.stdout)) as tar:
                tar.extractall(folder, filter="data")
        yield Path(folder)


def conflicts(root: Path) -> list[Path]:
    """The locks below a folder that a merge left in conflict."""
    listed = _git(root, "ls-files", "--unmerged", "-z", "--", "*.lock.json")
    if listed.returncode:
        raise ContractError(f"git ls-files: {listed.stderr.decode().strip()}")
    names = {line.partition("\t")[2] for line in listed.stdout.decode().split("\0") if line}
    return [root / name for name in sorted(names)]


def sides(path: Path) -> tuple[Lock, Lock, Lock]:
    """A lock in conflict as the merge base, our side and their side have it; empty where a side has none."""
    return _side(path, BASE, "base"), _side(path, OURS, "ours"), _side(path, THEIRS, "theirs")


def _side(path: Path, stage: int, name: str) -> Lock:
    shown = _git(path.parent, "show", f":{stage}:./{path.name}")
    return Lock() if shown.returncode else parse(shown.stdout.decode(), f"{path} ({name})")


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=False)  # noqa: S603, S607
