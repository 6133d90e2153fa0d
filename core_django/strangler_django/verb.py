"""A Django command of ours: its exit codes never collide with a verdict's (0 to 4)."""

import sys
import traceback
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser, SystemCheckError
from django.db import DatabaseError
from rich.console import Console

from strangler_protos.exit_codes import CHECK_FAILED, CRASH, USAGE

__all__ = ["UsageError", "Verb"]


class UsageError(CommandError):
    """The call's words are wrong; the message says which, and what would be right."""

    def __init__(self, message: str) -> None:
        super().__init__(message, returncode=USAGE)


class _Parser(CommandParser):
    def error(self, message: str) -> NoReturn:
        if not self.called_from_command_line:
            raise UsageError(message)
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


class Verb(BaseCommand):
    """`strangler VERB`: a usage error exits 64, a failed check 65, a crash 70; other codes are a verdict's."""

    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """The parser, named as it is called."""
        verb = subcommand.removeprefix("strangler_").replace("_", "-")
        parser = _Parser(
            prog=f"strangler {verb}",
            description=self.help or None,
            called_from_command_line=getattr(self, "_called_from_command_line", None),
            **kwargs,
        )
        for flag in ("--settings", "--pythonpath"):
            parser.add_argument(flag, help="as in django-admin")
        parser.add_argument("--traceback", action="store_true", help="show the stack of an error")
        parser.set_defaults(verbosity=1, no_color=False, force_color=False, skip_checks=True)
        self.add_arguments(parser)
        return parser

    def run_from_argv(self, argv: list[str]) -> None:
        """Run and exit with the right code."""
        try:
            super().run_from_argv(argv)
        except DatabaseError as error:
            if "--traceback" in argv:
                traceback.print_exc()
            words = f"the database cannot be used: {str(error).strip()}; is it there, and migrated (manage.py migrate)?"
            self.stderr.write(words)
            sys.exit(CRASH)
        except Exception:  # noqa: BLE001  the last line of defence
            traceback.print_exc()
            sys.exit(CRASH)

    def execute(self, *args: Any, **options: Any) -> str | None:
        """As Django's, with our exit codes on the errors that leave it."""
        try:
            return super().execute(*args, **options)
        except SystemCheckError as error:
            error.returncode = CHECK_FAILED
            raise
        except CommandError as error:
            if type(error) is CommandError:
                error.returncode = USAGE
            raise

    @property
    def console(self) -> Console:
        """Where tables go; as wide as they are when nobody looks at a terminal."""
        out: Any = self.stdout._out
        return Console(file=out, width=None if out.isatty() else 200, soft_wrap=True, highlight=False)
