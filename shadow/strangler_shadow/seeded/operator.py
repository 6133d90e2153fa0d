"""What an operator is: a mistake that a service may make in a reply."""

import enum
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, ClassVar

from strangler_router.types import Reply
from strangler_shadow.seeded.parts import (
    document_of,
    header_of,
    nodes_of,
    put,
    spelled,
    with_document,
    with_headers,
    written,
)

__all__ = ["UNTOUCHED", "Family", "OnHeaders", "OnMembers", "OnNodes", "OnReplies", "Operator", "Place"]

# Steps into a reply's document, a header's name, or nothing for the reply as a whole.
Place = tuple[str | int, ...]


class Family(enum.StrEnum):
    """What kind of mistake it is."""

    BODY_VALUE = "body-value"
    BODY_SHAPE = "body-shape"
    SPELLING = "spelling"
    ORDER = "order"
    NUMBER = "number"
    TEXT = "text"
    TIME = "time"
    NULL = "null"
    STATUS = "status"
    HEADER = "header"
    COOKIE = "cookie"
    ERROR = "error"
    AUTHORISATION = "authorisation"
    TENANT = "tenant"
    LOST_WRITE = "lost-write"
    EFFECT = "effect"
    PAGINATION = "pagination"


class _Untouched:
    __slots__ = ()

    def __repr__(self) -> str:
        return "UNTOUCHED"


UNTOUCHED = _Untouched()


class Operator(ABC):
    """A mistake; a class without a name is a kind of place that mistakes are made at.

    `places` are those where `damage` gives a reply that a client can tell from the given one; neither changes the
    given reply.
    """

    name: ClassVar[str] = ""
    family: ClassVar[Family]

    def __init_subclass__(cls, *, name: str = "", family: Family | None = None) -> None:
        cls.name = name
        if family is not None:
            cls.family = family

    @abstractmethod
    def places(self, reply: Reply) -> Iterator[Place]:
        """Where the mistake could be made in this reply."""

    @abstractmethod
    def damage(self, reply: Reply, place: Place) -> Reply:
        """The reply with the mistake at one of its places."""


class OnNodes(Operator):
    """Changes one value of the document, an object or a list included, by looking at the value alone."""

    of: ClassVar[tuple[type, ...]]

    @abstractmethod
    def change(self, value: Any) -> Any:
        """The wrong value, or UNTOUCHED."""

    def places(self, reply: Reply) -> Iterator[Place]:
        """Values of the right type that the change spells differently."""
        for place, value in nodes_of(reply):
            if type(value) in self.of:
                changed = self.change(value)
                if changed is not UNTOUCHED and spelled(changed) != spelled(value):
                    yield place

    def damage(self, reply: Reply, place: Place) -> Reply:
        """The reply with that value changed."""
        document = document_of(reply)
        value = document
        for step in place:
            value = value[step]
        return with_document(reply, put(document, place, self.change(value)))


class OnMembers(Operator):
    """Changes an object at one of its keys."""

    @abstractmethod
    def change(self, owner: dict[str, Any], key: str) -> Any:
        """What stands in the object's place, or UNTOUCHED."""

    def places(self, reply: Reply) -> Iterator[Place]:
        """Keys of all objects where the object comes out different."""
        for place, owner in nodes_of(reply):
            if type(owner) is dict:
                for key in owner:
                    changed = self.change(owner, key)
                    if changed is not UNTOUCHED and spelled(changed) != spelled(owner):
                        yield (*place, key)

    def damage(self, reply: Reply, place: Place) -> Reply:
        """The reply with that object changed."""
        document = document_of(reply)
        owner = document
        for step in place[:-1]:
            owner = owner[step]
        return with_document(reply, put(document, place[:-1], self.change(owner, str(place[-1]))))


class OnHeaders(Operator):
    """Changes or drops one header; an exception's headers are DRF's own, so its reply has none."""

    header: ClassVar[str] = ""

    @abstractmethod
    def change(self, value: str) -> str | _Untouched | None:
        """The wrong value, None to drop the header, or UNTOUCHED."""

    def names(self, reply: Reply) -> Iterable[str]:
        """Headers to look at."""
        return [self.header]

    def places(self, reply: Reply) -> Iterator[Place]:
        """Headers of the reply that the change drops or spells differently."""
        for name in self.names(reply):
            value = header_of(reply, name)
            if value is not None and self.change(value) not in (value, UNTOUCHED):
                yield (name,)

    def damage(self, reply: Reply, place: Place) -> Reply:
        """The reply with that header changed."""
        name = str(place[0])
        changed = self.change(header_of(reply, name) or "")
        if name.lower() == "content-type" and reply.body is not None:
            return replace(reply, content_type="" if changed is None else str(changed))
        kept = [header for header in reply.headers if header[0].lower() != name.lower()]
        return with_headers(reply, [*kept, (name, str(changed))] if changed is not None else kept)


class OnReplies(Operator):
    """Changes a reply as a whole."""

    @abstractmethod
    def change(self, reply: Reply) -> Reply | None:
        """The wrong reply, or None."""

    def places(self, reply: Reply) -> Iterator[Place]:
        """One place, where the reply comes out different."""
        changed = self.change(reply)
        if changed is not None and written(changed) != written(reply):
            yield ()

    def damage(self, reply: Reply, place: Place) -> Reply:
        """The wrong reply."""
        assert place == ()  # noqa: S101  no other place is offered
        changed = self.change(reply)
        return reply if changed is None else changed
