"""Write down what live pairs say of endpoints: HTML to read, JSON for programs, JUnit XML for CI, Markdown."""

from importlib import import_module
from pathlib import Path

from strangler_shadow.reports.errors import ReportNotWritten
from strangler_shadow.reports.evidence.found import EvidenceReport
from strangler_shadow.reports.files import write_text

__all__ = ["KINDS", "write_evidence"]

# HTML alone needs Jinja2, so modules load when they are asked for.
MODULES = {
    "html": "html",
    "json": "json_document",
    "junit": "junit",
    "markdown": "markdown",
    "md": "markdown",
}
KINDS = tuple(MODULES)


def write_evidence(report: EvidenceReport, kind: str, path: Path) -> None:
    """Write the report as `kind`, one of `KINDS`; missing folders are made, an existing file is replaced.

    Raises `ReportNotWritten` for an unknown kind and for a path that cannot be written.
    """
    if kind not in MODULES:
        raise ReportNotWritten(f"There is no report of kind {kind!r}; choose one of {', '.join(KINDS)}.")
    write_text(import_module(f"{__name__}.{MODULES[kind]}").render(report), kind, path)
