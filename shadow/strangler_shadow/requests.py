"""Calls of requests that others wrote down: lines, a HAR file of a browser or proxy, or a recording of ours."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.urls import Resolver404, resolve

from strangler_django.profiling.requests import UnreadableLine, parsed_line
from strangler_protos.identity import Caller
from strangler_router.pin import Entry
from strangler_router.types import Call
from strangler_shadow.callers import KindOfCaller
from strangler_shadow.recording import HEADERS, SAFE, UnreadableRecording, read_recording, redacted
from strangler_shadow.strategies import call_to

__all__ = ["GivenCalls", "UnreadableRequests", "given_calls"]


RECORDING = ".recording"
JSON = "application/json"
WITH_BODY = ("POST", "PUT", "PATCH")


class UnreadableRequests(ValueError):
    """The file is none of the kinds that can be read; says where, and not what stands there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenCalls:
    """Calls by endpoint id, each once and with the kind of its caller; `skipped` counts the others by reason."""

    calls: Mapping[str, Sequence[tuple[str, Call]]] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)


def given_calls(file: Path, entries: Sequence[Entry], *, key: str = "") -> GivenCalls:
    """The calls of these endpoints in a file; a recording of ours needs its `key`.

    `.har` is a HAR 1.2 file, `.recording` one of `strangler_shadow.recording`; any other has lines as
    `strangler profile --requests` reads them, those of JSON with a `body` where they write. Credentials in queries are
    dropped, users are asked as by primary key or username. Raises UnreadableRequests, OSError.
    """
    by_route = {(entry.binding.route, entry.binding.http_method): entry for entry in entries}
    calls: dict[str, dict[object, tuple[str, Call]]] = {}
    skipped: Counter[str] = Counter()
    for request in _requests(file, key):
        method = str(request.get("method") or "GET").upper()
        path, _, query = str(request["path"]).partition("?")
        entry = by_route.get((_route(path), "GET" if method in SAFE else method))
        caller = _caller(str(request.get("user") or ""), by_name=file.suffix != RECORDING)
        if method not in SAFE and entry is None:
            skipped[f"{method} is not safe"] += 1
        elif method in WITH_BODY and request.get("body") is None:
            skipped[f"{method} without its body"] += 1
        elif entry is None:
            skipped["of no endpoint that is verified"] += 1
        elif caller is None:
            skipped["by a user who is not here"] += 1
        else:
            headers = tuple((str(name), str(value)) for name, value in request.get("headers") or () if name in HEADERS)
            made = call_to(
                entry, caller, {}, [], headers, head=method == "HEAD", path=quote(path, safe="/%:@!$&'()*+,;=")
            )
            body = str(request.get("body") or "").encode(errors="surrogateescape")
            content_type = str(request.get("content_type") or "") if body else ""
            call = replace(made, query=redacted(query), body=body, content_type=content_type)
            alike = (call.method, call.path, call.query, call.headers, call.body, caller)
            calls.setdefault(entry.binding.id, {})[alike] = caller[0], call
    return GivenCalls(calls={name: list(each.values()) for name, each in calls.items()}, skipped=dict(skipped))


def _requests(file: Path, key: str) -> Iterator[Mapping[str, Any]]:
    try:
        if file.suffix == RECORDING:
            yield from read_recording(file, key)
        elif file.suffix == ".har":
            yield from _of_har(file)
        else:
            yield from _of_lines(file)
    except (UnreadableLine, UnreadableRecording) as error:
        raise UnreadableRequests(f"{file}: {error}") from error
    except UnicodeDecodeError as error:
        raise UnreadableRequests(f"{file}: not text") from error


def _of_lines(file: Path) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            method, ask = parsed_line(line.strip(), number)
            yield {"method": method, "path": ask.path, "user": ask.user, **_body_of(line.strip())}


def _body_of(line: str) -> dict[str, Any]:
    """The body of a JSON line: text as it is with its `content_type`, anything else as JSON."""
    entry = json.loads(line) if line.startswith("{") else {}
    body = entry.get("body")
    if body is None or isinstance(body, str):
        return {"body": body, "content_type": entry.get("content_type") or JSON}
    return {"body": json.dumps(body), "content_type": JSON}


def _of_har(file: Path) -> Iterator[Mapping[str, Any]]:
    """Requests of a HAR 1.2 file (http://www.softwareishard.com/blog/har-12-spec/), anonymous: it knows no users."""
    try:
        entries = json.loads(file.read_text())["log"]["entries"]
        for entry in entries:
            request, parts = entry["request"], urlsplit(entry["request"]["url"])
            headers = {str(pair["name"]).lower(): pair["value"] for pair in request.get("headers", ())}
            yield {
                "method": request["method"],
                "path": parts.path + (f"?{parts.query}" if parts.query else ""),
                "headers": [[name, headers[name.lower()]] for name in HEADERS if name.lower() in headers],
                "body": (request.get("postData") or {}).get("text"),
                "content_type": (request.get("postData") or {}).get("mimeType"),
            }
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise UnreadableRequests(f"{file}: not a HAR file") from error


def _route(path: str) -> str:
    try:
        return resolve(path).route
    except Resolver404:
        return ""


def _caller(name: str, *, by_name: bool) -> KindOfCaller | None:
    if not name:
        return "anonymous", Caller()
    users = get_user_model()
    found = users._default_manager.filter(**{users.USERNAME_FIELD: name}).first() if by_name else None
    if found is None:
        with suppress(ValueError, ValidationError):
            found = users._default_manager.filter(pk=name).first()
    if found is None:
        return None
    staff = bool(getattr(found, "is_staff", False))
    caller = Caller(subject=str(found.pk), authenticator="strangler_shadow.replay", is_staff=staff)
    return "staff" if staff else "a recorded user", caller
