"""Finished answers as replies, and replies as finished answers, without a round through Django."""

import json
from dataclasses import replace

from strangler_router.types import EMPTY, Reply
from strangler_shadow.cookies import apart
from strangler_shadow.observation import Observation

__all__ = ["observation_of", "reply_of"]

CONTENT_TYPE = "content-type"
COOKIE = "Set-Cookie"


def reply_of(observation: Observation) -> Reply:
    """An answer as a reply with an exact body, all its headers, and its cookies as headers without values."""
    headers = [(name, value) for name, value in observation.headers if name.lower() != CONTENT_TYPE]
    cookies = [(COOKIE, _with_value(cookie)) for cookie in observation.cookies]
    content_type = next((value for name, value in observation.headers if name.lower() == CONTENT_TYPE), "")
    return Reply(
        status=observation.status, headers=(*headers, *cookies), body=observation.body, content_type=content_type
    )


def observation_of(reply: Reply, like: Observation) -> Observation:
    """A reply without an exception as the answer that a client sees; time and writes are those of another answer."""
    body = reply.body
    if body is None:
        body = b"" if reply.data is EMPTY else json.dumps(reply.data, ensure_ascii=False).encode()
    content_type = ((CONTENT_TYPE.title(), reply.content_type),) if reply.content_type else ()
    headers, cookies = apart((*content_type, *reply.headers), ())
    return replace(like, status=reply.status, headers=headers, cookies=cookies, body=body)


def _with_value(cookie: str) -> str:
    name, separator, attributes = cookie.partition(";")
    return f"{name}={separator}{attributes}"
