"""How a service is run: one frozen record, read from the environment."""

import difflib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from strangler_protos.errors import IdentityError
from strangler_protos.identity import Keyring
from strangler_protos.loopback import is_loopback
from strangler_services.errors import SettingsError
from strangler_services.tls import TLS

__all__ = ["ServerSettings"]

PREFIX = "STRANGLER_SERVICE_"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Settings of a server; `SettingsError` where they cannot work.

    `keys` maps an audience (a service's full proto name) to one or two identity keys: kid -> hexadecimal text. Times
    are in seconds, `max_message` in bytes. `max_concurrent` and `threads` (for plain functions) count per process.
    """

    address: str = "127.0.0.1:50051"
    keys: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    processes: int = 1
    threads: int = 16
    tls: TLS | None = None
    grace: float = 10.0
    max_deadline: float = 30.0
    max_concurrent: int = 1000
    max_message: int = 64 * 1024 * 1024
    max_connection_age: float = 300.0

    def __post_init__(self) -> None:
        for name in ("processes", "threads", "grace", "max_deadline", "max_concurrent", "max_message"):
            if getattr(self, name) <= 0:
                raise SettingsError(f"{name} is {getattr(self, name)}; it must be above zero ({_variable(name)})")
        if self.tls is None and not is_loopback(self.address):
            raise SettingsError(
                f"address {self.address} is not a loopback address and there is no certificate; set"
                f" {_variable('tls_certificate')} and {_variable('tls_key')}, or listen on 127.0.0.1"
            )
        if self.processes > 1 and self.address.startswith("unix:"):
            raise SettingsError(f"address {self.address} cannot be shared by {self.processes} processes; use TCP")

    def keyring(self, audience: str) -> Keyring:
        """The keys of one service; `SettingsError` where there are none or they are malformed."""
        if audience not in self.keys:
            raise SettingsError(f"no identity key for {audience}; add it to {_variable('keys')}")
        try:
            return Keyring.from_hex(self.keys[audience])
        except IdentityError as error:
            raise SettingsError(f"identity keys of {audience}: {error} ({_variable('keys')})") from error

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "ServerSettings":
        """Read the `STRANGLER_SERVICE_*` variables; `SettingsError` names the variable that is wrong."""
        given = {name.removeprefix(PREFIX): value for name, value in environ.items() if name.startswith(PREFIX)}
        _refuse_unknown(given)
        values: dict[str, Any] = {
            name.lower(): _convert(name, given[name], convert) for name, convert in CONVERTERS.items() if name in given
        }
        if "KEYS_FILE" in given:
            values["keys"] = _convert("KEYS_FILE", given["KEYS_FILE"], _read_keys)
        return cls(**values, tls=_tls(given))


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _parse_keys(value: str) -> dict[str, dict[str, str]]:
    keys = json.loads(value)
    if not isinstance(keys, dict) or not all(_is_text_mapping(item) for item in keys.values()):
        raise ValueError('expected {"package.Service": {"kid": "hexadecimal key"}}')
    return keys


def _is_text_mapping(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())


def _read_keys(value: str) -> dict[str, dict[str, str]]:
    return _parse_keys(Path(value).read_text())


def _tls(given: Mapping[str, str]) -> TLS | None:
    certificate, key, ca = (given.get(f"TLS_{name}") for name in ("CERTIFICATE", "KEY", "CLIENT_CA"))
    if certificate and key:
        return TLS(certificate=Path(certificate), key=Path(key), client_ca=Path(ca) if ca else None)
    if certificate or key or ca:
        missing = "tls_key" if certificate else "tls_certificate"
        raise SettingsError(f"{_variable(missing)} is missing; a certificate and its key go together")
    return None


def _convert(name: str, value: str, convert: Callable[[str], Any]) -> Any:
    try:
        return convert(value)
    except OSError as error:
        raise SettingsError(f"{_variable(name)}: {error.filename} cannot be read: {error.strerror}") from error
    except ValueError as error:
        # The value may be a secret, and so may be what the parser quotes from it.
        shown = f" {value!r}" if convert in (int, float) else ""
        reason = f"not {'an integer' if convert is int else 'a number'}" if shown else _reason(error)
        raise SettingsError(f"{_variable(name)}{shown}: {reason}") from error


def _reason(error: ValueError) -> str:
    return "not JSON" if isinstance(error, json.JSONDecodeError) else str(error)


def _refuse_unknown(given: Mapping[str, str]) -> None:
    for name in given:
        if name not in KNOWN:
            close = difflib.get_close_matches(name, KNOWN, n=1)
            hint = f"did you mean {PREFIX}{close[0]}?" if close else f"known are {', '.join(sorted(KNOWN))}"
            raise SettingsError(f"{PREFIX}{name} is not a setting; {hint}")


CONVERTERS: dict[str, Callable[[str], Any]] = {
    "ADDRESS": str,
    "KEYS": _parse_keys,
    "PROCESSES": int,
    "THREADS": int,
    "GRACE": float,
    "MAX_DEADLINE": float,
    "MAX_CONCURRENT": int,
    "MAX_MESSAGE": int,
    "MAX_CONNECTION_AGE": float,
}
KNOWN = {*CONVERTERS, "KEYS_FILE", "TLS_CERTIFICATE", "TLS_KEY", "TLS_CLIENT_CA"}
