import json
from typing import Any

from django.core.management.base import CommandParser
from rich.table import Table
from rich.text import Text

from strangler_django.endpoints import Endpoint, walk_endpoints
from strangler_django.verb import UsageError, Verb
from strangler_extract.inspection import Inspection, inspect_endpoint


class Command(Verb):
    help = "Say what an endpoint's view is made of, and whether it can be extracted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("endpoints", metavar="ID", nargs="*", help="as `strangler endpoints` lists it (all)")
        parser.add_argument("--format", choices=["text", "json"], default="text", help="of the output (%(default)s)")

    def handle(self, *_args: Any, **options: Any) -> None:
        inspections = [inspect_endpoint(endpoint) for endpoint in chosen(options["endpoints"])]
        if options["format"] == "json":
            self.stdout.write(json.dumps([_facts(one) | {"reasons": _reasons(one)} for one in inspections], indent=2))
            return
        if not options["endpoints"]:
            table = Table("endpoint", "method", "verdict", "answers with", "reasons")
            for one in inspections:
                reasons = "\n".join(reason["text"] for reason in _reasons(one))
                cells = (one.endpoint.id, one.endpoint.http_method, one.verdict, _facts(one)["answers with"], reasons)
                table.add_row(*map(Text, cells))
            self.console.print(table)
            return
        for one in inspections:
            facts = _facts(one)
            width = max(map(len, facts))
            lines = [f"{key:<{width}}  {_said(value)}" for key, value in facts.items()]
            lines += [f"{reason['weight']:<{width}}  {reason['text']}" for reason in _reasons(one)]
            self.stdout.write("\n".join(lines) + "\n")


def chosen(ids: list[str]) -> list[Endpoint]:
    """The endpoints of these ids, or all. Raises UsageError for one that is not there."""
    known = {endpoint.id: endpoint for endpoint in walk_endpoints()}
    missing = [name for name in ids if name not in known]
    if missing:
        raise UsageError(f"there is no endpoint {', '.join(map(repr, missing))}; `strangler endpoints` lists them")
    return [known[name] for name in ids] or list(known.values())


def _facts(one: Inspection) -> dict[str, Any]:
    endpoint = one.endpoint
    view = endpoint.view_class or endpoint.callback
    return {
        "endpoint": endpoint.id,
        "verdict": one.verdict,
        "route": endpoint.route,
        "view": f"{view.__module__}.{view.__qualname__}",
        "action": endpoint.action or one.handler.action,
        "initkwargs": sorted(endpoint.initkwargs),
        "arguments": [f"{name} ({converter})" for name, converter in one.path.items()],
        "query": list(one.query),
        "answers with": _answer(one),
        "status": one.handler.status,
        "authority": one.authority.lower(),
        **{name: list(parts) for name, parts in one.parts.items()},
    }


def _answer(one: Inspection) -> str:
    if one.serializer is None:
        return one.serializer_from
    serializer = getattr(one.serializer, "child", one.serializer)
    return f"{'a list of ' if one.many else ''}{type(serializer).__name__} ({one.serializer_from})"


def _reasons(one: Inspection) -> list[dict[str, str]]:
    return [{"weight": reason.weight.value, "text": reason.text} for reason in one.reasons]


def _said(value: Any) -> str:
    return ", ".join(map(str, value)) or "-" if isinstance(value, list) else str(value) or "-"
