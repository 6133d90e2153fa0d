"""What evidence on an endpoint rests on: when any of it changes, a new epoch begins."""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings
from google.protobuf.descriptor_pb2 import DescriptorProto

from strangler_protos.bindings import Authority, Binding
from strangler_router.conf import settings
from strangler_router.pin import Entry
from strangler_router.table import build_table
from strangler_shadow.packages import packages_digest
from strangler_shadow.rules import rules_digest
from strangler_shadow.sources import code_digest

__all__ = ["Fingerprint", "entry_of", "fingerprint_of"]

ANSWER_SETTINGS = ("REST_FRAMEWORK", "LANGUAGE_CODE", "TIME_ZONE", "USE_I18N", "USE_TZ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """Digests of what may change.

    `contract` is the RPC, its messages and the authority, `code` the modules and settings that the monolith's view
    rests on, `packages` what is installed that these import, `rules` how pairs are compared, with the rules that the
    project declares. `build` is text of the project's own, from `STRANGLER["SHADOW"]["BUILDS"]`: service -> rung ->
    what names the build that answers there.
    """

    contract: str
    code: str
    packages: str
    build: str
    rules: str

    @property
    def digest(self) -> str:
        """16 hexadecimal digits for the whole."""
        return _sha(asdict(self))

    def changed_since(self, parts: dict[str, str]) -> list[str]:
        """Names of the parts that are not as they were."""
        return [name for name, value in asdict(self).items() if value != parts.get(name)]


def fingerprint_of(endpoint: str, rung: str) -> Fingerprint:
    """The endpoint's fingerprint in this process; of an endpoint that is not bound only the general parts count."""
    entry = entry_of(endpoint)
    return Fingerprint(
        contract=_contract(entry.binding, entry.authority(rung)) if entry else "",
        code=_sha([code_digest(entry.endpoint), _answer_settings()]) if entry else "",
        packages=packages_digest(entry.endpoint if entry else None),
        build=_build(entry.binding.service, rung) if entry else "",
        rules=_sha([_comparing(), settings().drop_headers, *rules_digest(endpoint)]),
    )


def entry_of(endpoint: str) -> Entry | None:
    """The endpoint's row of the router's table."""
    return next((entry for entry in build_table().values() if entry.binding.id == endpoint), None)


def _contract(binding: Binding, authority: Authority) -> str:
    parts: list[Any] = [binding.rpc, binding.route, binding.success_status, authority.name]
    waiting: list[Any] = [binding.request.DESCRIPTOR, binding.response.DESCRIPTOR]
    for message in waiting:
        proto = DescriptorProto()
        message.CopyToProto(proto)
        # With its options and in its order, which is that of the JSON keys.
        parts.append([message.full_name, proto.SerializeToString(deterministic=True).hex()])
        found = (field.message_type for field in message.fields if field.message_type is not None)
        waiting += [inner for inner in found if inner not in waiting]
    return _sha(parts)


def _build(service: str, rung: str) -> str:
    return str(settings().shadow.get("BUILDS", {}).get(service, {}).get(rung, ""))


def _answer_settings() -> str:
    values = {name: getattr(django_settings, name, None) for name in ANSWER_SETTINGS}
    # An object's repr may have its address in it, which is another one in each process.
    return json.dumps(
        values, sort_keys=True, default=lambda value: getattr(value, "__qualname__", type(value).__name__)
    )


@lru_cache(maxsize=1)
def _comparing() -> str:
    """The source of this package: released, it changes with its version only."""
    return _sha([file.read_text() for file in sorted(Path(__file__).parent.glob("*.py"))])


def _sha(parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
