"""`strangler VERB`: the short spelling of the Django commands `strangler_VERB`."""

import os
import sys
import traceback
from pathlib import Path
from typing import NoReturn

from strangler_router.gate import CRASH, USAGE

__all__ = ["main", "run_verb", "verbs"]

PREFIX = "strangler_"


def main() -> None:
    """Entry point of the console script."""
    sys.path.insert(0, str(Path.cwd()))
    arguments = sys.argv[1:]
    for index, argument in enumerate(arguments):
        if argument.startswith("--settings="):
            os.environ["DJANGO_SETTINGS_MODULE"] = argument.partition("=")[2]
        elif argument == "--settings" and index + 1 < len(arguments):
            os.environ["DJANGO_SETTINGS_MODULE"] = arguments[index + 1]
    if not os.environ.get("DJANGO_SETTINGS_MODULE"):
        _stop("name the project's settings: set DJANGO_SETTINGS_MODULE or give --settings")
    try:
        import django

        django.setup()
    except ImportError as error:
        _stop(f"the settings {os.environ['DJANGO_SETTINGS_MODULE']!r} cannot be imported: {error}")
    except Exception:  # noqa: BLE001  whatever a settings module raises
        traceback.print_exc()
        sys.exit(CRASH)
    run_verb(arguments)


def run_verb(arguments: list[str]) -> None:
    """Run the verb that comes first; exits 64 where there is none of that name."""
    known = verbs()
    listing = "\n".join(f"  {verb}" for verb in known)
    if not arguments or arguments[0] in {"-h", "--help"}:
        print(f"usage: strangler VERB [options]\n\nverbs (strangler VERB --help says more):\n{listing}")  # noqa: T201
        sys.exit(0 if arguments else USAGE)
    if arguments[0] not in known:
        _stop(f"there is no verb {arguments[0]!r}; there are:\n{listing}")
    from django.core.management import load_command_class

    try:
        command = load_command_class(known[arguments[0]], _command(arguments[0]))
    except ImportError as error:
        _stop(f"{arguments[0]!r} needs a package that is not installed: {error}; see the extras of django-strangler")
    command.run_from_argv(["strangler", _command(arguments[0]), *arguments[1:]])


def verbs() -> dict[str, str]:
    """Every verb and the app that owns it, as Django's command registry has them."""
    from django.core.management import get_commands

    found = sorted(get_commands().items())
    return {name.removeprefix(PREFIX).replace("_", "-"): str(app) for name, app in found if name.startswith(PREFIX)}


def _command(verb: str) -> str:
    """Django's name of it, which is a module's."""
    return PREFIX + verb.replace("-", "_")


def _stop(message: str) -> NoReturn:
    print(f"strangler: {message}", file=sys.stderr)  # noqa: T201
    sys.exit(USAGE)
