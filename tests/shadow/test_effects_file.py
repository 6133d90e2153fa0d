"""The file to which a service appends what it would send."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from strangler_router.effects import Effect
from strangler_shadow import twin_effects
from strangler_shadow.search import Unreachable
from strangler_shadow.twins import TwinError

pytestmark = pytest.mark.parametrize("seeded_academy", ["sqlite_file"], indirect=True)


@pytest.fixture
def effects(academy: Any) -> Iterator[twin_effects.TwinEffects]:
    with twin_effects.holding_effects() as found:
        yield found


def line(**changes: Any) -> bytes:
    return json.dumps({"kind": "mail", "name": "", "document": {"subject": "a"}} | changes).encode() + b"\n"


def test_what_a_thread_connects_to_that_ran_before_is_of_no_call(academy):
    go, gone = threading.Event(), threading.Event()

    def connect() -> None:
        go.wait()
        with socket.socket() as found:
            found.connect_ex(("127.0.0.1", 1))
        gone.set()

    threading.Thread(target=connect).start()
    with twin_effects.holding_effects() as effects:
        go.set()
        gone.wait()
        assert effects.of_service() == []
        connect()
        assert [effect.name for effect in effects.of_service()] == ["localhost:1"]
        connect()
        effects.hold(Effect(kind="mail", name="", document={}))
        assert [effect.kind for effect in effects.late()] == ["mail"]


def test_lines_are_read_once(effects):
    effects.path.write_bytes(line() + line(kind="task", name="b"))
    assert [effect.kind for effect in effects.of_service()] == ["mail", "task"]
    assert effects.of_service() == []


def test_half_a_line_is_waited_for(effects):
    text = line()
    effects.path.write_bytes(text[:10])

    def end() -> None:
        with effects.path.open("ab") as file:
            file.write(text[10:])

    timer = threading.Timer(0.05, end)
    timer.start()
    assert len(effects.of_service()) == 1
    timer.join()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b'{"kind": "mail", zanz', "line 1 of the service's effects has no end"),
        (b"zanzibar\n", "line 1 of the service's effects cannot be read: it is no JSON"),
        (b"[1]\n", "line 1 of the service's effects cannot be read: TypeError"),
        (b'{"kind": "mail"}\n', "line 1 of the service's effects cannot be read: KeyError"),
        (b'{"kind": "fax", "name": "", "document": {}}\n', "line 1 .* is none: kind, name or document is wrong"),
    ],
)
def test_what_is_no_effect_is_an_error_without_its_text(effects, text, why):
    effects.path.write_bytes(text)
    with pytest.raises(Unreachable, match=f"^{why}$"):
        effects.of_service()


def test_a_file_that_is_gone_is_an_error(effects):
    effects.path.unlink()
    with pytest.raises(Unreachable, match="cannot be read: No such file"):
        effects.of_service()


def test_a_file_that_cannot_be_made_is_an_error(academy, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")
    words = r"^the file for a service's effects cannot be made: No such file"
    with pytest.raises(TwinError, match=words), twin_effects.holding_effects():
        pass


def test_files_of_a_run_that_was_killed_go_and_those_of_one_that_runs_stay(academy, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    killed = subprocess.Popen([sys.executable, "-c", ""])
    killed.wait()
    with twin_effects.holding_effects() as running:
        name = running.path.parent.name
        left_over = tmp_path / name.replace(f"_{os.getpid()}_", f"_{killed.pid}_")
        left_over.mkdir()
        (left_over / "effects").touch()
        with twin_effects.holding_effects():
            assert (left_over.exists(), running.path.exists()) == (False, True)
    assert list(tmp_path.iterdir()) == []
