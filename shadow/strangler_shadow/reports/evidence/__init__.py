"""Write down what live pairs say of endpoints: HTML to read, JSON for programs, JUnit XML for CI, Markdown."""

from pathlib import Path

from strangler_django.report_files import write_rendered
from strangler_shadow.reports.evidence.found import EvidenceReport

__all__ = ["KINDS", "write_evidence"]

MODULES = {
    "html": "strangler_shadow.reports.evidence.html",
    "json": "strangler_shadow.reports.evidence.json_document",
    "junit": "strangler_shadow.reports.evidence.junit",
    "markdown": "strangler_shadow.reports.evidence.markdown",
    "md": "strangler_shadow.reports.evidence.markdown",
}
KINDS = tuple(MODULES)


def write_evidence(report: EvidenceReport, kind: str, path: Path) -> None:
    """Write the report as `kind`, one of `KINDS`; missing folders are made, an existing file is replaced.

    Raises `ReportNotWritten` for an unknown kind, a library that is missing, and a path that cannot be written.
    """
    write_rendered(report, kind, path, MODULES)
