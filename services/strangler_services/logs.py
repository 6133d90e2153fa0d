"""One JSON line a call: ids, timing and outcome; never what a user sent, received or is called."""

import json
import logging
import os
import sys
import time
import traceback
from datetime import UTC, datetime
from typing import Any

from strangler_services.caller import CurrentCall, current_call

__all__ = ["JsonFormatter", "configure", "log_call", "log_crash", "log_event"]

logger = logging.getLogger("strangler_services")
# Built once: `json.dumps` with options builds one a call.
encode = json.JSONEncoder(separators=(",", ":"), default=str).encode


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON, with the id of the call that wrote it."""

    def format(self, record: logging.LogRecord) -> str:
        """Tracebacks are reduced to places in the code: an exception's text may quote a user's data."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "pid": record.process,
        }
        call = current_call.get(None)
        if call is not None:
            line |= ids(call)
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1] is not None:
            line |= places(record.exc_info[1])
        return encode(line)


def configure() -> None:
    """Write JSON lines to standard error, unless the program has set up logging itself."""
    root = logging.getLogger()
    if not root.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonFormatter())
        root.addHandler(handler)
        root.setLevel(logging.INFO)


def log_event(event: str, **fields: object) -> None:
    """A line about the server itself."""
    logger.info(event, extra={"fields": {**fields, "pid": os.getpid()}})


def log_call(call: CurrentCall) -> None:
    """The line of one call."""
    if not logger.isEnabledFor(logging.INFO):
        return
    identity = call.identity
    fields: dict[str, object] = {
        **ids(call),
        "method": call.method,
        "code": "" if call.code is None else call.code.name,
        "duration_ms": round((time.monotonic() - call.began) * 1000, 3),
        "subject": "" if identity is None else identity.subject,
        "shadow": identity is not None and identity.shadow,
    }
    if call.status is not None:
        fields["status"] = call.status
    # `logger.info` would walk the stack for a file name that nobody reads.
    logger.handle(logger.makeRecord(logger.name, logging.INFO, __file__, 0, "call", (), None, extra={"fields": fields}))


def log_crash(call: CurrentCall, error: BaseException) -> None:
    """A bug in a servicer method."""
    logger.error("unexpected error", extra={"fields": {**ids(call), "method": call.method, **places(error)}})


def ids(call: CurrentCall) -> dict[str, object]:
    """What ties a line to its call."""
    if call.traceparent:
        return {"request_id": call.request_id, "traceparent": call.traceparent}
    return {"request_id": call.request_id}


def places(error: BaseException) -> dict[str, object]:
    """The type of an exception and where it passed, without its text."""
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "error": f"{type(error).__module__}.{type(error).__qualname__}",
        "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
