"""Copies of a PostgreSQL database, by `CREATE DATABASE … TEMPLATE …`."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from socket import gethostname
from typing import Any
from urllib.parse import quote, urlencode

from django.db import DatabaseError

from strangler_shadow.twins import PREFIX, TwinError, is_left_over, let_go

__all__ = ["PostgresTwins", "postgres_twins"]

# PostgreSQL's codes: other connections hold the template; the role may not.
IN_USE, FORBIDDEN = "55006", "42501"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresTwins:
    """Databases on the project's own server; `server` is a connection of their maker, to the project's database."""

    stem: str
    server: Any

    @property
    def monolith(self) -> str:
        """Name of the monolith's copy."""
        return f"{self.stem}_monolith"

    @property
    def service(self) -> str:
        """Name of the service's copy."""
        return f"{self.stem}_service"

    @property
    def first(self) -> str:
        """Name of the copy that is the others' template."""
        return f"{self.stem}_first"

    def renew(self) -> None:
        """Drop both copies, whoever is connected to them, and make them again."""
        let_go(self.first, self.monolith, self.service)
        for name in (self.monolith, self.service):
            _drop(self.server, name)
            _create(self.server, name, self.first)

    def url(self, name: str) -> str:
        """`postgresql://USER@HOST:PORT/NAME`; a password travels in PGPASSWORD."""
        given = self.server.settings_dict
        user, host, port = given.get("USER") or "", given.get("HOST") or "", given.get("PORT") or ""
        where = f"{quote(str(user), safe='')}@" if user else ""
        if host.startswith("/"):
            query = urlencode({"host": host, **({"port": port} if port else {})})
            return f"postgresql://{where}/{name}?{query}"
        return f"postgresql://{where}{host}{f':{port}' if port else ''}/{name}"


@contextmanager
def postgres_twins(connection: Any, stem: str) -> Iterator[PostgresTwins]:
    """Copy the connection's database, which nobody else may be connected to while the first copy is made."""
    source = _leave(connection)
    server = connection.copy()
    server.settings_dict["OPTIONS"].pop("pool", None)
    made = PostgresTwins(stem=stem, server=server)
    try:
        _remove_left_over(server)
        _create(server, made.first, source)
        made.renew()
        yield made
    finally:
        try:
            let_go(made.first, made.monolith, made.service)
            for name in (made.monolith, made.service, made.first):
                _drop(server, name)
        finally:
            server.close()


def _leave(connection: Any) -> str:
    """The database's name, after this process has let go of it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        (name,) = cursor.fetchone()
    connection.close()
    connection.close_pool()
    return str(name)


def _create(server: Any, name: str, template: str) -> None:
    quoted = server.ops.quote_name
    try:
        _execute(server, f"CREATE DATABASE {quoted(name)} TEMPLATE {quoted(template)}")
    except DatabaseError as error:
        code = getattr(error.__cause__, "sqlstate", "")
        if code == IN_USE:
            raise TwinError(
                f"{template} is in use by other connections, and PostgreSQL copies a database only while nobody is"
                " connected to it; stop what uses it, or verify against a copy of your own"
            ) from error
        if code == FORBIDDEN:
            role = server.settings_dict.get("USER") or "of this project"
            raise TwinError(
                f"the role {role} may not copy {template} ({str(error).strip()}); it has to own the database and to"
                " have the right to create others: ALTER ROLE … CREATEDB"
            ) from error
        raise TwinError(f"{template} cannot be copied: {str(error).strip()}") from error


def _drop(server: Any, name: str) -> None:
    _execute(server, f"DROP DATABASE IF EXISTS {server.ops.quote_name(name)} WITH (FORCE)")


def _remove_left_over(server: Any) -> None:
    with server.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [PREFIX.replace("_", r"\_") + "%"])
        names = [name for (name,) in cursor.fetchall()]
    for name in names:
        if is_left_over(name, host=gethostname(), now=time.time()):
            _drop(server, name)


def _execute(server: Any, statement: str) -> None:
    with server.cursor() as cursor:
        cursor.execute(statement)
