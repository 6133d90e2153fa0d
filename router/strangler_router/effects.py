"""Let code run without its mail, tasks and connections leaving the process, and be told of them.

Mail, tasks of queues and connections to other servers are held: the code goes on as if they had been sent, but for a
connection, which is refused.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from strangler_router.effects_connections import own_servers, refusing
from strangler_router.effects_mail import wrap_mail
from strangler_router.effects_record import Effect, Sink, told_everywhere, told_here
from strangler_router.effects_tasks import wrap_tasks

__all__ = ["Effect", "Sink", "drop", "held_everywhere", "held_here"]


def drop(_effect: Effect) -> None:
    """A sink for what nobody compares."""


@contextmanager
def held_here(sink: Sink) -> Iterator[None]:
    """Hold the mail and the tasks of this context, not of threads that it starts; connections are made.

    For the copy of a live call: a view that reads may have to ask another server for its answer.
    """
    wrap_mail()
    wrap_tasks()
    with told_here(sink):
        yield


@contextmanager
def held_everywhere(sink: Sink, *, reachable: Collection[str] = ()) -> Iterator[None]:
    """Hold mail, tasks and connections of all threads.

    Reached are the databases, the services, and what is named here and in `STRANGLER["SHADOW"]["REACHABLE"]`. Raises
    ConfigurationError where that is no list of `host:port`.
    """
    wrap_mail()
    wrap_tasks()
    with told_everywhere(sink), refusing({*own_servers(), *reachable}):
        yield
