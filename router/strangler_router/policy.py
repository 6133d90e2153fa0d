"""Flags as immutable values: what the router reads on each request."""

import enum
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any

__all__ = ["BASIS_POINTS", "EMPTY_POLICY", "Flag", "Policy", "Rung", "Stage"]

BASIS_POINTS = 10_000


class Stage(enum.StrEnum):
    """How far an endpoint has moved."""

    MONOLITH = "monolith"
    CANARY = "canary"
    SERVICE = "service"
    RETIRED = "retired"


class Rung(enum.StrEnum):
    """What kind of service answers: the same view elsewhere, the same serializer, or neither."""

    LIFTED = "lifted"
    TYPED = "typed"
    NATIVE = "native"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """One endpoint's setting. `basis_points` (of 10,000) counts in CANARY only; `mirror` in every stage.

    Endpoints with the same `seed` move the same users first; the default seed is the endpoint's id.
    """

    endpoint: str
    stage: Stage = Stage.MONOLITH
    basis_points: int = 0
    mirror: int = 0
    rung: Rung = Rung.LIFTED
    seed: str = ""

    @property
    def cohort_seed(self) -> str:
        """What is hashed together with the subject."""
        return self.seed or self.endpoint


@lru_cache(maxsize=4096)
def _unset(endpoint: str, stage: Stage) -> Flag:
    return Flag(endpoint=endpoint, stage=stage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All flags at one revision; `killed` sends everything that the monolith can still answer to the monolith.

    `default` is the stage of an endpoint without a flag.
    """

    revision: int = 0
    flags: Mapping[str, Flag] = field(default_factory=lambda: MappingProxyType({}))
    killed: bool = False
    default: Stage = Stage.MONOLITH

    def flag(self, endpoint: str) -> Flag:
        """The endpoint's flag; the default stage where none was ever set."""
        return self.flags.get(endpoint) or _unset(endpoint, self.default)

    def to_json(self) -> dict[str, Any]:
        """A document for the last-good file."""
        return {"revision": self.revision, "flags": [asdict(flag) for flag in self.flags.values()]}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Policy":
        """Read the last-good file back; `KeyError`, `TypeError` or `ValueError` where it is not one."""
        flags = map(_flag_from_json, document["flags"])
        return cls(revision=document["revision"], flags=MappingProxyType({flag.endpoint: flag for flag in flags}))


def _flag_from_json(entry: Mapping[str, Any]) -> Flag:
    flag = Flag(**{**entry, "stage": Stage(entry["stage"]), "rung": Rung(entry["rung"])})
    for value in (flag.basis_points, flag.mirror):
        if not 0 <= value <= BASIS_POINTS:
            raise ValueError(f"{flag.endpoint}: {value} is no share of {BASIS_POINTS}")
    return flag


EMPTY_POLICY = Policy()
