import json
import sys
from typing import Any

from django.core.management.base import CommandParser
from rich.table import Table
from rich.text import Text

from strangler_django.verb import UsageError, Verb
from strangler_protos.suggestion import suggest
from strangler_router.conf import settings
from strangler_router.handshake import Handshake, shake_hands
from strangler_router.policy import Rung
from strangler_router.table import bind

COLUMNS = ["service", "rung", "address", "health", "contract"]
# Enough to tell two digests apart by eye.
SHOWN = 12


class Command(Verb):
    help = "Ask each service whether it serves and knows this side's contract; exits 1 where one does not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("services", metavar="SERVICE", nargs="*", help="full names (all of TARGETS)")
        parser.add_argument("--rung", choices=[rung.value for rung in Rung], help="this one only")
        parser.add_argument("--timeout", type=float, default=5.0, metavar="S", help="of each check (%(default)g s)")
        parser.add_argument("--format", choices=["text", "json"], default="text", help="of the output (%(default)s)")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not options["timeout"] > 0:
            raise UsageError(f"--timeout {options['timeout']:g}: a time above 0 is needed")
        # What the contracts of this side say is known once they are imported.
        bind()
        targets = settings().targets
        for name in options["services"]:
            if name not in targets:
                hint = suggest(name, targets, otherwise=f"it has {sorted(targets)}")
                raise UsageError(f"STRANGLER['TARGETS'] has no {name!r}{hint}")
        if not targets:
            raise UsageError("STRANGLER['TARGETS'] names no service")
        found = [
            (service, rung, target.address, shake_hands(service, target, timeout=options["timeout"]))
            for service in options["services"] or targets
            for rung, target in targets[service].items()
            if options["rung"] in {None, rung}
        ]
        if not found:
            rungs = "; ".join(f"{service} has {sorted(found)}" for service, found in targets.items())
            raise UsageError(f"STRANGLER['TARGETS'] has no rung {options['rung']}: {rungs}")
        if options["format"] == "json":
            self.stdout.write(json.dumps([_row(*each) for each in found], indent=2))
        else:
            table = Table(*COLUMNS)
            for service, rung, address, answer in found:
                table.add_row(*map(Text, (service, rung, address, answer.health, _contract(answer))))
            self.console.print(table)
        sys.exit(0 if all(answer.is_good for *_, answer in found) else 1)


def _row(service: str, rung: str, address: str, answer: Handshake) -> dict[str, Any]:
    return {
        "service": service,
        "rung": rung,
        "address": address,
        "health": answer.health,
        "contract": answer.contract,
        "own contract": answer.own_contract,
        "lacks": list(answer.lacks),
        "good": answer.is_good,
    }


def _contract(answer: Handshake) -> str:
    if answer.lacks:
        return f"older, without {', '.join(answer.lacks)}; deploy the service before the monolith"
    if not answer.contract:
        return ""
    words = "as here" if answer.contract == answer.own_contract else "newer, with all that is here"
    return f"{answer.contract[:SHOWN]}, {words}"
