"""What a project declares that its monolith does not repeat: the list `STRANGLER["SHADOW"]["RULES"]`.

Each rule says at which place of which endpoint another value is as good, who answers for it, why, and until when; from
that day on it does not apply any more.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from strangler_protos.suggestion import suggest
from strangler_router.conf import Settings, settings
from strangler_router.errors import ConfigurationError
from strangler_shadow.matchers import Anything, Cursor, Matcher, Number, Time, Token, Url
from strangler_shadow.noise import NO_NOISE, Noise
from strangler_shadow.places import EVERY, steps_of

__all__ = [
    "MATCHERS", "Rule", "UnownedRule", "WideRule", "declared_noise", "declared_rules", "read_rules", "rules_digest",
]  # fmt: skip

HEADER = "header "
ANY_ENDPOINT = "*"
PLAIN = ("endpoint", "at", "matcher", "owner", "reason", "until")
ANSWERABLE = frozenset({"owner", "reason", "until"})
TYPES: Mapping[str, type] = {"bool": bool, "float": float, "int": int, "str": str}


class UnownedRule(ConfigurationError):
    """A rule that does not say who answers for it, why, or until when."""


class WideRule(ConfigurationError):
    """A rule on everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule; `at` is a pattern, or `header NAME`. The `options` are its matcher's."""

    endpoint: str
    at: str
    matcher: str
    owner: str
    reason: str
    until: date
    options: Mapping[str, Any] = field(default_factory=dict)

    def applies_to(self, endpoint: str, today: date) -> bool:
        """Whether it says something of this endpoint today."""
        return self.endpoint in (endpoint, ANY_ENDPOINT) and today < self.until

    @property
    def place(self) -> str:
        """The pattern of the differences that it is about."""
        return self.at.removeprefix(HEADER).lower() if self.at.startswith(HEADER) else self.at

    @property
    def noise(self) -> Noise:
        """What it explains."""
        if self.matcher == "rows":
            return Noise(shuffled=frozenset({self.at}), keyed={self.at: self.options["by"]} if self.options else {})
        matchers = {self.place: (MATCHERS[self.matcher][1](self.options),)}
        return Noise(matchers=matchers, fixed=frozenset(matchers))


def _number(options: Mapping[str, Any]) -> Matcher:
    return Number(None, options.get("within", 0.0), options.get("relative", 0.0))


def _time(options: Mapping[str, Any]) -> Matcher:
    return Time("", timedelta(seconds=options["within"]))


MATCHERS: Mapping[str, tuple[Mapping[str, str], Callable[[Mapping[str, Any]], Matcher]]] = {
    "any": ({"type": "needed"}, lambda options: Anything(TYPES[options["type"]])),
    "cursor": ({"parameters": ""}, lambda options: Cursor(frozenset(options.get("parameters", ("cursor",))))),
    "number": ({"within": "either", "relative": "either"}, _number),
    "rows": ({"by": ""}, lambda _: Anything(list)),
    "time": ({"within": "needed"}, _time),
    "token": ({}, lambda _: Token("", frozenset())),
    "url": ({"parameters": "needed"}, lambda options: Url(frozenset(options["parameters"]))),
}
"""By name: the options and whether they are needed, and what makes the matcher."""


def read_rules(raw: Any) -> tuple[Rule, ...]:
    """The rules of the settings; `ConfigurationError` where a key or a value is impossible."""
    if not isinstance(raw, (list, tuple)):
        raise ConfigurationError(f"STRANGLER['SHADOW']['RULES'] is {raw!r}; it must be a list of mappings")
    return tuple(_rule(f"STRANGLER['SHADOW']['RULES'][{number}]", one) for number, one in enumerate(raw))


_cache: tuple[Settings, date, tuple[Rule, ...], dict[str, Noise]] | None = None


def declared_rules() -> tuple[Rule, ...]:
    """The rules of the settings as they are now, expired ones too."""
    return _read()[2]


def declared_noise(endpoint: str) -> Noise:
    """What the rules that apply to an endpoint today explain."""
    _, today, rules, known = _read()
    found = known.get(endpoint)
    if found is None:
        found = NO_NOISE
        for rule in rules:
            if rule.applies_to(endpoint, today):
                found |= rule.noise
        known[endpoint] = found
    return found


