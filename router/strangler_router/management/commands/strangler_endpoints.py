import json
from typing import Any

from django.core.management.base import CommandParser
from rich.table import Table
from rich.text import Text

from strangler_django.endpoints import Endpoint, walk_endpoints
from strangler_django.verb import Verb
from strangler_protos.bindings import Binding
from strangler_router.conf import settings
from strangler_router.flags import read_policy
from strangler_router.policy import Policy
from strangler_router.table import bind

COLUMNS = ["endpoint", "method", "route", "binding", "stage", "percent", "mirror", "rung", "rungs"]


class Command(Verb):
    help = "List every endpoint of the project with its binding and its flag."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=["text", "json"], default="text", help="of the output (%(default)s)")
        parser.add_argument("--bound", action="store_true", help="leave out endpoints that no contract binds")

    def handle(self, *_args: Any, **options: Any) -> None:
        bound = {endpoint.id: binding for binding, endpoint in bind().pairs}
        policy = read_policy()
        rows = [
            _row(endpoint, bound.get(endpoint.id), policy)
            for endpoint in walk_endpoints()
            if endpoint.id in bound or not options["bound"]
        ]
        if options["format"] == "json":
            self.stdout.write(json.dumps(rows, indent=2))
            return
        table = Table(*COLUMNS)
        for row in rows:
            table.add_row(*(Text(str(row[column])) for column in COLUMNS))
        self.console.print(table)


def _row(endpoint: Endpoint, binding: Binding | None, policy: Policy) -> dict[str, Any]:
    flag = policy.flag(endpoint.id)
    targets = settings().targets.get(binding.service, {}) if binding else {}
    return {
        "endpoint": endpoint.id,
        "method": endpoint.http_method,
        "route": endpoint.route,
        "binding": "" if binding is None else "generic" if binding.is_generic else binding.rpc,
        "stage": flag.stage.value,
        "percent": flag.basis_points / 100,
        "mirror": flag.mirror / 100,
        "rung": flag.rung.value,
        "rungs": " ".join(sorted(targets)),
    }
