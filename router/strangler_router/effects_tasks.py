"""Tasks that are held: what Celery, RQ, Dramatiq and Huey would put into their queues.

A library is wrapped where it is imported, now or later. Django's own tasks need nothing of theirs: their backends write
rows, or use one of these.
"""

import logging
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any
from uuid import uuid4
from weakref import WeakValueDictionary

from strangler_router.effects_methods import wrap, wrap_heirs
from strangler_router.effects_record import Effect, plain, record

__all__ = ["LIBRARIES", "wrap_tasks"]

logger = logging.getLogger("strangler_router")
FOLLOW = ("chain", "chord", "link", "link_error")
ROUTING = ("queue", "exchange", "routing_key")
_wrapped: set[str] = set()
_lock = threading.RLock()


def wrap_tasks() -> None:
    """Wrap the libraries that are imported, and those that will be; once is enough.

    One that another thread is importing is left to the next time. Raises what wrapping raises, each time: a task that
    is not held would be sent.
    """
    for name in LIBRARIES.keys() - _wrapped:
        module = sys.modules.get(name)
        if module is not None and not getattr(module.__spec__, "_initializing", False):
            _wrap_module(name, module)
    with _lock:
        if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
            sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    """Wraps a library when its module has been executed."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name not in LIBRARIES or name in _wrapped:
            return None
        others = (each for each in sys.meta_path if not isinstance(each, _Finder) and hasattr(each, "find_spec"))
        spec = next((found for finder in others if (found := finder.find_spec(name, path, target))), None)
        execute = getattr(spec and spec.loader, "exec_module", None)
        if spec is not None and execute is not None:

            def exec_module(module: ModuleType) -> None:
                execute(module)
                # An archive has one loader for all of its modules.
                if module.__name__ == name:
                    _wrap_imported(name, module)

            setattr(spec.loader, "exec_module", exec_module)  # noqa: B010  an instance's own
        return spec


def _wrap_imported(name: str, module: ModuleType) -> None:
    """Wrapping that fails is no failure of the project's import; the next replay fails by it."""
    try:
        _wrap_module(name, module)
    except Exception:
        logger.warning("%s cannot be wrapped, so its tasks cannot be held", name, exc_info=True)


def _wrap_module(name: str, module: ModuleType) -> None:
    with _lock:
        if name not in _wrapped:
            LIBRARIES[name](module)
            _wrapped.add(name)


def _record(name: str, args: Any, kwargs: Any, **rest: Any) -> None:
    document = {"args": list(args or ()), "kwargs": dict(kwargs or {}), **rest}
    record(Effect(kind="task", name=name, document=plain(document)))


def _celery(module: ModuleType) -> None:
    def send_task(  # noqa: PLR0917  Celery's own order
        app: Any, name: str, args: Any = None, kwargs: Any = None, countdown: Any = None, eta: Any = None,
        task_id: str | None = None, *_rest: Any, **options: Any,
    ) -> Any:  # fmt: skip
        follow = {key: _signatures(options[key]) for key in FOLLOW if options.get(key)}
        given = {key: options[key] for key in ("expires", "priority") if options.get(key) is not None}
        queue = _celery_queue(app, name, args, kwargs, options)
        _record(name, args, kwargs, queue=queue, countdown=countdown, eta=eta, **given, **follow)
        return (options.get("result_cls") or app.AsyncResult)(task_id or str(uuid4()))

    wrap(module.Celery, "send_task", send_task)


def _celery_queue(app: Any, name: str, args: Any, kwargs: Any, options: Mapping[str, Any]) -> str:
    asked = {key: options[key] for key in ROUTING if options.get(key) is not None}
    route = app.amqp.router.route(asked, options.get("route_name") or name, args, kwargs, options.get("task_type"))
    return str(getattr(route.get("queue"), "name", route.get("queue")))


