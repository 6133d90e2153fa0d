import json
from dataclasses import asdict
from typing import Any

from django.apps import apps
from django.core.management.base import CommandParser

from strangler_django.serializers.listing import StampedModel, stamped_model, stamped_models
from strangler_django.verb import UsageError, Verb
from strangler_protos.suggestion import suggest


class Command(Verb):
    help = (
        "List the stamps that a write to a model's rows must mark, for services that write the monolith's tables. "
        "See docs/cached-serializers.md, The stamp protocol."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("models", metavar="APP.MODEL", nargs="*", help="every model that cached bodies read")
        parser.add_argument("--format", choices=["text", "json"], default="text", help="of the output (%(default)s)")

    def handle(self, *_args: Any, **options: Any) -> None:
        named = options["models"]
        listed = [stamped_model(_model(name)) for name in dict.fromkeys(named)] if named else stamped_models()
        if options["format"] == "json":
            self.stdout.write(json.dumps([asdict(model) for model in listed], indent=2))
            return
        for model in listed:
            self.stdout.write("\n".join(_lines(model)))


def _model(name: str) -> Any:
    try:
        return apps.get_model(name)
    except (LookupError, ValueError):
        known = [model._meta.label for model in apps.get_models(include_auto_created=True)]
        hint = suggest(name, known, otherwise="write APP.MODEL")
        raise UsageError(f"{name!r} is no model of this project{hint}") from None


def _lines(model: StampedModel) -> list[str]:
    lines = [f"{model.model}: table {model.table}, DATABASE {model.database}"]
    if not model.stamps:
        return [*lines, "  no cached body reads it; a write to it marks nothing"]
    for stamp in model.stamps:
        lines.append(f"  {stamp.label}{', where the row changes its parent' if stamp.moves else ''}")
        lines.append(f"    {stamp.key}")
        if stamp.lookup:
            lines.append(f"    {stamp.lookup}")
    return lines
