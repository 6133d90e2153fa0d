"""Actors as threads, of which one runs at a time; one that waits for a row's lock is seen and left alone."""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

from tests.interleaving.scheduling import LONGEST, Choose, Endless

__all__ = ["Aborted", "Crew", "ThreadActor", "pause"]

GLANCE = 0.01
"""Seconds after which an actor that has not come back is looked at."""
STUCK = 20.0

_current = threading.local()


class Aborted(BaseException):
    """The history is over for the other actors too."""


class ThreadActor:
    """A reader or a writer; its steps begin where it calls `pause`."""

    def __init__(self, index: int, name: str, body: Callable[[], None], arrivals: "SimpleQueue[ThreadActor]") -> None:
        self.index, self.name, self.body, self.arrivals = index, name, body, arrivals
        self.go = threading.Lock()
        self.go.acquire()
        self.is_over = self.is_blocked = self.is_aborted = self.has_committed = False
        self.error: BaseException | None = None
        self.step: Any = "starts"

    def live(self) -> None:
        _current.actor = self
        self.go.acquire()
        try:
            if not self.is_aborted:
                self.body()
        except Aborted:
            pass
        except BaseException as error:
            self.error = error
        _current.actor = None
        self.is_over = True
        self.arrivals.put(self)

    def pause(self, step: Any) -> None:
        if self.is_aborted:
            raise Aborted
        self.step = step
        self.arrivals.put(self)
        self.go.acquire()
        if self.is_aborted:
            raise Aborted


def pause(step: Any) -> None:
    """Lets others go on before the current thread does this step; nothing in a thread that is no actor."""
    actor = current()
    if actor is not None:
        actor.pause(step)


def current() -> ThreadActor | None:
    return getattr(_current, "actor", None)


class Crew:
    """Threads that live through many histories, each with a database connection of its own."""

    def __init__(self, size: int, waits_for_lock: Callable[[int], bool]) -> None:
        self.waits_for_lock = waits_for_lock
        self.arrivals: SimpleQueue[ThreadActor] = SimpleQueue()
        self.work: list[SimpleQueue[ThreadActor | Callable[[], None] | None]] = [SimpleQueue() for _ in range(size)]
        self.threads = [threading.Thread(target=self._serve, args=(work,), daemon=True) for work in self.work]
        for thread in self.threads:
            thread.start()

    def close(self, last: Callable[[], None]) -> None:
        """Lets each thread do one last thing, and ends it."""
        for work in self.work:
            work.put(last)
            work.put(None)
        for thread in self.threads:
            thread.join(10)

    def actor(self, index: int, name: str, body: Callable[[], None]) -> ThreadActor:
        return ThreadActor(index, name, body, self.arrivals)

    def run(
        self,
        actors: Sequence[ThreadActor],
        others: Sequence[Any],
        choose: Choose,
        on_step: Callable[[Any], None],
        on_arrival: Callable[[ThreadActor], None],
    ) -> None:
        """Runs the actors, and among them the `others`, whose steps are calls of `act`. Raises what an actor raised."""
        for actor in actors:
            self.work[actor.index].put(actor)
        try:
            self._interleave(actors, others, choose, on_step, on_arrival)
        finally:
            self._abort([actor for actor in actors if not actor.is_over])

    def _interleave(
        self,
        actors: Sequence[ThreadActor],
        others: Sequence[Any],
        choose: Choose,
        on_step: Callable[[Any], None],
        on_arrival: Callable[[ThreadActor], None],
    ) -> None:
        current: Any = None
        for _ in range(LONGEST):
            ready = [actor for actor in (*actors, *others) if not actor.is_over and not actor.is_blocked]
            if not ready:
                if all(actor.is_over for actor in actors):
                    return
                # All wait for locks: the database will refuse one of them.
                self._arrived(self.arrivals.get(timeout=STUCK), on_arrival)
                continue
            current = choose(current, ready)
            on_step(current)
            if current in others:
                current.act()
            else:
                current.go.release()
                self._await(current, on_arrival)
            self._await_freed(actors, on_arrival)
        raise Endless(f"More than {LONGEST} steps.")

    def _await(self, actor: ThreadActor, on_arrival: Callable[[ThreadActor], None]) -> None:
        """Until the actor comes to its next step, or is seen to wait for a lock."""
        while True:
            try:
                arrived = self.arrivals.get(timeout=GLANCE)
            except Empty:
                if self.waits_for_lock(actor.index):
                    actor.is_blocked = True
                    return
                continue
            self._arrived(arrived, on_arrival)
            if arrived is actor:
                return

    def _await_freed(self, actors: Sequence[ThreadActor], on_arrival: Callable[[ThreadActor], None]) -> None:
        """Whom the last step gave a lock goes on by itself as far as its next step."""
        for actor in actors:
            # Between two locks a backend is seen to wait for none.
            while actor.is_blocked and not self.waits_for_lock(actor.index):
                with suppress(Empty):
                    self._arrived(self.arrivals.get(timeout=GLANCE), on_arrival)

    def _arrived(self, actor: ThreadActor, on_arrival: Callable[[ThreadActor], None]) -> None:
        actor.is_blocked = False
        on_arrival(actor)
        if actor.error is not None:
            raise actor.error

    def _abort(self, left: Sequence[ThreadActor]) -> None:
        for actor in left:
            actor.is_aborted = True
        for actor in left:
            actor.go.release()
        while not all(actor.is_over for actor in left):
            self.arrivals.get(timeout=STUCK)
        while not self.arrivals.empty():
            self.arrivals.get()

    def _serve(self, work: "SimpleQueue[ThreadActor | Callable[[], None] | None]") -> None:
        while (item := work.get()) is not None:
            if isinstance(item, ThreadActor):
                item.live()
            else:
                item()
