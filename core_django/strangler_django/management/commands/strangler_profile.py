import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from strangler_django.endpoints import FORMAT_SUFFIX, Endpoint, walk_endpoints
from strangler_django.profiling import (
    Ask,
    Project,
    Report,
    UnreadableLine,
    profile_endpoint,
    profile_request,
    rank,
    read_requests,
)
from strangler_django.profiling.reports import KINDS, render_report, write_report
from strangler_django.profiling.reports.text import print_profile
from strangler_django.report_files import add_report_option, report_file, write_files
from strangler_django.verb import UsageError, Verb
from strangler_protos.suggestion import suggest

SHAPES = 5


class Command(Verb):
    help = (
        "Ask endpoints of this project and say where their queries and time go: every N+1 with its field and line, "
        "what removes it, and what to fix or peel first. Changes nothing: what a request writes is rolled back."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("endpoints", metavar="ID", nargs="*", help="as `strangler endpoints` lists it (every GET)")
        parser.add_argument(
            "--requests", type=Path, metavar="FILE", help="requests to make: `GET /path [user]` or JSON a line"
        )
        parser.add_argument("--user", help="who asks: username or primary key (nobody)")
        parser.add_argument("--format", choices=["text", "json"], default="text", help="of the output (%(default)s)")
        add_report_option(parser, KINDS)

    def handle(self, *_args: Any, **options: Any) -> None:
        files = [report_file(text, KINDS) for text in options["report"]]
        everything = walk_endpoints()
        endpoints = _wanted(options["endpoints"], everything)
        user = _user(options["user"])
        plan, skipped = _plan(options["requests"], endpoints, everything)
        started, clock = datetime.now(UTC), time.perf_counter()
        project = Project(user)
        profiles = []
        with self._progress(len(plan), quiet=options["format"] == "json") as advance:
            for endpoint, ask, asker in plan:
                if ask is None:
                    profiles.append(profile_endpoint(endpoint, project))
                else:
                    profiles.append(profile_request(endpoint, project, ask, user=asker))
                advance()
        report = Report(
            started=started.isoformat(timespec="seconds"),
            caller="nobody" if user is None else "a user who was named",
            endpoints=tuple(profiles),
            ranking=rank(profiles),
            skipped=skipped,
            seconds=time.perf_counter() - clock,
        )
        self._write(report, files, options["format"])

    def _write(self, report: Report, files: list[tuple[str, Path]], form: str) -> None:
        if form == "json":
            self.stdout.write(render_report(report, "json"), ending="")
        else:
            print_profile(report, self.console)
        for line in write_files(files, partial(write_report, report)):
            if form == "text":
                self.stdout.write(line)

    @contextmanager
    def _progress(self, total: int, *, quiet: bool) -> Iterator[Any]:
        console = self.console
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        disabled = quiet or not console.is_terminal
        with Progress(*columns, console=console, transient=True, disable=disabled) as progress:
            task = progress.add_task("profiling", total=total)
            yield lambda: progress.advance(task)


def _wanted(names: list[str], everything: list[Endpoint]) -> list[Endpoint]:
    """The named endpoints, or every GET; a format suffix is the same view again, so it must be named."""
    known = {endpoint.id: endpoint for endpoint in everything if endpoint.http_method == "GET"}
    for name in names:
        if name not in known:
            hint = suggest(name, known, otherwise="see `strangler endpoints`")
            raise UsageError(f"{name!r} is no GET endpoint{hint}")
    if names:
        return [known[name] for name in dict.fromkeys(names)]
    return [endpoint for endpoint in known.values() if not FORMAT_SUFFIX.search(endpoint.route)]


# An endpoint, the request to make of it (None takes a sample), and its user.
Planned = tuple[Endpoint, Ask | None, Any]


def _plan(
    file: Path | None, endpoints: list[Endpoint], everything: list[Endpoint]
) -> tuple[list[Planned], dict[str, int]]:
    """What to ask of which endpoint as whom, and how many requests of the file are left out, by reason."""
    if file is None:
        return [(endpoint, None, None) for endpoint in endpoints], {}
    try:
        asked = read_requests(file.read_text().splitlines(), everything)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--requests {file}: {getattr(error, 'strerror', None) or 'not text'}") from error
    except UnreadableLine as error:
        raise UsageError(f"--requests {file}: {error}; write GET /path [user], or a JSON object") from error
    plan: list[Planned] = []
    wanted = {endpoint.id for endpoint in endpoints}
    for endpoint in everything:
        asks = asked.asks.get(endpoint.id, []) if endpoint.http_method == "GET" else []
        if endpoint.id not in wanted:
            if asks:
                asked.skipped["of other endpoints"] += sum(ask.weight for ask in asks)
            continue
        for ask in asks[:SHAPES]:
            user = _found_user(ask.user)
            if ask.user and user is None:
                asked.skipped["by a user who is not there"] += ask.weight
            else:
                plan.append((endpoint, ask, user))
        if left := sum(ask.weight for ask in asks[SHAPES:]):
            asked.skipped[f"seldom asked with these parameters, of {endpoint.id}"] += left
    if not plan:
        raise UsageError(f"--requests {file}: no line is a GET of these endpoints")
    return plan, dict(asked.skipped)


def _user(text: str | None) -> Any:
    found = None if text is None else _found_user(text)
    if found is None and text is not None:
        raise UsageError(f"there is no user {text!r}")
    return found


def _found_user(text: str) -> Any:
    """The user of that name or primary key, or None."""
    model = get_user_model()
    found = model._default_manager.filter(**{model.USERNAME_FIELD: text}).first() if text else None
    if found is None and text:
        with suppress(ValueError, ValidationError):
            found = model._default_manager.filter(pk=text).first()
    return found
