"""What code would send is held in its own words: mail, tasks of four libraries, connections by the host's name."""

import errno
import importlib
import inspect
import logging
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from uuid import UUID

import pytest
import rq
from django.core import mail
from django.core.mail import BadHeaderError, EmailMessage
from django.core.mail.backends import smtp
from django.utils import log as django_log
from django.utils.safestring import SafeString

from academy.catalog.models import Topic
from strangler_router import effects_mail
from strangler_router.effects import Effect, drop, held_everywhere, held_here
from strangler_router.effects_record import plain
from strangler_router.errors import ConfigurationError
from strangler_router.twin import _spared
from strangler_shadow.effect_differences import effect_differences, effect_hides, effect_noise, is_hidden
from strangler_shadow.noise import NO_NOISE
from tests.shadow import outgoing_jobs


@pytest.fixture
def told():
    found = []
    with held_here(found.append):
        yield found


@pytest.fixture
def everywhere():
    found = []
    with held_everywhere(found.append):
        yield found


class TestMail:
    def test_all_of_a_message_is_told(self, told):
        message = EmailMessage(
            "Subject", "Body", "from@example.org", ["to@example.org"], ["bcc@example.org"],
            cc=["cc@example.org"], reply_to=["reply@example.org"], headers={"X-A": "1"},
            attachments=[("a.txt", "text", "text/plain"), ("b.bin", b"\x00", None)],
        )  # fmt: skip
        assert message.send() == 1
        [effect] = told
        attachments = effect.document["attachments"]
        assert effect == Effect(
            kind="mail", name="",
            document={
                "from": "from@example.org", "to": ["to@example.org"], "cc": ["cc@example.org"],
                "bcc": ["bcc@example.org"], "reply_to": ["reply@example.org"], "subject": "Subject", "body": "Body",
                "type": "text/plain", "alternatives": [], "headers": {"X-A": "1"}, "attachments": attachments,
            },
        )  # fmt: skip
        assert [(each["name"], each["type"]) for each in attachments] == [
            ("a.txt", "text/plain"), ("b.bin", "application/octet-stream")
        ]  # fmt: skip
        assert len({each["sha256"] for each in attachments}) == 2

    def test_a_backend_that_is_named_is_held_too_and_none_afterwards(self):
        with held_here(drop):
            connection = mail.get_connection("django.core.mail.backends.smtp.EmailBackend")
            assert not isinstance(connection, smtp.EmailBackend)
        assert isinstance(mail.get_connection("django.core.mail.backends.smtp.EmailBackend"), smtp.EmailBackend)

    def test_a_backend_that_was_made_before_sends_nothing_and_one_of_a_later_class_neither(self, told, settings):
        class Own(smtp.EmailBackend):
            def send_messages(self, email_messages):
                raise AssertionError

        class Early:
            """Code that took Django's function before the first replay."""

            get_connection = staticmethod(effects_mail._real_get_connection)

        for connection in (
            Own(),
            smtp.EmailBackend(),
            Early.get_connection(),
            Early.get_connection(settings.EMAIL_BACKEND),
        ):
            assert connection.send_messages([EmailMessage("a", "", "from@example.org", ["to@example.org"])]) == 1
        assert len(told) == 4

    def test_an_error_that_is_mailed_to_admins_is_told(self, told, settings, monkeypatch):
        settings.ADMINS = [("a", "admin@example.org")]
        monkeypatch.setattr(django_log, "get_connection", effects_mail._real_get_connection)
        handler = django_log.AdminEmailHandler(email_backend="django.core.mail.backends.smtp.EmailBackend")
        handler.emit(logging.makeLogRecord({"msg": "it fails", "levelname": "ERROR"}))
        assert [effect.document["to"] for effect in told] == [["admin@example.org"]]

    def test_a_header_that_none_may_have_is_refused_as_where_mail_is_sent(self, told):
        with pytest.raises(BadHeaderError):
            EmailMessage("a\nb", "", "from@example.org", ["to@example.org"]).send()
        assert told == []


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


