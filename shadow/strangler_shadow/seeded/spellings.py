"""The same JSON in other bytes; only a service that writes its own body can do so."""

import json
from abc import abstractmethod
from dataclasses import replace
from typing import Any

from strangler_router.types import EMPTY, Reply
from strangler_shadow.seeded.operator import Family, OnReplies
from strangler_shadow.seeded.parts import document_of


class _OfBodies(OnReplies, family=Family.SPELLING):
    def change(self, reply: Reply) -> Reply | None:
        """The reply with its document in other bytes."""
        document = document_of(reply)
        if reply.body is None or document is EMPTY:
            return None
        return replace(reply, body=self.spelled(document, reply.body))

    @abstractmethod
    def spelled(self, document: Any, body: bytes) -> bytes:
        """The other bytes."""


class AsciiOnly(_OfBodies, name="json-ascii-only"):
    """Characters beyond ASCII are written as escapes."""

    def spelled(self, document: Any, body: bytes) -> bytes:
        return json.dumps(document, separators=(",", ":")).encode()


class Spaced(_OfBodies, name="json-with-spaces"):
    """Spaces stand behind commas and colons."""

    def spelled(self, document: Any, body: bytes) -> bytes:
        return json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")


class Indented(_OfBodies, name="json-indented"):
    """The document is spread over lines."""

    def spelled(self, document: Any, body: bytes) -> bytes:
        return json.dumps(document, ensure_ascii=False, indent=3).encode("utf-8", "surrogatepass")


class LineEnd(_OfBodies, name="json-line-end"):
    """A line end stands behind the document."""

    def spelled(self, document: Any, body: bytes) -> bytes:
        return body + b"\n"


class ByteOrderMark(_OfBodies, name="json-byte-order-mark"):
    """A byte order mark stands before the document."""

    def spelled(self, document: Any, body: bytes) -> bytes:
        return b"\xef\xbb\xbf" + body


class SlashesEscaped(_OfBodies, name="json-slashes-escaped"):
    """Slashes are escaped, as PHP does."""

    def spelled(self, document: Any, body: bytes) -> bytes:
        return body.replace(b"/", b"\\/")


class KeyTwice(_OfBodies, name="json-key-twice"):
    """A key is written twice; parsers keep the last one."""

    def spelled(self, document: Any, body: bytes) -> bytes:
        if not isinstance(document, dict) or not document:
            return body
        first = json.dumps(next(iter(document)), ensure_ascii=False).encode("utf-8", "surrogatepass")
        return body.replace(b"{", b"{" + first + b":null,", 1)


class CutShort(_OfBodies, name="body-cut-short"):
    """The body's last byte is missing."""

    def spelled(self, document: Any, body: bytes) -> bytes:
        return body[:-1]


class BodyLost(OnReplies, name="body-lost", family=Family.BODY_SHAPE):
    """The status came without a body."""

    def change(self, reply: Reply) -> Reply | None:
        if reply.exception is not None:
            return None
        return replace(reply, body=b"") if reply.body is not None else replace(reply, data=EMPTY)
