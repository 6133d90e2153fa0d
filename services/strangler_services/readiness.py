"""Not ready while the database refuses a statement that the service sends."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from strangler_services.ledger import Ledger
from strangler_services.logs import log_event
from strangler_services.schema import Breakage, breakages

__all__ = ["SchemaReadiness"]

MINUTE = 60.0
# A migration that comes late, or is taken back, need not wait for the minute.
WHILE_BROKEN = 5.0


class SchemaReadiness:
    """A `Readiness`: whether the live schema is the ledger's, looked at before the first answer and then each minute,
    or each five seconds while it is not.

    `connect` lends a driver's connection (psycopg's, or sqlite3's). What is broken is logged with the statement's
    number and the database's message. While the database cannot look, because it is away or a migration holds a lock,
    the last answer stands and it is asked again a second later. Raises `LedgerError` for a dialect that the ledger
    lacks.
    """

    def __init__(
        self,
        ledger: Ledger,
        dialect: str,
        connect: Callable[[], AbstractContextManager[Any]],
        *,
        seconds: float = MINUTE,
    ) -> None:
        ledger.of(dialect)
        self._ledger, self._dialect = ledger, dialect
        self._connect = connect
        self._seconds = seconds
        self._due = 0.0
        self._broken: list[Breakage] | None = None
        self._looking: asyncio.Task[None] | None = None

    async def __call__(self) -> bool:
        if self._looking is None and time.monotonic() >= self._due:
            self._looking = asyncio.create_task(self._look())
        if self._broken is None and self._looking is not None:
            # Who asks gives up after a second; the look goes on.
            await asyncio.shield(self._looking)
        return self._broken == []

    async def _look(self) -> None:
        try:
            broken = await asyncio.to_thread(self._breakages)
        except Exception as error:  # noqa: BLE001  # whatever a driver raises, nothing was seen
            self._due = time.monotonic() + 1
            log_event("schema not seen", error=type(error).__qualname__)
            return
        finally:
            self._looking = None
        self._due = time.monotonic() + (min(self._seconds, WHILE_BROKEN) if broken else self._seconds)
        if broken != self._broken:
            self._tell(broken)
        self._broken = broken

    def _breakages(self) -> list[Breakage]:
        with self._connect() as connection:
            return breakages(self._ledger, self._dialect, connection)

    def _tell(self, broken: list[Breakage]) -> None:
        for breakage in broken:
            log_event("schema broken", ledger=self._ledger.service, statement=breakage.number, message=breakage.message)
        if not broken:
            log_event("schema as the ledger has it", ledger=self._ledger.service)
