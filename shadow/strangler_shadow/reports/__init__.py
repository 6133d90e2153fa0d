"""Write a report down: HTML to read, JSON for programs, JUnit XML for CI, Markdown to comment, pytest to keep."""

from importlib import import_module
from pathlib import Path

from strangler_shadow.report import Report
from strangler_shadow.reports.errors import ReportNotWritten

__all__ = ["KINDS", "ReportNotWritten", "write_report"]

# Each module has `render(report) -> str`; HTML alone needs Jinja2, so modules load when they are asked for.
MODULES = {"html": "html", "json": "json_document", "junit": "junit", "md": "markdown", "pytest": "pytest_file"}
KINDS = tuple(MODULES)


def write_report(report: Report, kind: str, path: Path) -> None:
    """Write the report as `kind`, one of `KINDS`; missing folders are made, an existing file is replaced.

    Raises `ReportNotWritten` for an unknown kind and for a path that cannot be written.
    """
    if kind not in MODULES:
        raise ReportNotWritten(f"There is no report of kind {kind!r}; choose one of {', '.join(KINDS)}.")
    text: str = import_module(f"strangler_shadow.reports.{MODULES[kind]}").render(report)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    except OSError as error:
        where = "" if error.filename in (None, str(path)) else f" ({error.filename})"
        reason = error.strerror or str(error)
        raise ReportNotWritten(
            f"The {kind} report cannot be written to {path}: {reason}{where}. Name a file in a folder that is writable."
        ) from error