def rules_digest(endpoint: str) -> list[str]:
    """What names the rules that apply to an endpoint today, whoever owns them."""
    _, today, rules, _ = _read()
    found = (
        json.dumps([rule.at, rule.matcher, sorted(rule.options.items())])
        for rule in rules
        if rule.applies_to(endpoint, today)
    )
    return sorted(found)


def _read() -> tuple[Settings, date, tuple[Rule, ...], dict[str, Noise]]:
    global _cache
    now, today = settings(), timezone.now().date()
    if _cache is None or _cache[0] is not now or _cache[1] != today:
        _cache = (now, today, read_rules(now.shadow.get("RULES", ())), {})
    return _cache


def _rule(where: str, raw: Any) -> Rule:
    if not isinstance(raw, Mapping):
        raise ConfigurationError(f"{where} is {raw!r}; it must be a mapping")
    matcher = raw.get("matcher")
    if not isinstance(matcher, str) or matcher not in MATCHERS:
        raise ConfigurationError(f"{where} has the matcher {matcher!r}{_meant(matcher, MATCHERS)}")
    for key in raw:
        if key not in (known := [*PLAIN, *MATCHERS[matcher][0]]):
            raise ConfigurationError(f"{where} has no key {key!r} with the matcher {matcher!r}{_meant(key, known)}")
    for key in PLAIN:
        value = raw.get(key)
        if not (isinstance(value, str) and value.strip()) and not (key == "until" and isinstance(value, date)):
            kind = UnownedRule if key in ANSWERABLE else ConfigurationError
            raise kind(f"{where} has no {key!r}; a rule says {', '.join(PLAIN)}")
    _check_place(where, raw["at"], matcher)
    options = {key: value for key, value in raw.items() if key not in PLAIN}
    _check_options(where, matcher, options)
    plain = {key: raw[key] for key in PLAIN if key != "until"}
    return Rule(**plain, until=_day(where, raw["until"]), options=options)


def _check_place(where: str, at: str, matcher: str) -> None:
    if at.startswith(HEADER):
        if matcher == "rows" or not at.removeprefix(HEADER).strip():
            raise ConfigurationError(
                f"{where}: {at!r} has no rows" if matcher == "rows" else f"{where} names no header"
            )
        return
    try:
        steps = steps_of(at)
    except ValueError as error:
        raise ConfigurationError(f"{where}: {error}, nor a header such as 'header ETag'") from None
    if matcher != "rows" and (not steps or steps == (EVERY,)):
        raise WideRule(f"{where} is on everything ({at!r}); name the field that varies")


def _check_options(where: str, matcher: str, options: Mapping[str, Any]) -> None:
    known = MATCHERS[matcher][0]
    either = [key for key, need in known.items() if need == "either"]
    missing = [key for key, need in known.items() if need == "needed" and key not in options]
    if missing or (either and not set(either) & set(options)):
        raise ConfigurationError(f"{where}: the matcher {matcher!r} needs {' or '.join(missing or either)!r}")
    for key, value in options.items():
        if problem := _problem(key, value):
            raise ConfigurationError(f"{where}: {key} is {value!r}; it must be {problem}")


def _problem(key: str, value: Any) -> str:
    if key in ("within", "relative"):
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        most = 1 if key == "relative" else float("inf")
        return "" if is_number and 0 < value < most else f"a number above 0{' and below 1' if most == 1 else ''}"
    if key == "parameters":
        fits = isinstance(value, (list, tuple)) and value and all(isinstance(name, str) and name for name in value)
        return "" if fits else "a list of names of query parameters"
    if key == "type":
        return "" if isinstance(value, str) and value in TYPES else f"one of {', '.join(TYPES)}"
    return "" if isinstance(value, str) and value else "the name of a field"


def _day(where: str, until: Any) -> date:
    try:
        if isinstance(until, datetime):
            return until.date()
        return until if isinstance(until, date) else date.fromisoformat(until)
    except ValueError:
        raise ConfigurationError(f"{where}: until is {until!r}; it must be a day such as '2027-01-31'") from None


def _meant(word: Any, known: Iterable[str]) -> str:
    return suggest(word, known, otherwise=f"there are {sorted(known)}")
