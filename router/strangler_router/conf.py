"""`settings.STRANGLER` as one typed object, read at access time."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from django.conf import settings as django_settings

from strangler_protos.loopback import is_loopback
from strangler_router.errors import ConfigurationError

__all__ = ["Settings", "Target", "settings"]

FIXED_STAGES = ("", "monolith", "service")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where one rung of a service listens. Paths name PEM files; `name` overrides the host that TLS checks."""

    address: str
    ca: str = ""
    certificate: str = ""
    key: str = ""
    name: str = ""

    @property
    def is_local(self) -> bool:
        """True where plaintext is allowed: loopback and Unix sockets."""
        return is_loopback(self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The keys of `settings.STRANGLER`, in lower case.

    contracts: `_pb2` modules of the contracts. lifted: endpoint id -> authority, for endpoints without a contract.
    authority: endpoint id -> "MONOLITH" or "SERVICE", or a mapping from rung; wins over the contract.
    targets: service -> rung -> address or `Target` fields. keys: service -> kid -> hexadecimal key.
    confirmed: endpoint id -> digest of the handler's wrappers. observers: dotted callables that get each mirrored
    exchange. gate: dotted callable asked before a cutover. policy_file: last-good policy. kill_file: its existence is
    the kill switch. refresh: seconds between two looks at the flags; 0 looks on each request. fixed_stage: "monolith"
    or "service" for every endpoint, for a project's own tests: flags are neither read nor changed. budget and
    rpc_timeout: seconds for the whole answer and for the service. in_flight: calls under way per target and process.
    cohort_key: "session" or "header:NAME" for anonymous traffic. tenant: dotted callable, request -> text.
    body_limit: bytes of an unsafe call's body that travel. drop_headers: further headers that never leave the
    monolith. backend: (binding, rung) -> backend, dotted or callable.
    shadow: the mirror's own settings.
    """

    contracts: tuple[str, ...] = ()
    lifted: Mapping[str, str] = field(default_factory=dict)
    authority: Mapping[str, Any] = field(default_factory=dict)
    targets: Mapping[str, Mapping[str, Target]] = field(default_factory=dict)
    keys: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    confirmed: Mapping[str, str] = field(default_factory=dict)
    observers: tuple[str, ...] = ()
    gate: str = ""
    policy_file: str = ""
    kill_file: str = ""
    refresh: float = 0.5
    fixed_stage: str = ""
    budget: float = 10.0
    rpc_timeout: float = 2.0
    in_flight: int = 64
    cohort_key: str = ""
    tenant: str = ""
    body_limit: int = 1_000_000
    drop_headers: tuple[str, ...] = ()
    backend: Any = "strangler_router.service.service_backend"
    shadow: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def known_keys(cls) -> list[str]:
        """The keys as a settings module spells them."""
        return [item.name.upper() for item in fields(cls)]


_cache: tuple[Any, Settings] | None = None


def settings() -> Settings:
    """The settings now; unknown keys are left to the system check, impossible values raise `ConfigurationError`."""
    global _cache
    raw = getattr(django_settings, "STRANGLER", {})
    if _cache is None or _cache[0] is not raw:
        _cache = (raw, _read(raw))
    return _cache[1]


def _read(raw: Mapping[str, Any]) -> Settings:
    known = set(Settings.known_keys())
    values = {key.lower(): value for key, value in raw.items() if key in known}
    for key in ("contracts", "drop_headers", "observers"):
        if key in values:
            values[key] = tuple(values[key])
    values["targets"] = {service: _rungs(service, rungs) for service, rungs in values.get("targets", {}).items()}
    for key in ("policy_file", "kill_file"):
        values[key] = str(values.get(key, ""))
    if (fixed := values.get("fixed_stage", "")) not in FIXED_STAGES:
        raise ConfigurationError(f"FIXED_STAGE is {fixed!r}; say 'monolith' or 'service', or leave it out")
    return Settings(**values)


def _rungs(service: str, rungs: Any) -> dict[str, Target]:
    if not isinstance(rungs, Mapping):
        raise ConfigurationError(f"TARGETS[{service!r}] is {rungs!r}; it must map rungs to addresses")
    return {rung: _target(service, rung, value) for rung, value in rungs.items()}


def _target(service: str, rung: str, value: str | Mapping[str, str] | Target) -> Target:
    try:
        return (
            value if isinstance(value, Target) else Target(address=value) if isinstance(value, str) else Target(**value)
        )
    except TypeError as error:
        raise ConfigurationError(f"STRANGLER['TARGETS'][{service!r}][{rung!r}]: {error}") from error
