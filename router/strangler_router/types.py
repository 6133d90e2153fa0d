"""The call, the reply, and the one callable type that every way to answer has."""

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rest_framework.exceptions import APIException

from strangler_protos.identity import Caller

__all__ = ["EMPTY", "Backend", "Call", "Decision", "Exchange", "Observer", "Reply", "Served", "Side"]


class Side(enum.Enum):
    """Who answers."""

    MONOLITH = "monolith"
    SERVICE = "service"


class _Empty:
    __slots__ = ()

    def __repr__(self) -> str:
        return "EMPTY"


EMPTY = _Empty()
ANONYMOUS = Caller()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request, free of any transport; it carries who asks but no credential.

    `query` is the raw query string, `kwargs` the route's arguments as text, `timeout` the seconds left for an answer.
    """

    endpoint: str
    route: str
    method: str
    path: str
    query: str = ""
    kwargs: Mapping[str, str] = field(default_factory=dict)
    caller: Caller = ANONYMOUS
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    content_type: str = ""
    scheme: str = "http"
    host: str = "localhost"
    script_name: str = ""
    language: str = "en"
    timezone: str = "UTC"
    media_type: str = "application/json"
    version: str = ""
    timeout: float = 1.0
    hops: int = 0
    shadow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a backend answers: primitives for DRF's renderer, an exact body, or an exception to raise in the view."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    data: Any = EMPTY
    body: bytes | None = None
    content_type: str = ""
    exception: APIException | None = None


Backend = Callable[[Call], Reply]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Who answers one request, on which rung, and the reason in words."""

    side: Side
    rung: str
    reason: str
    mirrored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The answer that left for the client; `seconds` is the time from routing to the finished response."""

    status: int
    headers: tuple[tuple[str, str], ...]
    cookies: tuple[str, ...]
    body: bytes
    seconds: float
    fell_back: bool = False
    session_accessed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A call and the answer that was served for it."""

    call: Call
    decision: Decision
    served: Served


Observer = Callable[[Exchange], None]