def _signatures(found: Any) -> list[Any]:
    """What follows a task, without the ids that are drawn for it."""
    signatures = found if isinstance(found, (list, tuple)) else [found]
    return [{key: each.get(key) for key in ("task", "args", "kwargs")} for each in signatures]


def _rq(module: ModuleType) -> None:
    jobs_held: WeakValueDictionary[str, Any] = WeakValueDictionary()

    def follow(job: Any) -> dict[str, Any]:
        """What a job waits for, by name as far as it was held, and what follows it."""
        jobs_held[job.id] = job
        waits = [getattr(jobs_held.get(each), "func_name", each) for each in getattr(job, "_dependency_ids", ())]
        found = {f"on_{end}": getattr(job, f"_{end}_callback_name", None) for end in ("success", "failure")}
        return {key: value for key, value in ({"depends_on": waits} | found).items() if value}

    def enqueue_job(queue: Any, job: Any, *_args: Any, **_kwargs: Any) -> Any:
        _record(job.func_name, job.args, job.kwargs, queue=queue.name, **follow(job))
        # Callers read where it waits, and since when.
        job.origin, job.enqueued_at = queue.name, datetime.now(UTC)
        return job

    def schedule_job(queue: Any, job: Any, at: Any, *_args: Any, **_kwargs: Any) -> Any:
        _record(job.func_name, job.args, job.kwargs, queue=queue.name, eta=at, **follow(job))
        return job

    def enqueue_many(queue: Any, job_datas: Any, *_args: Any, **_kwargs: Any) -> list[Any]:
        names = ("args", "kwargs", "job_id", "depends_on", "on_success", "on_failure")
        jobs = [
            queue.create_job(each.func, **{name: getattr(each, name, None) for name in names}) for each in job_datas
        ]
        return [enqueue_job(queue, job) for job in jobs]

    for hold in (enqueue_job, schedule_job, enqueue_many):
        wrap(module.Queue, hold.__name__, hold)


def _dramatiq(module: ModuleType) -> None:
    def enqueue(_broker: Any, message: Any, *, delay: Any = None) -> Any:
        follow = list(_dramatiq_targets(message.options))
        rest = {"pipe_target": follow} if follow else {}
        _record(message.actor_name, message.args, message.kwargs, queue=message.queue_name, countdown=delay, **rest)
        return message

    wrap_heirs(module.Broker, "enqueue", enqueue)


def _dramatiq_targets(options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    while target := options.get("pipe_target"):
        yield {"task": target["actor_name"], "args": target["args"], "kwargs": target["kwargs"]}
        options = target["options"]


def _huey(module: ModuleType) -> None:
    def enqueue(huey: Any, task: Any) -> Any:
        tasks = [task]
        while (following := tasks[-1].on_complete) is not None:
            tasks.append(following)
        for number, each in enumerate(tasks):
            eta = {"eta": each.eta} if number == 0 else {"after": _huey_name(tasks[number - 1])}
            _record(_huey_name(each), *each.data, queue=huey.name, priority=each.priority, **eta)
        if not huey.results:
            return None
        results = [module.Result(huey, each) for each in tasks]
        return results[0] if len(results) == 1 else module.ResultGroup(results)

    real = module.Huey.enqueue

    def enqueue_any(huey: Any, task: Any) -> Any:
        # An immediate one runs the task here, and what that sends is held; groups come back for each of theirs.
        if huey.immediate or not isinstance(task, module.Task):
            return real(huey, task)
        return enqueue(huey, task)

    wrap(module.Huey, "enqueue", enqueue_any)


def _huey_name(task: Any) -> str:
    return f"{type(task).__module__}.{type(task).__name__}"


LIBRARIES: Mapping[str, Callable[[ModuleType], None]] = {
    "celery.app.base": _celery,
    "dramatiq.broker": _dramatiq,
    "huey.api": _huey,
    "rq.queue": _rq,
}
"""The module in which each library puts tasks into a queue, and how it is wrapped."""
