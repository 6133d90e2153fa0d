"""Tasks of four libraries are held in their own words, whenever the library is imported."""

import importlib
import inspect
import sys
import zipfile
from datetime import UTC, datetime
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace

import pytest
import rq

from strangler_router.effects import drop, held_here
from tests.shadow import outgoing_jobs


class TestTasks:
    @pytest.mark.parametrize("library", sorted(outgoing_jobs.LIBRARIES))
    def test_a_task_is_told_and_waits_in_no_queue_and_one_after_it_does(self, library, tmp_path):
        queue = outgoing_jobs.LIBRARIES[library](tmp_path)
        found = []
        with held_here(found.append):
            returned = queue.put(3, note="a")
        assert queue.waiting() == 0
        [effect] = found
        assert (effect.kind, effect.name) == ("task", queue.name)
        assert (effect.document["args"], effect.document["kwargs"]) == ([3], {"note": "a"})
        assert effect.document["queue"] == "payments"
        assert type(returned) is type(queue.put(3, note="a"))
        assert queue.waiting() == 1
        queue.close()

    def test_what_follows_a_task_of_celery_is_told_without_drawn_ids(self, told):
        from tests.shadow.outgoing_urls import app, charge

        (charge.s(1, 2) | charge.si(3, 4)).apply_async(priority=3)
        [effect] = told
        assert effect.name == "shop.charge"
        assert effect.document["chain"] == [{"task": "shop.charge", "args": [3, 4], "kwargs": {}}]
        assert effect.document["priority"] == 3
        charge.apply_async((1, 2), chord=charge.s(5))
        assert told[-1].document["chord"] == [{"task": "shop.charge", "args": [5], "kwargs": {}}]
        app.send_task("shop.unknown", eta=datetime(2026, 1, 1, tzinfo=UTC))
        assert told[-1].document["eta"] == "2026-01-01T00:00:00+00:00"
        assert told[-1].document["queue"] == "celery"

    def test_a_task_of_huey_is_told_with_what_follows_it(self, told, tmp_path):
        queue = outgoing_jobs.LIBRARIES["huey"](tmp_path)
        queue.huey.enqueue(queue.task.s(1).then(queue.task, 2))
        assert [effect.document["args"] for effect in told] == [[1], [2]]
        assert told[1].document["after"] == queue.name
        queue.close()

    def test_what_follows_a_message_of_dramatiq_is_told(self, told, tmp_path):
        import dramatiq

        queue = outgoing_jobs.LIBRARIES["dramatiq"](tmp_path)
        message = queue.put.__self__.message
        dramatiq.pipeline([message(1), message(2), message(3, note="a")], broker=queue.put.__self__.broker).run()
        assert [(effect.name, effect.document["args"]) for effect in told] == [("jobs.work", [1])]
        assert told[0].document["pipe_target"] == [
            {"task": "jobs.work", "args": [2], "kwargs": {}},
            {"task": "jobs.work", "args": [3], "kwargs": {"note": "a"}},
        ]
        queue.close()

    def test_what_a_job_of_rq_waits_for_and_what_follows_it_is_told_by_name(self, told, tmp_path):
        queue = outgoing_jobs.LIBRARIES["rq"](tmp_path)
        work, name = outgoing_jobs.work, queue.name
        first = queue.put(1)
        call = rq.Callback(work)
        queue.queue.enqueue(work, 2, depends_on=[first, "known"], on_success=call, on_failure=call)
        data = queue.queue.prepare_data(work, (3,), job_id="own", depends_on=first, on_failure=call)
        [job] = queue.queue.enqueue_many([data])
        assert job.id == "own"
        assert "depends_on" not in told[0].document
        found = [
            {key: effect.document.get(key) for key in ("depends_on", "on_success", "on_failure")} for effect in told[1:]
        ]
        assert found == [
            {"depends_on": [name, "known"], "on_success": name, "on_failure": name},
            {"depends_on": [name], "on_success": None, "on_failure": name},
        ]
        queue.close()

    def test_several_jobs_and_later_ones_of_rq_are_told(self, told, tmp_path):
        queue = outgoing_jobs.LIBRARIES["rq"](tmp_path)
        job = queue.queue.enqueue(outgoing_jobs.work, 4)
        assert (job.origin, job.enqueued_at.tzinfo) == ("payments", UTC)
        told.clear()
        queue.queue.enqueue_many([queue.queue.prepare_data(outgoing_jobs.work, (number,)) for number in range(2)])
        queue.queue.enqueue_at(datetime(2026, 1, 1, tzinfo=UTC), outgoing_jobs.work, 5)
        assert [effect.document["args"] for effect in told] == [[0], [1], [5]]
        assert told[-1].document["eta"] == "2026-01-01T00:00:00+00:00"
        assert queue.waiting() == 0
        queue.close()

    def test_a_library_that_is_imported_while_tasks_are_held_is_wrapped(self, monkeypatch):
        from strangler_router import effects_tasks

        monkeypatch.setattr(effects_tasks, "_wrapped", effects_tasks._wrapped - {"huey.api"})
        for name in [name for name in sys.modules if name.partition(".")[0] == "huey"]:
            monkeypatch.delitem(sys.modules, name)
        found = []
        with held_here(found.append):
            huey = importlib.import_module("huey").MemoryHuey("late")
            huey.task(name="late")(outgoing_jobs.work)(1)
        assert len(found) == 1
        assert huey.pending_count() == 0

    def test_a_library_that_another_thread_is_importing_is_wrapped_the_next_time(self, monkeypatch, tmp_path):
        from strangler_router import effects_tasks

        queue = outgoing_jobs.LIBRARIES["rq"](tmp_path)
        whole = sys.modules["rq.queue"]
        half = ModuleType("rq.queue")
        half.__spec__ = ModuleSpec("rq.queue", None)
        half.__spec__._initializing = True
        real = inspect.unwrap(whole.Queue.enqueue_job)
        monkeypatch.setattr(whole.Queue, "enqueue_job", real)
        monkeypatch.setattr(effects_tasks, "_wrapped", effects_tasks._wrapped - {"rq.queue"})
        monkeypatch.setitem(sys.modules, "rq.queue", half)
        with held_here(drop):
            assert whole.Queue.enqueue_job is real
        monkeypatch.setitem(sys.modules, "rq.queue", whole)
        with held_here(drop):
            queue.put(3)
        assert queue.waiting() == 0
        queue.close()

    def test_a_library_that_cannot_be_wrapped_is_imported_and_fails_each_replay(self, monkeypatch, caplog):
        from strangler_router import effects_tasks

        def fail(_module):
            raise AttributeError("Queue")

        monkeypatch.setattr(effects_tasks, "_wrapped", effects_tasks._wrapped - {"huey.api"})
        monkeypatch.setattr(effects_tasks, "LIBRARIES", {**effects_tasks.LIBRARIES, "huey.api": fail})
        for name in [name for name in sys.modules if name.partition(".")[0] == "huey"]:
            monkeypatch.delitem(sys.modules, name)
        assert importlib.import_module("huey").MemoryHuey
        assert "huey.api cannot be wrapped" in caplog.text
        for _ in range(2):
            with pytest.raises(AttributeError), held_here(drop):
                pass

    def test_a_method_that_a_version_lacks_is_left_out(self, told):
        class Queue:
            def enqueue_job(self, job):
                raise AssertionError

        class Job(SimpleNamespace):
            """Has no callbacks."""

        module = ModuleType("rq.queue")
        module.Queue = Queue
        from strangler_router import effects_tasks

        effects_tasks.LIBRARIES["rq.queue"](module)
        queue = Queue()
        queue.name = "default"
        queue.enqueue_job(Job(id="1", func_name="work", args=(1,), kwargs={}))
        assert [effect.name for effect in told] == ["work"]

    def test_a_loader_of_several_modules_wraps_the_one(self, monkeypatch, tmp_path):
        from strangler_router import effects_tasks

        with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
            archive.writestr("stored/__init__.py", "")
            archive.writestr("stored/queue.py", "from stored import other")
            archive.writestr("stored/other.py", "")
        wrapped = []
        finder = effects_tasks._Finder()
        monkeypatch.setattr(effects_tasks, "LIBRARIES", {"stored.queue": wrapped.append})
        with monkeypatch.context() as alone:
            alone.setattr(sys, "meta_path", [object()])
            assert finder.find_spec("stored.queue", None) is None
        monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
        monkeypatch.syspath_prepend(tmp_path / "archive.zip")
        importlib.import_module("stored.queue")
        importlib.import_module("stored.other")
        assert [module.__name__ for module in wrapped] == ["stored.queue"]
        for name in [name for name in sys.modules if name.partition(".")[0] == "stored"]:
            monkeypatch.delitem(sys.modules, name)

    def test_a_broker_that_is_made_later_is_wrapped(self, told):
        import dramatiq
        from dramatiq.brokers.stub import StubBroker

        class Own(StubBroker):
            def enqueue(self, message, *, delay=None):
                raise AssertionError

        broker = Own()
        actor = dramatiq.actor(outgoing_jobs.work, broker=broker, actor_name="own")
        actor.send_with_options(args=(1,), delay=500)
        assert told[0].document == {"args": [1], "kwargs": {}, "queue": "default", "countdown": 500}