class TestConnections:
    @pytest.fixture
    def listener(self):
        with socket.create_server(("127.0.0.1", 0)) as found:
            found.settimeout(0.05)
            yield found

    def test_another_server_is_not_reached_and_its_name_is_not_looked_up(self, everywhere):
        with pytest.raises(ConnectionRefusedError, match=r"^\[Errno 111\] api.example.org:443 is not to be reached"):
            socket.create_connection(("API.example.org", 443))
        found = [effect for effect in everywhere if "example.org" in effect.name]
        assert found == [Effect(kind="connection", name="api.example.org:443", document={})]

    def test_neither_by_its_number_nor_by_a_file_nor_from_a_thread(self, everywhere, listener, tmp_path):
        port = listener.getsockname()[1]
        with socket.socket() as one, socket.socket(socket.AF_UNIX) as other:
            assert one.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED
            assert other.connect_ex(str(tmp_path / "s")) == errno.ECONNREFUSED

        def connect():
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("localhost", port))

        thread = threading.Thread(target=connect)
        thread.start()
        thread.join()
        own = {f"localhost:{port}", f"unix:{tmp_path / 's'}"}
        names = [effect.name for effect in everywhere if effect.name in own]
        assert names == [f"localhost:{port}", f"unix:{tmp_path / 's'}", *names[2:]]
        assert set(names[2:]) == {f"localhost:{port}"}
        with pytest.raises(TimeoutError):
            listener.accept()

    def test_what_may_be_reached_is_and_so_is_everything_afterwards(self, listener, settings):
        port = listener.getsockname()[1]
        settings.STRANGLER = {"SHADOW": {"REACHABLE": [f"localhost:{port}"]}}
        with held_everywhere(drop), socket.create_connection(("127.0.0.1", port)):
            listener.accept()[0].close()
        settings.STRANGLER = {}
        with held_everywhere(drop), pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        with socket.create_connection(("127.0.0.1", port)):
            listener.accept()[0].close()
        assert "connect" not in vars(socket.socket)

    def test_databases_and_services_are_reached(self, listener, settings, monkeypatch):
        port = listener.getsockname()[1]
        settings.STRANGLER = {"TARGETS": {"s": {"lifted": f"127.0.0.1:{port}"}}}
        with held_everywhere(drop), socket.create_connection(("127.0.0.1", port)):
            listener.accept()[0].close()
        settings.STRANGLER = {}
        databases = {"default": {"ENGINE": "django.db.backends.mysql", "HOST": "localhost", "PORT": port}}
        monkeypatch.setattr(settings._wrapped, "DATABASES", databases, raising=False)
        with held_everywhere(drop), socket.create_connection(("127.0.0.1", port)):
            listener.accept()[0].close()

    def test_of_a_databases_folder_its_own_socket_is_reached_and_no_other(self, settings, monkeypatch):
        folder = Path(tempfile.mkdtemp(prefix="held"))
        databases = {"default": {"ENGINE": "django.db.backends.postgresql", "HOST": str(folder), "PORT": "5433"}}
        monkeypatch.setattr(settings._wrapped, "DATABASES", databases, raising=False)
        reached = {}
        for name in (".s.PGSQL.5433", ".s.PGSQL.5432", "redis"):
            with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
                server.bind(str(folder / name))
                server.listen()
                with held_everywhere(drop):
                    reached[name] = client.connect_ex(str(folder / name))
        shutil.rmtree(folder)
        refused = errno.ECONNREFUSED
        assert reached == {".s.PGSQL.5433": 0, ".s.PGSQL.5432": refused, "redis": refused}

    def test_a_hook_is_spared_for_its_own_refusal_and_for_no_other_threads(self, everywhere):
        def connect():
            with socket.socket() as found:
                found.connect(("192.0.2.1", 1))

        def fail_beside():
            thread = threading.Thread(target=_spared(connect))
            thread.start()
            thread.join()
            raise ValueError("its own")

        _spared(connect)()
        with pytest.raises(ValueError, match="its own"):
            _spared(fail_beside)()
        assert [effect.name for effect in everywhere if effect.name == "192.0.2.1:1"] == ["192.0.2.1:1"] * 2

    @pytest.mark.parametrize("entry", ["example.org", "example.org:http", ":80", "unix:"])
    def test_what_names_no_port_is_a_clear_error(self, settings, entry):
        settings.STRANGLER = {"SHADOW": {"REACHABLE": [entry]}}
        words = rf"REACHABLE'\] names '{entry}'; write host:port or unix:/path"
        with pytest.raises(ConfigurationError, match=words), held_everywhere(drop):
            pass


