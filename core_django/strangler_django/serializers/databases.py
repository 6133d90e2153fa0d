"""Tell databases apart in keys."""

from functools import lru_cache
from typing import Any

from django.db import connections

from strangler_protos import stamps

__all__ = ["database"]


def database(alias: str) -> str:
    """The database behind an alias, and behind the schema where django-tenants selects one."""
    connection = connections[alias]
    given = connection.settings_dict
    return _named(
        alias, given.get("HOST"), given.get("PORT"), given.get("NAME"), getattr(connection, "schema_name", "")
    )


@lru_cache(maxsize=1024)
def _named(alias: str, host: Any, port: Any, name: Any, schema: Any) -> str:
    return stamps.database(alias, host=_text(host), port=_text(port), name=_text(name), schema=str(schema))


def _text(given: Any) -> str:
    return "" if given is None else str(given)
