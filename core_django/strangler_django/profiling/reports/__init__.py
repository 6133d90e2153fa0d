"""Write a profile down: text to read, JSON for programs, one HTML page."""

from importlib import import_module
from pathlib import Path

from strangler_django.profiling.report import Report
from strangler_protos.errors import StranglerError

__all__ = ["KINDS", "ProfileNotWritten", "render_report", "write_report"]

# Each module has `render(report) -> str`; HTML alone needs Jinja2, so modules load when they are asked for.
MODULES = {"html": "html", "json": "json_document", "text": "text"}
KINDS = tuple(MODULES)


class ProfileNotWritten(StranglerError):
    """A report could not be written: Jinja2 is missing, or its path cannot be."""


def render_report(report: Report, kind: str) -> str:
    """The report as text of one of `KINDS`. Raises ProfileNotWritten where a package is missing."""
    try:
        module = import_module(f"strangler_django.profiling.reports.{MODULES[kind]}")
    except ModuleNotFoundError as error:
        if error.name != "jinja2":
            raise
        raise ProfileNotWritten(
            "The HTML report needs Jinja2: pip install 'django-strangler[verify]', or ask for text or json."
        ) from error
    text: str = module.render(report)
    return text


def write_report(report: Report, kind: str, path: Path) -> None:
    """Write the report as `kind`; missing folders are made, an existing file is replaced. Raises ProfileNotWritten."""
    text = render_report(report, kind)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    except OSError as error:
        raise ProfileNotWritten(f"The {kind} report cannot be written to {path}: {error.strerror}.") from error
