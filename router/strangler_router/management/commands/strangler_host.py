from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from strangler_django.verb import UsageError, Verb
from strangler_protos.errors import StranglerError
from strangler_protos.loopback import is_loopback
from strangler_router.conf import settings
from strangler_router.lifted import register
from strangler_router.table import bind
from strangler_services import TLS, ServerSettings, serve


class Command(Verb):
    help = "Serve the project's own views over gRPC: the lifted rung of every bound endpoint."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--address", help="host:port to listen on (the lifted rung's in STRANGLER['TARGETS'])")
        parser.add_argument("--processes", type=int, default=1, help="server processes (%(default)s)")
        parser.add_argument("--certificate", type=Path, help="PEM file; TLS is required off loopback")
        parser.add_argument("--key", type=Path, help="PEM file of the certificate's key")
        parser.add_argument("--client-ca", type=Path, help="PEM file; clients must show a certificate signed by it")

    def handle(self, *_args: Any, **options: Any) -> None:
        services = sorted({binding.service for binding, _ in bind().pairs})
        if not services:
            raise UsageError("no endpoint is bound; see STRANGLER['CONTRACTS'] and STRANGLER['LIFTED']")
        if bool(options["certificate"]) != bool(options["key"]):
            raise UsageError("--certificate and --key go together")
        address = options["address"] or _lifted_address(services)
        if not options["certificate"] and not is_loopback(address):
            raise UsageError(f"{address} is not on loopback, so TLS is required; give --certificate and --key")
        tls = None
        if options["certificate"]:
            tls = TLS(certificate=options["certificate"], key=options["key"], client_ca=options["client_ca"])
        keys = {service: settings().keys.get(service, {}) for service in services}
        try:
            serve(
                register,
                ServerSettings(address=address, keys=keys, processes=options["processes"], tls=tls),
            )
        except StranglerError as error:
            raise UsageError(str(error)) from error


def _lifted_address(services: list[str]) -> str:
    targets = settings().targets
    found = sorted({targets[name]["lifted"].address for name in services if "lifted" in targets.get(name, {})})
    if len(found) != 1:
        raise UsageError(f"give --address: STRANGLER['TARGETS'] names {len(found)} lifted addresses {found}")
    return found[0]
