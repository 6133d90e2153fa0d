import json
import time

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import Client

from strangler_router.table import build_table
from strangler_shadow.recording import RecordingMiddleware, UnreadableRecording, read_recording, redacted
from strangler_shadow.requests import UnreadableRequests, given_calls

KEY = Fernet.generate_key().decode()
CANARY = "canary-7f3a"


@pytest.fixture
def recorded(academy, settings, tmp_path):
    """Makes requests of the academy while they are recorded; gives the file."""
    file = tmp_path / "real.recording"
    record = {"FILE": str(file), "KEY": KEY, "SHARE": 1}
    settings.STRANGLER = {**settings.STRANGLER, "SHADOW": {**settings.STRANGLER["SHADOW"], "RECORD": record}}
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "strangler_shadow.recording.RecordingMiddleware"]

    def make(*requests, count=None):
        client = Client()
        for path, options in requests:
            client.get(path, **options)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if file.exists() and len(file.read_bytes().splitlines()) >= (count or len(requests)):
                break
            time.sleep(0.05)
        return file

    return make


def test_requests_are_kept_without_credentials_and_unreadable_without_the_key(recorded):
    headers = {"Authorization": f"Token {CANARY}", "Accept-Language": "de", "X-Secret": CANARY, "Cookie": f"a={CANARY}"}
    file = recorded(
        (f"/api/v1/courses/?level=beginner&token={CANARY}", {"headers": headers}), ("/api/v1/courses/1/", {})
    )
    raw = file.read_bytes()
    assert b"courses" not in raw
    assert file.stat().st_mode & 0o077 == 0
    first, second = read_recording(file, KEY)
    assert first == {
        "method": "GET", "path": "/api/v1/courses/?level=beginner", "user": "", "headers": [["Accept-Language", "de"]],
    }  # fmt: skip
    assert second["path"] == "/api/v1/courses/1/"
    assert CANARY not in json.dumps([first, second])
    with pytest.raises(UnreadableRecording, match="line 1 cannot be decrypted"):
        list(read_recording(file, Fernet.generate_key().decode()))


def test_a_recording_becomes_calls_of_the_endpoints_that_are_verified(recorded):
    file = recorded(
        ("/api/v1/courses/?level=beginner", {"headers": {"Accept-Language": "de"}}),
        ("/api/v1/courses/?level=beginner", {"headers": {"Accept-Language": "de"}}),
        ("/api/v1/courses/1/", {}), ("/nowhere/", {}),
    )  # fmt: skip
    found = given_calls(file, list(build_table().values()), key=KEY)
    [(label, call)] = found.calls["v1:course-list.get"]
    assert (label, call.path, call.query, call.headers) == (
        "anonymous", "/api/v1/courses/", "level=beginner", (("Accept-Language", "de"),),
    )  # fmt: skip
    assert len(found.calls["v1:course-detail.get"]) == 1
    assert found.skipped == {"of no endpoint that is verified": 1}


def test_lines_and_har_files_are_read_too(academy, tmp_path, django_user_model):
    user = django_user_model.objects.filter(is_staff=False).first()
    lines = tmp_path / "lines.txt"
    mine = f"# some\nGET /api/v1/courses/?password={CANARY} {user.username}\n"
    lines.write_text(mine + "POST /api/v1/courses/1/reviews/\n/api/v1/courses/ nobody-here\n")
    found = given_calls(lines, list(build_table().values()))
    [(label, call)] = found.calls["v1:course-list.get"]
    assert (label, call.query, call.caller.subject) == ("a recorded user", "", str(user.pk))
    assert found.skipped == {"POST without its body": 1, "by a user who is not here": 1}
    har = tmp_path / "browser.har"
    request = {
        "method": "GET", "url": "https://shop.example/api/v1/courses/?page=2",
        "headers": [{"name": "accept-language", "value": "de"}, {"name": "cookie", "value": CANARY}],
    }  # fmt: skip
    har.write_text(json.dumps({"log": {"entries": [{"request": request}]}}))
    [(_, call)] = given_calls(har, list(build_table().values())).calls["v1:course-list.get"]
    assert (call.path, call.query, call.headers) == ("/api/v1/courses/", "page=2", (("Accept-Language", "de"),))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.har", b"{}", "not a HAR file"),
        ("a.har", b"no json", "not a HAR file"),
        ("a.txt", b"\xff\xfe", "not text"),
        ("a.txt", b"GET\n", "line 1 has no path"),
        ("a.recording", b"abc", "line 1 cannot be decrypted"),
    ],
)
def test_a_file_that_is_none_of_these_says_where_and_not_what(academy, tmp_path, name, content, message):
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(UnreadableRequests, match=message):
        given_calls(file, list(build_table().values()), key=KEY)


def middleware(settings, **options):
    settings.STRANGLER = {**settings.STRANGLER, "SHADOW": {"RECORD": options}}
    return RecordingMiddleware(lambda request: HttpResponse())


def test_wrong_settings_are_refused_at_the_start(settings, tmp_path):
    with pytest.raises(ImproperlyConfigured, match="names no FILE"):
        middleware(settings, KEY=KEY)
    with pytest.raises(ImproperlyConfigured, match="is no Fernet key"):
        middleware(settings, FILE=str(tmp_path / "a"), KEY="short")
    (tmp_path / ".git").mkdir()
    with pytest.raises(ImproperlyConfigured, match="lies in a git repository"):
        middleware(settings, FILE=str(tmp_path / "state/a"), KEY=KEY)


def test_a_file_that_cannot_be_written_costs_no_request(settings, tmp_path, rf, caplog):
    made = middleware(settings, FILE=str(tmp_path / "missing/a"), KEY=KEY, SHARE=1)
    assert made(rf.get("/")).status_code == 200
    deadline = time.monotonic() + 5
    while "requests are not recorded" not in caplog.text and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "1 requests are not recorded: No such file or directory" in caplog.text


@pytest.mark.parametrize(
    ("query", "left"),
    [("", ""), ("a=1&b=", "a=1&b="), ("a=%C3%A9", "a=%C3%A9"), ("Token=x&a=1", "a=1"), ("sig=x", "")],
)
def test_secrets_leave_a_query(query, left):
    assert redacted(query) == left
