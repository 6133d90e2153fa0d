"""A report's file."""

from collections.abc import Sequence
from pathlib import Path

from strangler_django.verb import UsageError
from strangler_shadow.reports.errors import ReportNotWritten

__all__ = ["report_file", "write_text"]


def report_file(text: str, kinds: Sequence[str]) -> tuple[str, Path]:
    """Kind and path of a command's `--report KIND=PATH`; `UsageError` now, not after a long run."""
    kind, separator, path = text.partition("=")
    if kind not in kinds or not separator or not path:
        raise UsageError(f"--report {text}: write KIND=PATH, and KIND is one of {', '.join(kinds)}")
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).open("ab").close()
    except OSError as error:
        raise UsageError(f"--report {text}: {error.strerror}") from error
    return kind, Path(path)


def write_text(text: str, kind: str, path: Path) -> None:
    """Write a report of this kind; missing folders are made, and `ReportNotWritten` says why it cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    except OSError as error:
        where = "" if error.filename in (None, str(path)) else f" ({error.filename})"
        reason = error.strerror or str(error)
        raise ReportNotWritten(
            f"The {kind} report cannot be written to {path}: {reason}{where}. Name a file in a folder that is writable."
        ) from error
