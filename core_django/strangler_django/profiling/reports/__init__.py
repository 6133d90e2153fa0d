"""Write a profile down: text to read, JSON for programs, one HTML page."""

from pathlib import Path

from strangler_django.profiling.report import Report
from strangler_django.report_files import ReportNotWritten, rendered, write_rendered

__all__ = ["KINDS", "ReportNotWritten", "render_report", "write_report"]

MODULES = {
    "html": "strangler_django.profiling.reports.html",
    "json": "strangler_django.profiling.reports.json_document",
    "text": "strangler_django.profiling.reports.text",
}
KINDS = tuple(MODULES)


def render_report(report: Report, kind: str) -> str:
    """The report as text of one of `KINDS`. Raises `ReportNotWritten` where a library is missing."""
    return rendered(report, kind, MODULES)


def write_report(report: Report, kind: str, path: Path) -> None:
    """Write the report as `kind`; missing folders are made, an existing file is replaced. Raises `ReportNotWritten`."""
    write_rendered(report, kind, path, MODULES)
