import json
import logging

import pytest

from strangler_protos.identity import Caller
from strangler_services.logs import JsonFormatter

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def lines(caplog):
    """What was logged, as the lines that are written."""
    caplog.set_level(logging.INFO, "strangler_services")
    return lambda: [json.loads(JsonFormatter().format(record)) for record in caplog.records]


def calls(lines):
    return [line for line in lines() if line["event"] == "call"]


def test_a_call_is_one_line(service, lines):
    service.send("echo", metadata=[("x-request-id", "abc"), ("traceparent", TRACEPARENT)], shadow=True)
    service.server.stop()
    [line] = calls(lines)
    assert line.pop("duration_ms") > 0
    assert line.pop("pid") > 0
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "info",
        "event": "call",
        "request_id": "abc",
        "traceparent": TRACEPARENT,
        "method": "/strangler.v1.Lift/Call",
        "code": "OK",
        "subject": "7",
        "shadow": True,
    }


def test_a_failed_call_has_its_code_and_the_applications_status(service, lines):
    service.fail("not_found")
    service.fail("crash")
    service.fail("abort")
    service.server.stop()
    assert [(line["code"], line.get("status")) for line in calls(lines)] == [
        ("NOT_FOUND", 404),
        ("INTERNAL", None),
        ("NOT_FOUND", None),
    ]


def test_a_large_error_is_logged_with_its_status(service, lines):
    service.send("large", "5000")
    service.server.stop()
    assert [(line["code"], line["status"]) for line in calls(lines)] == [("OK", 400)]


def test_no_line_quotes_what_was_sent_or_who_sent_it(service, lines):
    caller = Caller(subject="7", tenant="acme-tenant", authenticator="x.TokenAuthentication")
    service.send("echo", "private-words", caller=caller)
    service.fail("crash", "private-words", caller=caller)
    service.server.stop()
    text = json.dumps(lines())
    assert "unexpected error" in text
    for private in ("private-words", "acme-tenant", "TokenAuthentication", "the secret of user 7"):
        assert private not in text


@pytest.mark.parametrize("bad", ["", "nonsense", TRACEPARENT + "0", TRACEPARENT.upper()])
def test_a_malformed_traceparent_is_left_out(service, lines, bad):
    service.send("echo", metadata=[("traceparent", bad)])
    service.server.stop()
    assert "traceparent" not in calls(lines)[0]


def test_other_libraries_lines_keep_their_words_but_not_the_text_of_exceptions():
    try:
        int("the secret of user 7")
    except ValueError as error:
        record = logging.LogRecord("x", 30, "f", 1, "it %s", ("failed",), (ValueError, error, error.__traceback__))
    line = json.loads(JsonFormatter().format(record))
    assert (line["level"], line["event"], line["error"]) == ("warning", "it failed", "builtins.ValueError")
    assert "secret" not in json.dumps(line)
