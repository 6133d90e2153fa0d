"""The files of a new service: written once, then its team's own."""

from pathlib import Path

from strangler_extract.extracting import Place

__all__ = ["service_files"]

_INIT = '''\
"""Answers for {package}.{service}."""
'''

_SERVICE = '''\
"""{service}: each method answers by the monolith's own view until it is written here."""

from {package}.{name}_base import {service}Base

__all__ = ["{service}"]


class {service}({service}Base):
    """Override a method to make it native; `def` runs in a thread, `async def` in the event loop."""
'''

_MAIN = '''\
"""`python -m {module}`: serve {package}.{service}; STRANGLER_SERVICE_* of the environment say where."""

import argparse
import os
import sys

import django
from django.utils.module_loading import import_string

from strangler_services import ServerSettings, SettingsError, StartError, serve

RUNGS = {{
    "lifted": "{package}.{name}_base.{service}Base",
    "typed": "{module}.typed.{service}Typed",
    "native": "{module}.service.{service}",
}}


def main() -> int:
    """Exit code 0 after a stop, 64 for wrong arguments or settings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rung", choices=RUNGS, default="native", help="which class answers (%(default)s)")
    try:
        rung = parser.parse_args().rung
    except SystemExit as stop:
        return 64 if stop.code else 0
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{settings}")
    django.setup()
    from {package} import {name}_pb2_grpc

    def register(server: object) -> None:
        {name}_pb2_grpc.add_{service}Servicer_to_server(import_string(RUNGS[rung])(), server)

    try:
        import_string(RUNGS[rung])
        serve(register, ServerSettings.from_environment())
    except ImportError as error:
        hint = "; `strangler extract --rung typed` writes it" if rung == "typed" else ""
        print(f"{{rung}}: {{error}}{{hint}}", file=sys.stderr)
        return 64
    except (SettingsError, StartError) as error:
        print(error, file=sys.stderr)
        return 64
    return 0


if __name__ == "__main__":
    sys.exit(main())
'''

_TEST = '''\
"""The contract of {service} against the project that it was extracted from."""

import pytest

from strangler_django.endpoints import walk_endpoints
from strangler_protos.bindings import read_contract

BINDINGS = read_contract("{package}.{name}_pb2")


@pytest.mark.parametrize("binding", BINDINGS, ids=lambda binding: binding.id)
def test_the_contract_and_the_project_agree_on_the_route(binding):
    [endpoint] = [endpoint for endpoint in walk_endpoints() if endpoint.id == binding.id]
    assert (endpoint.route, endpoint.http_method) == (binding.route, binding.http_method)


@pytest.mark.parametrize("document", [None, {{}}, [], {{"unknown": [1, 2.5, "text", None]}}, "text"], ids=repr)
@pytest.mark.parametrize("binding", BINDINGS, ids=lambda binding: binding.id)
def test_the_codec_keeps_any_document(binding, document):
    message = binding.response.FromString(binding.encode(document).SerializeToString())
    assert binding.decode(message) == document
'''


def service_files(place: Place, *, services: Path, tests: Path, settings: str) -> dict[Path, str]:
    """The files of the service, or none where its package is there already."""
    module = f"{place.name}_service"
    folder = services / module
    if folder.exists():
        return {}
    words = {
        "package": place.package,
        "name": place.name,
        "service": place.service,
        "module": module,
        "settings": settings,
    }
    files = {
        folder / "__init__.py": _INIT,
        folder / "service.py": _SERVICE,
        folder / "__main__.py": _MAIN,
        tests / f"test_{module}.py": _TEST,
    }
    return {path: text.format(**words) for path, text in files.items()}
