"""What a project asks of evidence: the keys of `STRANGLER["SHADOW"]["GATE"]`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from strangler_protos.suggestion import suggest
from strangler_router.errors import ConfigurationError
from strangler_router.policy import Stage

__all__ = ["GateRules", "read_rules"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRules:
    """Limits of one stage, in capitals in the settings; shares are of 1, ages in days.

    max_rate: share of the traffic that may diverge; in the settings a number, or one for each stage. confidence: that
    it does not, over all looks and epochs. max_age: of the newest pair. transient: highest upper bound on the share of
    differences that were gone when asked again. left_out: copies that were skipped or dropped. vacuous: pairs of errors
    or empty answers. little_traffic_rate: the smaller claim that is enough after little_traffic_days where `strangler
    verify` passed with little_traffic_calls; 0 is never. slower: how many times as long the service may surely take as
    the monolith at p50, p95 or p99; None asks nothing.
    """

    max_rate: float = 0.001
    confidence: float = 0.99
    max_age: int = 7
    transient: float = 0.01
    left_out: float = 0.1
    vacuous: float = 0.9
    little_traffic_rate: float = 0.0
    little_traffic_days: int = 14
    little_traffic_calls: int = 100
    slower: float | None = None


def read_rules(
    raw: Mapping[str, Any], stage: str, *, max_rate: float | None = None, confidence: float | None = None
) -> GateRules:
    """The rules of one stage; `ConfigurationError` where a key or a value is impossible."""
    known = {name.upper() for name in GateRules.__dataclass_fields__}
    for key in raw:
        if key not in known:
            hint = suggest(key, known, otherwise=f"there are {sorted(known)}")
            raise ConfigurationError(f"STRANGLER['SHADOW']['GATE'] has no key {key!r}{hint}")
    values = {key.lower(): value for key, value in raw.items()}
    values["max_rate"] = _of_stage(values.get("max_rate", GateRules().max_rate), stage)
    values |= {name: value for name, value in (("max_rate", max_rate), ("confidence", confidence)) if value is not None}
    rules = GateRules(**values)
    for name in ("max_rate", "confidence"):
        if not 0 < getattr(rules, name) < 1:
            raise ConfigurationError(f"the gate's {name} is {getattr(rules, name)!r}; it has to lie between 0 and 1")
    if rules.slower is not None and rules.slower < 1:
        raise ConfigurationError(f"the gate's slower is {rules.slower!r}; say how many times, 1 or more, or None")
    return rules


def _of_stage(value: Any, stage: str) -> Any:
    if not isinstance(value, Mapping):
        return value
    if unknown := sorted(set(value) - {known.value for known in Stage}):
        raise ConfigurationError(f"STRANGLER['SHADOW']['GATE']['MAX_RATE'] names no stages: {unknown}")
    return value.get(stage, GateRules().max_rate)
