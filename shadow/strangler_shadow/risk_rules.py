"""What a difference risks, from its kind, its place, and for a status or a cookie from the values."""

import json
from collections.abc import Mapping
from typing import Any

from strangler_shadow.header_rules import rule_of
from strangler_shadow.kinds import Kind
from strangler_shadow.risk import Risk

__all__ = ["GUARDS", "KINDS", "kept_risk", "risk_of"]

KINDS: Mapping[Kind, tuple[Risk | None, str]] = {
    Kind.STATUS: (None, "401 or 403 on one side, or 2xx against 404, is highest; another class high; else medium"),
    Kind.HEADER: (None, "as the table of headers says"),
    Kind.COOKIE: (
        None,
        "highest where an attribute that guards it differs, high where one side sets none, else medium",
    ),
    Kind.MISSING: (Risk.HIGH, "a key that only the control has"),
    Kind.EXTRA: (Risk.HIGH, "a key that only the candidate has; it may tell what nobody was to see"),
    Kind.TYPE: (Risk.HIGH, "values of different types; 1 is not 1.0, and neither is true"),
    Kind.NULL: (Risk.HIGH, "null on one side"),
    Kind.VALUE: (Risk.HIGH, "another value; medium in errors, where values are messages"),
    Kind.PRECISION: (Risk.MEDIUM, "numbers, or texts of numbers, that differ in their last digits: 12.50 and 12.5"),
    Kind.ORDER: (Risk.LOW, "an object's keys in another order"),
    Kind.LENGTH: (Risk.HIGH, "lists of different lengths: rows are lost, or shown to somebody else"),
    Kind.SPELLING: (Risk.LOW, "equal values, written differently"),
    Kind.BODY: (Risk.HIGH, "bodies that are not both JSON: text by its first line that differs, the rest by hash"),
    Kind.CODING: (Risk.HIGH, "bodies in a content coding that cannot be undone here: only gzip and deflate can"),
    Kind.ERROR_SHAPE: (Risk.HIGH, "errors of another structure, on which clients' error handling rests"),
    Kind.ERROR: (Risk.HIGH, "one side did not answer"),
}
"""By kind: the risk, None where place or values decide, and what it is."""

GUARDS = frozenset({"domain", "httponly", "path", "samesite", "secure"})
"""Attributes of a cookie that say who gets it (RFC 6265, 4.1.2; SameSite: 6265bis)."""
REFUSED = (401, 403)


def risk_of(kind: Kind, place: str, control: Any, candidate: Any, *, of_errors: bool = False) -> Risk:
    """The risk; values that are not known any more, as after redaction, count as the worst."""
    if kind is Kind.STATUS:
        return _of_status(control, candidate)
    if kind is Kind.HEADER:
        return rule_of(place).risk
    if kind is Kind.COOKIE:
        return _of_cookie(control, candidate)
    if kind is Kind.VALUE and of_errors:
        return Risk.MEDIUM
    return KINDS[kind][0] or Risk.HIGHEST


def kept_risk(kind: Kind, place: str, control: str, candidate: str) -> Risk:
    """The same of a difference that was kept, its values as `redacted` gives them: JSON, or stand-ins."""
    return risk_of(kind, place, _kept(control), _kept(candidate))


def _kept(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _of_status(control: Any, candidate: Any) -> Risk:
    if type(control) is not int or type(candidate) is not int or not {control, candidate}.isdisjoint(REFUSED):
        return Risk.HIGHEST
    classes = {control // 100, candidate // 100}
    if 2 in classes and 404 in (control, candidate):
        return Risk.HIGHEST
    return Risk.HIGH if len(classes) == 2 else Risk.MEDIUM


def _of_cookie(control: Any, candidate: Any) -> Risk:
    if control is None or candidate is None:
        return Risk.HIGH
    if type(control) is not list or type(candidate) is not list:
        return Risk.HIGHEST
    return Risk.MEDIUM if _guards(control) == _guards(candidate) else Risk.HIGHEST


def _guards(cookies: list[str]) -> list[list[str]]:
    """Attributes of each cookie that guard it; a flag with and without a value is the same."""
    attributes = ([part.strip() for part in cookie.split(";")[1:]] for cookie in cookies)
    pairs = ([part.partition("=") for part in parts] for parts in attributes)
    return [
        sorted(f"{name.lower()}={value or True}" for name, _, value in found if name.lower() in GUARDS)
        for found in pairs
    ]
