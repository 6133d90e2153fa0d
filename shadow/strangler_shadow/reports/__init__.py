"""Write a report down: HTML to read, JSON for programs, JUnit XML for CI, Markdown to comment, pytest to keep."""

from pathlib import Path

from strangler_django.report_files import ReportNotWritten, write_rendered
from strangler_shadow.report import Report

__all__ = ["KINDS", "ReportNotWritten", "write_report"]

MODULES = {
    "html": "strangler_shadow.reports.html",
    "json": "strangler_shadow.reports.json_document",
    "junit": "strangler_shadow.reports.junit",
    "markdown": "strangler_shadow.reports.markdown",
    "md": "strangler_shadow.reports.markdown",
    "pytest": "strangler_shadow.reports.pytest_file",
}
KINDS = tuple(MODULES)


def write_report(report: Report, kind: str, path: Path) -> None:
    """Write the report as `kind`, one of `KINDS`; missing folders are made, an existing file is replaced.

    Raises `ReportNotWritten` for an unknown kind, a library that is missing, and a path that cannot be written.
    """
    write_rendered(report, kind, path, MODULES)