def test_the_monoliths_mirror_does_not_load_a_services_runtime():
    program = (
        "import django, sys; django.setup(); import strangler_shadow.mirror, strangler_shadow.replay;"
        " print('strangler_services.server' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"


class Colour(str, Enum):  # noqa: UP042  a StrEnum says its value
    """As projects wrote them before there was StrEnum."""

    RED = "r"


def test_values_are_what_json_carries_and_of_the_rest_the_type():
    given = {
        "when": datetime(2026, 1, 1, tzinfo=UTC), "price": Decimal("1.50"), "id": UUID(int=1), "row": Topic(pk=3),
        "data": b"secret", "own": object(), 5: {"b", "a"}, "nan": float("nan"), "yes": True,
        "colour": Colour.RED, "by colour": {Colour.RED: 1}, "long": timedelta(hours=1.5), "slug": SafeString("a"),
    }  # fmt: skip
    found = plain(given)
    assert found["data"].startswith("<6 bytes, sha256 ")
    assert {name: value for name, value in found.items() if name != "data"} == {
        "when": "2026-01-01T00:00:00+00:00", "price": "1.50", "id": str(UUID(int=1)),
        "row": {"model": "catalog.Topic", "pk": 3}, "own": "<builtins.object>", "5": ["a", "b"], "nan": "nan",
        "yes": True, "colour": "r", "by colour": {"r": 1}, "long": "1:30:00", "slug": "a",
    }  # fmt: skip
    endless = []
    endless.append(endless)
    assert "<deeper>" in str(plain(endless))


class TestDifferences:
    @staticmethod
    def mail(**document):
        return Effect(kind="mail", name="", document=document)

    def compared(self, left, right, noise=NO_NOISE):
        return [(str(item.kind), item.path) for item in effect_differences(noise, left, right)]

    def test_a_member_that_is_empty_may_be_left_out(self):
        assert self.compared([self.mail(body="a", cc=[], headers={})], [self.mail(body="a")]) == []

    def test_the_order_counts_within_a_name_and_not_between_names(self):
        one, other = (Effect(kind="task", name=name, document={"args": [name]}) for name in "ab")
        assert self.compared([one, other], [other, one]) == []
        first, second = self.mail(body="a"), self.mail(body="b")
        assert self.compared([first, second], [second, first]) == [
            ("value", "effect mail[0].body"), ("value", "effect mail[1].body")
        ]  # fmt: skip

    def test_a_server_counts_once_however_often_it_was_tried(self):
        one = Effect(kind="connection", name="a:1", document={})
        assert self.compared([one], [one, one]) == []
        assert self.compared([one], []) == [("missing", "effect connection a:1")]

    def test_ten_megabytes_are_compared_by_a_hash_and_thousands_by_one(self):
        long = "x" * 10_000_000
        [difference] = effect_differences(NO_NOISE, [self.mail(body=long)], [self.mail(body=long[1:] + "y")])
        assert (difference.kind, difference.path) == ("value", "effect mail[0].body")
        numbers = {"args": list(range(400_000))}
        [difference] = effect_differences(
            NO_NOISE, [Effect(kind="task", name="a", document=numbers)],
            [Effect(kind="task", name="a", document={"args": [*range(399_999), 1]})],
        )  # fmt: skip
        assert (difference.kind, difference.path) == ("value", "effect task a[0].document")
        many = [self.mail(body=str(number)) for number in range(5_000)]
        assert self.compared(many, many) == []
        assert self.compared(many, many[:-1]) != []
        assert self.compared(many, [*many[:-1], self.mail(body="other")]) == [("value", "effect mail[1000].document")]

    def test_what_the_monolith_does_not_repeat_is_no_difference_and_is_named(self):
        one, other = ([self.mail(body=f"token {text}", subject="a")] for text in ("a1b2", "c3d4"))
        noise = effect_noise(one, other)
        assert effect_hides(noise).keys() == {"effect mail[*].body"}
        assert self.compared(one, [self.mail(body="token e5f6", subject="a")], noise) == []
        assert self.compared(one, [self.mail(body="token e5f6", subject="b")], noise) == [
            ("value", "effect mail[0].subject")
        ]  # fmt: skip

    def test_where_the_order_varies_what_lies_below_does_and_how_many_there_are_does_not(self):
        tasks = [Effect(kind="task", name="shop.charge", document={"args": [number]}) for number in range(3)]
        other = Effect(kind="task", name="shop.charges", document={"args": [1]})
        noise = effect_noise(tasks, tasks[::-1])
        assert effect_hides(noise).keys() == {"effect task shop.charge"}
        found = effect_differences(NO_NOISE, tasks, tasks[::-1])
        assert {item.pattern for item in found} == {"effect task shop.charge[*].args[*]"}
        assert all(is_hidden(noise, difference) for difference in found)
        [short] = effect_differences(NO_NOISE, tasks, tasks[:-1])
        [else_where] = effect_differences(NO_NOISE, [other], [replace(other, document={"args": [2]})])
        assert not any(is_hidden(noise, difference) for difference in (short, else_where))
