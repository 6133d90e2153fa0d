import os
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandParser

from strangler_django.endpoints import walk_endpoints
from strangler_django.verb import UsageError, Verb
from strangler_extract.extracting import Extraction, Place, bound_endpoints, extract
from strangler_extract.lock import LockError
from strangler_extract.management.commands.strangler_inspect import chosen
from strangler_extract.service_sources import service_files
from strangler_extract.typed_sources import TypedFiles, typed_files
from strangler_protos.compiler import check, generate
from strangler_protos.errors import ContractError
from strangler_protos.exit_codes import CHECK_FAILED
from strangler_protos.options import endpoint_of

RUNG = "typed also writes views of the service's own and a class that answers by them (%(default)s)"

NEXT = """
Every call still goes to the monolith. To ask the service:
  STRANGLER["CONTRACTS"] += ["{package}.{name}_pb2"]
  STRANGLER["TARGETS"]["{package}.{service}"] = {{"lifted": "127.0.0.1:50051"}}
  STRANGLER["KEYS"]["{package}.{service}"] = {{"k1": KEY}}, where KEY is 32 bytes in hexadecimal
  export STRANGLER_SERVICE_KEYS='{{"{package}.{service}": {{"k1": "KEY"}}}}'
  python -m {name}_service
  strangler verify ID; strangler cutover ID --stage canary --percent 5"""


class Command(Verb):
    help = "Write the contract of endpoints, its numbers, stubs and codec; those already in the contract stay in it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("endpoints", metavar="ID", nargs="*", help="as `strangler endpoints` lists it")
        parser.add_argument("--service", required=True, help="full name: banyan.catalog.v1.CatalogService")
        parser.add_argument(
            "--root", type=Path, default=Path("protos"), help="folder of the .proto files (%(default)s)"
        )
        parser.add_argument("--output", type=Path, help="folder of the stubs and codecs (ROOT/gen)")
        parser.add_argument("--services", type=Path, default=Path("services"), help="folder of services (%(default)s)")
        parser.add_argument("--tests", type=Path, default=Path("tests"), help="folder of its test (%(default)s)")
        parser.add_argument("--user", action="append", default=[], help="who asks for samples: username or primary key")
        parser.add_argument("--drop", action="append", default=[], metavar="ID", help="take an endpoint out of it")
        parser.add_argument("--rung", choices=["lifted", "typed"], default="lifted", help=RUNG)
        parser.add_argument("--no-samples", action="store_true", help="look at no responses, only at the code")
        parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is out of date")

    def handle(self, *_args: Any, **options: Any) -> None:
        root, output = options["root"], options["output"] or options["root"] / "gen"
        try:
            place = Place.of(options["service"], root)
            ids = _ids(bound_endpoints(place), options["endpoints"], options["drop"])
            users = [] if options["no_samples"] else [None, *map(_user, options["user"])]
            extraction = extract(chosen(ids), place, users=users)
            typed = _typed(extraction, options) if options["rung"] == "typed" else None
            if options["check"]:
                stale = [str(path) for path in extraction.stale()]
                stale += [str(path) for path in _differing(typed.generated)] if typed else []
                stale += [str(output / path) for path in check(root, output, package=place.folder)] if not stale else []
                for name in stale:
                    self.stderr.write(f"{name}: out of date; run `strangler extract --service {options['service']}`")
                if stale:
                    raise SystemExit(CHECK_FAILED)
                return
            written = extraction.write()
            generated = generate(root, output, package=place.folder)
            module = os.environ.get("DJANGO_SETTINGS_MODULE", "")
            new = service_files(place, services=options["services"], tests=options["tests"], settings=module)
            if typed is not None:
                new |= {path: text for path, text in typed.once.items() if not path.exists()}
                new |= {path: typed.generated[path] for path in _differing(typed.generated)}
            for path, text in new.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        except (ContractError, LockError) as error:
            self.stderr.write(str(error))
            raise SystemExit(CHECK_FAILED) from error
        for path in [*written, *(output / item.path for item in generated), *new]:
            self.stdout.write(str(path))
        for inspection in extraction.inspections:
            for text in inspection.changes:
                self.stdout.write(f"{inspection.endpoint.id} needs a change before it is bound: {text}")
        for name, why in typed.lifted.items() if typed else ():
            self.stdout.write(f"{name} stays lifted: {why}")
        if options["services"] / f"{place.name}_service" / "__main__.py" in new:
            self.stdout.write(NEXT.format(package=place.package, name=place.name, service=place.service))


def _ids(bound: list[str], named: list[str], dropped: list[str]) -> list[str]:
    """What the contract is to hold. Raises UsageError, and ContractError where the project lost what it binds."""
    if unknown := [name for name in dropped if name not in bound]:
        raise UsageError(f"--drop {', '.join(unknown)}: the contract has {', '.join(bound) or 'no endpoint'}")
    known = {endpoint.id for endpoint in walk_endpoints()}
    if lost := [name for name in bound if name not in known and name not in dropped]:
        raise ContractError(
            f"the contract binds {', '.join(lost)}, which the project does not have any more; "
            f"take it out: {' '.join(f'--drop {name}' for name in lost)}"
        )
    ids = [name for name in dict.fromkeys([*bound, *named]) if name not in dropped]
    if not ids:
        raise UsageError("name the endpoints to extract; `strangler endpoints` lists them")
    return ids


def _typed(extraction: Extraction, options: dict[str, Any]) -> TypedFiles:
    endpoints = {inspection.endpoint.id: inspection.endpoint for inspection in extraction.inspections}
    methods = extraction.described.file.service[0].method
    rpcs = [(method.name, endpoints[found.id]) for method in methods if (found := endpoint_of(method.options))]
    return typed_files(extraction.place, rpcs, services=options["services"])


def _differing(files: dict[Path, str]) -> list[Path]:
    return [path for path, text in files.items() if not path.exists() or path.read_text("utf-8") != text]


def _user(text: str) -> Any:
    users = get_user_model()
    found = users._default_manager.filter(**{users.USERNAME_FIELD: text}).first()
    if found is None and text.isdigit():
        found = users._default_manager.filter(pk=text).first()
    if found is None:
        raise UsageError(f"there is no user {text!r}")
    return found
