"""What code would send is held in its own words: mail, and connections by the host's name."""

import errno
import logging
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from uuid import UUID

import pytest
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


class TestConnections:
    @pytest.fixture
    def listener(self):
        with socket.create_server(("127.0.0.1", 0)) as found:
            found.settimeout(0.05)
            yield found

    @pytest.fixture
    def receiver(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
            found.bind(("127.0.0.1", 0))
            found.settimeout(0.05)
            yield found

    DATA = [b"calls:1|c", b"with flags", b"two parts"]

    def sent(self, address):
        """Each way to send a datagram, by what it says was sent."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            yield one.sendto(self.DATA[0], address)
            yield one.sendto(bytearray(self.DATA[1]), 0, address)
            yield one.sendmsg([b"two ", memoryview(b"parts")], [], 0, address)

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

    def test_a_datagram_is_dropped_and_nobody_is_told(self, everywhere, receiver, tmp_path):
        assert [*self.sent(receiver.getsockname())] == [len(data) for data in self.DATA]
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
            assert one.sendto(b"a line", str(tmp_path / "log")) == 6
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            assert one.sendto(b"a", ("metrics.example.org", 8125)) == 1
        with pytest.raises(TimeoutError):
            receiver.recv(99)
        assert not [effect for effect in everywhere if effect.kind != "connection"]

    def test_a_datagram_reaches_what_may_be_reached_and_everybody_afterwards(self, receiver, settings):
        address = receiver.getsockname()
        settings.STRANGLER = {"SHADOW": {"REACHABLE": [f"localhost:{address[1]}"]}}
        with held_everywhere(drop):
            assert [receiver.recv(99) for _ in self.sent(address)] == self.DATA
        assert [receiver.recv(99) for _ in self.sent(address)] == self.DATA
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.connect(address)
            assert one.sendmsg([b"a", b"b"]) == len(receiver.recv(99)) == 2
        assert not {"sendto", "sendmsg"} & vars(socket.socket).keys()

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
