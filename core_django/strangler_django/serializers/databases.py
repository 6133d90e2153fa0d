"""Tell databases apart in keys: an alias names another one in every deployment, and in every tenant's schema."""

import hashlib

from django.db import connections

__all__ = ["database"]


def database(alias: str) -> str:
    """`ALIAS@DIGEST`: the digest of host, port, name, and of the schema where django-tenants selects one."""
    connection = connections[alias]
    values = [str(connection.settings_dict.get(key, "")) for key in ("HOST", "PORT", "NAME")]
    text = "\0".join([*values, str(getattr(connection, "schema_name", ""))])
    return f"{alias}@{hashlib.blake2b(text.encode(), digest_size=6).hexdigest()}"
