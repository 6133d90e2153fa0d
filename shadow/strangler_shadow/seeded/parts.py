"""Take a reply apart and put a changed one together; the given reply and all in it stay as they are."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from rest_framework.exceptions import APIException

from strangler_router.types import EMPTY, Reply

__all__ = [
    "as_refusal", "cloned", "document_of", "header_of", "nodes_of", "put", "spelled", "status_of", "with_document",
    "with_headers", "with_status", "written",
]  # fmt: skip

Node = tuple[tuple[str | int, ...], Any]
# How DRF's renderer writes JSON without an indent in the media type.
COMPACT: Mapping[str, Any] = {"separators": (",", ":")}
INDENT = re.compile(rb"[\[{]\n( +)")


def document_of(reply: Reply) -> Any:
    """The reply's JSON document; EMPTY where there is none, or none that can be written as it was."""
    if reply.exception is not None:
        return _error_document(reply.exception)
    if reply.body is None:
        return reply.data
    parsed = _parsed(reply.body)
    return EMPTY if parsed is None else parsed[0]


def with_document(reply: Reply, document: Any) -> Reply:
    """The reply with another document, written in the style of the first; an exception keeps its class."""
    if reply.exception is not None:
        if isinstance(document, (dict, list)):
            return replace(reply, exception=cloned(reply.exception, detail=document))
        return Reply(status=reply.exception.status_code, data=document)
    if reply.body is None:
        return replace(reply, data=document)
    parsed = _parsed(reply.body)
    return replace(reply, body=_json(document, COMPACT if parsed is None else parsed[1]))


def nodes_of(reply: Reply) -> Sequence[Node]:
    """Every value of the reply's document with the steps to it, outer ones first."""
    return _nodes_of_body(reply.body) if reply.body is not None else list(_nodes(document_of(reply)))


# Operators by the hundred look at the same body; none changes what it gets.
@lru_cache(maxsize=64)
def _nodes_of_body(body: bytes) -> Sequence[Node]:
    parsed = _parsed(body)
    return () if parsed is None else list(_nodes(parsed[0]))


def _nodes(document: Any) -> Iterator[Node]:
    waiting: list[Node] = [] if document is EMPTY else [((), document)]
    for place, value in waiting:
        yield place, value
        if isinstance(value, dict):
            waiting += [((*place, key), child) for key, child in value.items()]
        elif isinstance(value, list):
            waiting += [((*place, index), child) for index, child in enumerate(value)]


def put(document: Any, place: tuple[str | int, ...], value: Any) -> Any:
    """A document with another value at one place; what does not change is shared with the given one."""
    if not place:
        return value
    step, *rest = place
    copy = document.copy()
    copy[step] = put(document[step], tuple(rest), value)
    return copy


def spelled(value: Any) -> str:
    """JSON text that tells apart what compares as equal in Python: 1, 1.0 and true, or an order of keys."""
    return json.dumps(value, ensure_ascii=False)


def status_of(reply: Reply) -> int:
    """The status that the client sees, but for DRF's 403 in place of a 401 without a challenge."""
    return reply.status if reply.exception is None else int(reply.exception.status_code)


def with_status(reply: Reply, status: int) -> Reply:
    """The reply with another status and the same body."""
    if reply.exception is not None:
        return replace(reply, exception=cloned(reply.exception, status_code=status))
    return replace(reply, status=status)


def as_refusal(reply: Reply, kind: type[APIException]) -> Reply:
    """The refusal that DRF makes of an exception's class, in place of the reply."""
    if reply.exception is not None or reply.body is None:
        return Reply(exception=kind())
    document = {"detail": str(kind.default_detail)}
    return replace(reply, status=kind.status_code, body=_json(document, COMPACT))


def cloned(exception: APIException, **attributes: Any) -> APIException:
    """An exception of the same class with some attributes changed."""
    kind = type(exception)
    clone = kind.__new__(kind)
    clone.args = exception.args
    clone.__dict__.update(exception.__dict__, **attributes)
    return clone


def header_of(reply: Reply, name: str) -> str | None:
    """A header's value."""
    if name.lower() == "content-type" and reply.body is not None:
        return reply.content_type or None
    return next((value for given, value in reply.headers if given.lower() == name.lower()), None)


def with_headers(reply: Reply, headers: Iterable[tuple[str, str]]) -> Reply:
    """The reply with these headers and no others."""
    return replace(reply, headers=tuple(headers))


def written(reply: Reply) -> str:
    """All that a client can see of the reply, as text to compare; the order of different headers means nothing."""
    wait = getattr(reply.exception, "wait", None)
    document = document_of(reply)
    body = repr(reply.body) if reply.body is not None else "" if document is EMPTY else spelled(document)
    return repr((status_of(reply), sorted(reply.headers, key=_lower), reply.content_type, body, wait))


def _lower(header: tuple[str, str]) -> str:
    return header[0].lower()


def _error_document(exception: APIException) -> Any:
    # As rest_framework.views.exception_handler writes it.
    detail: Any = exception.detail
    plain = json.loads(json.dumps(detail))
    return plain if isinstance(detail, (dict, list)) else {"detail": plain}


@lru_cache(maxsize=64)
def _parsed(body: bytes) -> tuple[Any, Mapping[str, Any]] | None:
    found = INDENT.match(body)
    style = {"separators": (",", ": "), "indent": len(found[1])} if found else COMPACT
    try:
        document = json.loads(body)
        return (document, style) if _json(document, style) == body else None
    except (ValueError, RecursionError):
        return None


def _json(document: Any, style: Mapping[str, Any]) -> bytes:
    # Line separators are escaped as DRF's renderer does.
    text = json.dumps(document, ensure_ascii=False, **style)
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").encode("utf-8", "surrogatepass")
