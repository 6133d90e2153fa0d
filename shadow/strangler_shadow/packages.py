"""The installed packages that a view's answer can depend on, and their digest.

They are what the view's own modules import, what the settings put around every view, and what these require in turn. So
tools that only one of two environments has installed make no difference between them.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions

from django.conf import settings

from strangler_django.endpoints import Endpoint
from strangler_shadow.sources import outside_names, roots_of

__all__ = ["packages_digest"]

NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
ALWAYS = ("django", "rest_framework", "strangler_router")
SETTINGS = ("INSTALLED_APPS", "MIDDLEWARE")


def packages_digest(endpoint: Endpoint | None) -> str:
    """16 hexadecimal digits over names and versions; without an endpoint, of what is around every view."""
    around = [str(name) for setting in SETTINGS for name in getattr(settings, setting)]
    return _digest(frozenset(roots_of(endpoint) if endpoint else ()), frozenset([*ALWAYS, *around]))


@lru_cache(maxsize=1024)
def _digest(roots: frozenset[str], around: frozenset[str]) -> str:
    # What the project's apps import is around every view too.
    imported = {*around, *outside_names({*roots, *around})}
    providers = _providers()
    versions = _versions(
        name for top in {name.partition(".")[0] for name in imported} for name in providers.get(top, ())
    )
    return hashlib.sha256("\n".join(sorted(versions)).encode()).hexdigest()[:16]


def _versions(waiting: Iterable[str]) -> Iterator[str]:
    """`name version` of each distribution and of all that it requires."""
    left, seen = list(waiting), set()
    while left:
        name = _normal(left.pop())
        if name in seen:
            continue
        seen.add(name)
        try:
            found = distribution(name)
        except PackageNotFoundError:
            # Required on other systems, or by an extra that nobody chose.
            continue
        yield f"{name} {found.version}"
        left += [match[0] for line in found.requires or () if "extra ==" not in line and (match := NAME.match(line))]


def _normal(name: str) -> str:
    """As PEP 503 spells a distribution."""
    return re.sub(r"[-_.]+", "-", name).lower()


@lru_cache(maxsize=1)
def _providers() -> Mapping[str, list[str]]:
    """Which distributions a module at the top comes from."""
    return packages_distributions()
