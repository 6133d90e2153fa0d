"""System checks of the rules that a project declares for what its monolith does not repeat."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004
from django.utils import timezone

from strangler_django.endpoints import walk_endpoints
from strangler_protos.suggestion import suggest
from strangler_router.conf import settings
from strangler_router.errors import ConfigurationError
from strangler_shadow.fields import OWN_NAMES, declared_names
from strangler_shadow.places import EVERY, steps_of
from strangler_shadow.rules import ANY_ENDPOINT, HEADER, Rule, UnownedRule, WideRule, declared_rules

__all__ = ["check_rules"]


@register()
def check_rules(*, app_configs: Sequence[AppConfig] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """`STRANGLER["SHADOW"]["RULES"]`: can they be read, do they apply still, and do they name what is there?"""
    raw = getattr(django_settings, "STRANGLER", {})
    if not isinstance(raw, dict) or not isinstance(raw.get("SHADOW", {}), dict):
        return []  # the router's checks say it
    try:
        settings()
    except (ConfigurationError, TypeError, ValueError):
        return []  # as above
    try:
        rules = declared_rules()
    except UnownedRule as error:
        return [Error(str(error), id="strangler_shadow.E002")]
    except WideRule as error:
        return [Error(str(error), id="strangler_shadow.E003")]
    except ConfigurationError as error:
        return [Error(str(error), id="strangler_shadow.E001")]
    endpoints = {endpoint.id for endpoint in walk_endpoints()} if rules else set()
    return [message for number, rule in enumerate(rules) for message in _about(number, rule, endpoints)]


def _about(number: int, rule: Rule, endpoints: set[str]) -> Iterator[CheckMessage]:
    where = f"STRANGLER['SHADOW']['RULES'][{number}]"
    if timezone.now().date() >= rule.until:
        words = f"{where} on {rule.at!r} ended on {rule.until} and does not apply any more"
        hint = f"{rule.owner} can prolong it where its reason still holds: {rule.reason}"
        yield Warning(words, hint=hint, id="strangler_shadow.W001")
    if rule.endpoint not in {ANY_ENDPOINT, *endpoints}:
        words = f"{where} is about {rule.endpoint!r}, which is no endpoint{suggest(rule.endpoint, endpoints)}"
        yield Warning(words, id="strangler_shadow.W002")
    elif rule.endpoint != ANY_ENDPOINT and (name := _unknown_name(rule)):
        known = declared_names(rule.endpoint) - OWN_NAMES
        words = f"{where}: {rule.endpoint} declares no field {name!r}{suggest(name, known)}"
        yield Warning(words, id="strangler_shadow.W003")


def _unknown_name(rule: Rule) -> str:
    """The first field in the pattern that the endpoint does not declare; below a declared one anything may be."""
    known = declared_names(rule.endpoint)
    if rule.at.startswith(HEADER) or known == OWN_NAMES:
        return ""
    first = next((step for step in steps_of(rule.at) if step is not EVERY and step not in OWN_NAMES), None)
    return first if first is not None and first not in known else ""
