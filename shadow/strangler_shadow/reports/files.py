"""A report's file."""

from pathlib import Path

from strangler_shadow.reports.errors import ReportNotWritten

__all__ = ["write_text"]


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
