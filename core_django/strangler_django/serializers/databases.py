"""Tell databases apart in keys."""

from django.db import connections

from strangler_protos import stamps

__all__ = ["database"]


def database(alias: str) -> str:
    """The database behind an alias, and behind the schema where django-tenants selects one."""
    connection = connections[alias]
    host, port, name = (str(connection.settings_dict.get(key, "")) for key in ("HOST", "PORT", "NAME"))
    return stamps.database(alias, host=host, port=port, name=name, schema=str(getattr(connection, "schema_name", "")))
