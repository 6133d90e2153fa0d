"""Which calls are let in, and when all of them are answered."""

import asyncio

import grpc

from strangler_services.failure import Failure

__all__ = ["Gate"]


class Gate:
    """Counts the calls in flight of one process.

    A call that was let in is answered; `close` refuses later ones, and `hold` leaves them without an answer until
    their connection is closed, which a client sees as UNAVAILABLE. (A call that reaches grpc's own shutdown is reset
    with CANCELLED, which a client cannot tell from its own cancellation.)
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._in_flight = 0
        self._held = 0
        self._closed = False
        self._holding = False
        self._emptied = asyncio.Event()
        self._never = asyncio.Event()

    @property
    def in_flight(self) -> int:
        """Calls that were let in and are not answered yet."""
        return self._in_flight

    async def enter(self) -> None:
        """Let a call in, or raise `Failure`; each call that was let in must `leave`."""
        if self._holding:
            await self._hold_call()
        if self._closed:
            raise Failure(grpc.StatusCode.UNAVAILABLE, "the server is stopping")
        if self._in_flight >= self._limit:
            raise Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, f"{self._limit} calls are in flight, the most allowed")
        self._in_flight += 1

    def leave(self) -> None:
        """The call's answer was sent, or its client is gone."""
        self._in_flight -= 1
        self._report()

    def close(self) -> None:
        """Refuse calls from now on."""
        self._closed = True

    def hold(self) -> None:
        """Leave calls without an answer from now on."""
        self._holding = True

    async def empty(self, timeout: float) -> bool:
        """Wait until no call is in flight or held; False where `timeout` seconds were not enough."""
        self._emptied.clear()
        self._report()
        try:
            await asyncio.wait_for(self._emptied.wait(), timeout)
        except TimeoutError:
            return False
        return True

    async def _hold_call(self) -> None:
        self._held += 1
        try:
            await self._never.wait()
        finally:
            self._held -= 1
            self._report()

    def _report(self) -> None:
        if not self._in_flight and not self._held:
            self._emptied.set()
