"""A report's file."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

from strangler_django.verb import UsageError
from strangler_shadow.reports.errors import ReportNotWritten

__all__ = ["report_file", "write_rendered"]


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


def write_rendered(report: object, kind: str, path: Path, modules: Mapping[str, str]) -> None:
    """Write what the `render` of this kind's module makes of the report; missing folders are made.

    Raises `ReportNotWritten` for an unknown kind, a library that is missing, and a path that cannot be written.
    """
    if kind not in modules:
        raise ReportNotWritten(f"There is no report of kind {kind!r}; choose one of {', '.join(modules)}.")
    try:
        # Loaded when they are asked for: HTML alone needs Jinja2.
        render = import_module(modules[kind]).render
    except ImportError as error:
        raise ReportNotWritten(
            f"The {kind} report needs {error.name}: pip install django-strangler[verify]."
        ) from error
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(render(report).encode())
    except OSError as error:
        where = "" if error.filename in (None, str(path)) else f" ({error.filename})"
        reason = error.strerror or str(error)
        raise ReportNotWritten(
            f"The {kind} report cannot be written to {path}: {reason}{where}. Name a file in a folder that is writable."
        ) from error
