"""Files that a command writes its report to, as `--report KIND=PATH` names them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path

from django.core.management.base import CommandParser

from strangler_django.verb import UsageError
from strangler_protos.errors import StranglerError

__all__ = ["ReportNotWritten", "add_report_option", "rendered", "report_file", "write_files", "write_rendered"]


class ReportNotWritten(StranglerError):
    """A report could not be written: its kind is unknown, a library is missing, or its path cannot be."""


def add_report_option(parser: CommandParser, kinds: Sequence[str]) -> None:
    """Give a command the option `--report`, whose values `report_file` reads."""
    parser.add_argument(
        "--report",
        action="append",
        default=[],
        metavar="KIND=PATH",
        help=f"write a report file; KIND is one of {', '.join(kinds)}; may be repeated",
    )


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


def write_files(files: Sequence[tuple[str, Path]], write: Callable[[str, Path], None]) -> Iterator[str]:
    """Write each file, and give a line that says so; `UsageError` for one that cannot be written."""
    for kind, path in files:
        try:
            write(kind, path)
        except ReportNotWritten as error:
            raise UsageError(str(error)) from error
        yield f"{kind} report: {path}"


def write_rendered(report: object, kind: str, path: Path, modules: Mapping[str, str]) -> None:
    """Write what `rendered` gives; missing folders are made, an existing file is replaced.

    Raises `ReportNotWritten` for an unknown kind, a library that is missing, and a path that cannot be written.
    """
    text = rendered(report, kind, modules)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    except OSError as error:
        where = "" if error.filename in (None, str(path)) else f" ({error.filename})"
        reason = error.strerror or str(error)
        raise ReportNotWritten(
            f"The {kind} report cannot be written to {path}: {reason}{where}. Name a file in a folder that is writable."
        ) from error


def rendered(report: object, kind: str, modules: Mapping[str, str]) -> str:
    """What the `render` of this kind's module makes of the report.

    Raises `ReportNotWritten` for an unknown kind and for a library that is missing.
    """
    if kind not in modules:
        raise ReportNotWritten(f"There is no report of kind {kind!r}; choose one of {', '.join(modules)}.")
    try:
        # Loaded when they are asked for: HTML alone needs Jinja2.
        render = import_module(modules[kind]).render
    except ImportError as error:
        raise ReportNotWritten(
            f"The {kind} report needs {error.name}: pip install 'django-strangler[verify]'."
        ) from error
    text: str = render(report)
    return text
