"""What a service would send out of its process, said to `strangler verify` instead of being sent.

While a verification lets the service work on a copy of the database it compares what both sides would send. A service
that hosts Django is seen to; any other reports by itself:

    if not report("mail", "", {"from": sender, "to": [address], "subject": subject, "body": text}):
        send(sender, address, subject, text)
"""

import json
import os
from collections.abc import Mapping
from typing import Any

from strangler_services.errors import SettingsError

__all__ = ["KINDS", "VARIABLE", "report"]

VARIABLE = "STRANGLER_TWIN_EFFECTS"
KINDS = frozenset({"connection", "mail", "task"})


def report(kind: str, name: str, document: Mapping[str, Any]) -> bool:
    """Whether this process works on a copy, so that nothing is to be sent; if so, one line says what would have been.

    `kind` is `mail` (name: empty), `task` (its name) or `connection` (`host:port`). `document` is JSON, with the keys
    that the monolith's side has (`services/docs/effects.md`). Outside of a verification nothing happens. Raises
    ValueError for another kind, TypeError where the document is no JSON, SettingsError where the line cannot be
    written.
    """
    path = os.environ.get(VARIABLE)
    if not path:
        return False
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of effect; say one of {', '.join(sorted(KINDS))}")
    line = json.dumps({"kind": kind, "name": name, "document": dict(document)}).encode() + b"\n"
    try:
        # Lines of several threads and processes do not mix: each is one write at the end of the file.
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
        try:
            written = os.write(descriptor, line)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise SettingsError(f"{VARIABLE} names {path}, which cannot be written: {error.strerror}") from error
    if written != len(line):
        raise SettingsError(f"{VARIABLE} names {path}, which took {written} of {len(line)} bytes")
    return True
