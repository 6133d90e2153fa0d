"""Record real requests, redacted, sampled and encrypted, for `strangler verify --requests FILE`.

Opt in with `strangler_shadow.recording.RecordingMiddleware` behind the authentication's middleware, and
`STRANGLER["SHADOW"]["RECORD"]`: FILE (outside of any git repository), KEY (a Fernet key; `python -m
strangler_shadow.recording` prints a fresh one), SHARE of GETs from 0 to 1, MOST_BYTES of the file, and DROP, further
names of query parameters that are secrets.
What is kept of a request: method, path, query without secrets, Accept, Accept-Language and the user's primary key.
Never kept: cookies, Authorization, any other header, bodies, answers.
"""

import json
import logging
import os
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponseBase

from strangler_router.conf import settings

__all__ = ["SECRETS", "RecordingMiddleware", "UnreadableRecording", "read_recording", "redacted"]

SECRETS = frozenset(
    {
        "access_token", "api_key", "apikey", "auth", "code", "credential", "hash", "hmac", "id_token", "jwt", "key",
        "otp", "passwd", "password", "pin", "refresh_token", "secret", "session", "sessionid", "sig", "signature",
        "state", "token", "x-amz-signature",
    }
)  # fmt: skip
HEADERS = ("Accept", "Accept-Language")
SAFE = ("GET", "HEAD")
WAITING = 1_000
FLUSH_SECONDS = 1.0
MOST_BYTES = 50_000_000

logger = logging.getLogger("strangler_shadow")


class UnreadableRecording(ValueError):
    """A recording's file is not one, is cut, or was made with another key."""


class RecordingMiddleware:
    """Keeps a share of the requests; costs the request an append to a bounded queue."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response
        options = settings().shadow.get("RECORD") or {}
        self._share = float(options.get("SHARE", 0.01))
        self._secrets = SECRETS | {name.lower() for name in options.get("DROP", ())}
        self._writer = _Writer(
            path=_outside_of_git(options.get("FILE", "")),
            key=options.get("KEY", ""),
            most_bytes=options.get("MOST_BYTES", MOST_BYTES),
        )

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        if request.method in SAFE and random.random() < self._share:  # noqa: S311  a sample, no secret
            self._writer.add(self._entry(request))
        return response

    def _entry(self, request: HttpRequest) -> dict[str, Any]:
        user = getattr(request, "user", None)
        subject = str(user.pk) if user is not None and user.is_authenticated else ""
        query = redacted(request.META.get("QUERY_STRING", ""), self._secrets)
        return {
            "method": request.method,
            "path": request.path + (f"?{query}" if query else ""),
            "user": subject,
            "headers": [[name, request.headers[name]] for name in HEADERS if name in request.headers],
        }


def redacted(query: str, secrets: Iterable[str] = SECRETS) -> str:
    """A query string without the parameters of these names."""
    names = frozenset(secrets)
    pairs = parse_qsl(query, keep_blank_values=True)
    left = [(name, value) for name, value in pairs if name.lower() not in names]
    return query if len(left) == len(pairs) else urlencode(left)


def read_recording(path: Path, key: str) -> Iterator[dict[str, Any]]:
    """The requests of a recording, each with method, path, user and headers. Raises UnreadableRecording."""
    from cryptography.fernet import Fernet, InvalidToken

    try:
        box = Fernet(key)
    except ValueError as error:
        raise UnreadableRecording("the key of the recording is no Fernet key") from error
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            entry: dict[str, Any] = json.loads(box.decrypt(line))
        except (InvalidToken, ValueError) as error:
            raise UnreadableRecording(f"line {number} cannot be decrypted with this key, or is damaged") from error
        yield entry


class _Writer:
    """Appends encrypted lines to the file, in a thread of its own that starts with the first entry of a process."""

    def __init__(self, *, path: Path, key: str, most_bytes: int) -> None:
        try:
            from cryptography.fernet import Fernet

            self._box = Fernet(key)
        except ImportError as error:
            raise ImproperlyConfigured("RECORD needs `pip install django-strangler[record]`") from error
        except ValueError as error:
            raise ImproperlyConfigured(
                "STRANGLER['SHADOW']['RECORD']['KEY'] is no Fernet key; "
                "`python -m strangler_shadow.recording` prints one"
            ) from error
        self._path, self._most = path, most_bytes
        self._waiting: deque[dict[str, Any]] = deque(maxlen=WAITING)
        self._pid = 0
        self._lock = threading.Lock()

    def add(self, entry: dict[str, Any]) -> None:
        """Takes an entry; the oldest goes where the file is slower than the requests."""
        self._waiting.append(entry)
        if self._pid != os.getpid():
            self._start()

    def _start(self) -> None:
        # A forked child has its parent's queue and none of its threads.
        with self._lock:
            if self._pid != os.getpid():
                self._pid = os.getpid()
                threading.Thread(target=self._run, name="strangler-recording", daemon=True).start()

    def _run(self) -> None:
        while self._flush():
            time.sleep(FLUSH_SECONDS)

    def _flush(self) -> bool:
        """Writes what waits; False once the file is full."""
        lines: list[bytes] = []
        while self._waiting:
            lines.append(self._box.encrypt(json.dumps(self._waiting.popleft()).encode()) + b"\n")
        if not lines:
            return True
        try:
            with open(self._path, "ab", opener=_private) as file:
                if file.tell() + sum(map(len, lines)) > self._most:
                    logger.warning("the recording has its %d bytes; nothing more is recorded", self._most)
                    return False
                file.write(b"".join(lines))
        except OSError as error:
            logger.warning("%d requests are not recorded: %s", len(lines), error.strerror)
        return True


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _outside_of_git(name: str) -> Path:
    if not name:
        raise ImproperlyConfigured("STRANGLER['SHADOW']['RECORD'] names no FILE")
    path = Path(name).absolute()
    if any((folder / ".git").exists() for folder in path.parents):
        raise ImproperlyConfigured(f"{path} lies in a git repository; record real requests elsewhere")
    return path


if __name__ == "__main__":
    from cryptography.fernet import Fernet

    print(Fernet.generate_key().decode())  # noqa: T201
