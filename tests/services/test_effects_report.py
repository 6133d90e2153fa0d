"""A service says what it would send, one line each, and only on a copy."""

import json
import re
import threading
from pathlib import Path

import pytest

from strangler_services import SettingsError
from strangler_services.effects import VARIABLE, report

MAIL = {"from": "shop@example.org", "to": ["a@example.org"], "subject": "Ünder way"}


@pytest.fixture
def file(tmp_path, monkeypatch):
    path = tmp_path / "effects"
    path.touch()
    monkeypatch.setenv(VARIABLE, str(path))
    return path


def lines(file):
    return [json.loads(line) for line in file.read_bytes().splitlines()]


def test_without_a_verification_nothing_happens_and_the_caller_sends(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert report("mail", "", MAIL) is False


def test_on_a_copy_it_is_written_down_and_not_to_be_sent(file):
    assert report("mail", "", MAIL) is True
    assert report("task", "shop.charge", {"args": [1, None]}) is True
    assert lines(file) == [
        {"kind": "mail", "name": "", "document": MAIL},
        {"kind": "task", "name": "shop.charge", "document": {"args": [1, None]}},
    ]


def test_lines_of_many_threads_do_not_mix(file):
    def say(number):
        for _ in range(50):
            report("task", str(number), {"args": ["x" * 10_000]})

    threads = [threading.Thread(target=say, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(line["name"] for line in lines(file)) == sorted(str(number) for number in range(8) for _ in range(50))


def test_another_kind_is_a_mistake(file):
    with pytest.raises(ValueError, match="'fax' is no kind of effect; say one of connection, mail, task"):
        report("fax", "", {})


def test_what_is_no_json_is_a_mistake_and_leaves_no_half_a_line(file):
    with pytest.raises(TypeError):
        report("task", "shop.charge", {"args": [object()]})
    assert file.read_bytes() == b""


def test_a_file_that_cannot_be_written_is_named(file):
    file.unlink()
    with pytest.raises(SettingsError, match=f"^{VARIABLE} names .*, which cannot be written: No such file"):
        report("mail", "", MAIL)
    assert not file.exists()


def test_a_disk_that_is_full_is_named(monkeypatch):
    monkeypatch.setenv(VARIABLE, "/dev/full")
    with pytest.raises(SettingsError, match="which cannot be written: No space left"):
        report("mail", "", MAIL)


def test_the_guides_example_sends_or_reports(file, monkeypatch):
    guide = (Path(__file__).parents[2] / "services" / "docs" / "effects.md").read_text()
    [code] = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    sent = []
    names = {"send": sent.append}
    exec(code, names)
    names["confirm"](7, "a@example.org")
    [line] = lines(file)
    assert (line["document"]["body"], sent) == ("Order 7", [])
    monkeypatch.delenv(VARIABLE)
    names["confirm"](8, "a@example.org")
    assert [mail["body"] for mail in sent] == ["Order 8"]
