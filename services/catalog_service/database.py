"""The monolith's database: one engine that only reads, one that writes, and whether its schema is the expected one."""

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text

from strangler_services.health import Readiness
from strangler_services.ledger import Ledger
from strangler_services.readiness import SchemaReadiness

__all__ = ["LEDGER", "driver_connection", "is_reachable", "open_database", "open_for_writing", "readiness"]

LEDGER = Path(__file__).with_name("queries.json")

SQLITE = "sqlite:///"


def open_database(url: str, *, connections: int = 16) -> Engine:
    """A reading engine for `postgresql+psycopg://…` or `sqlite:///PATH`; connects with the first query."""
    if url.startswith(SQLITE):
        return create_engine(_sqlite(url, "ro"), pool_size=connections)
    return create_engine(
        url, pool_size=connections, pool_pre_ping=True, execution_options={"postgresql_readonly": True}
    )


def open_for_writing(url: str, *, connections: int = 4) -> Engine:
    """An engine for the same URLs whose transactions may write."""
    if not url.startswith(SQLITE):
        return create_engine(url, pool_size=connections, pool_pre_ping=True)
    engine = create_engine(_sqlite(url, "rw"), pool_size=connections)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_immediately)
    return engine


def is_reachable(engine: Engine) -> bool:
    """Whether the database answers; for readiness."""
    with engine.connect() as connection:
        return connection.execute(text("SELECT 1")).scalar() == 1


def readiness(engine: Engine, *, seconds: float = 60.0) -> Readiness:
    """Whether the database answers and takes the ledger's statements, at which it looks every so many seconds.

    Raises `LedgerError` where the ledger is missing, or is for another kind of database.
    """
    schema = SchemaReadiness(
        Ledger.read(LEDGER), engine.dialect.name, lambda: driver_connection(engine), seconds=seconds
    )

    async def ready() -> bool:
        return await asyncio.to_thread(is_reachable, engine) and await schema()

    return ready


@contextmanager
def driver_connection(engine: Engine) -> Iterator[Any]:
    """A connection of the engine's pool, as the driver has it."""
    with closing(engine.raw_connection()) as connection:
        yield connection.driver_connection


def _sqlite(url: str, mode: str) -> str:
    return f"{SQLITE}file:{url.removeprefix(SQLITE)}?mode={mode}&uri=true"


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver begins late and by itself; a transaction that reads first could not wait for its turn to write.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_immediately(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
