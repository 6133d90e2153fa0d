"""The right body under another status."""

from dataclasses import replace
from typing import ClassVar

from strangler_router.types import EMPTY, Reply
from strangler_shadow.seeded.operator import Family, OnReplies
from strangler_shadow.seeded.parts import status_of, with_status


class _Status(OnReplies, family=Family.STATUS):
    was: ClassVar[tuple[int, ...]]
    became: ClassVar[int]

    def change(self, reply: Reply) -> Reply | None:
        """The reply under the other status, where it had one of the first."""
        return with_status(reply, self.became) if status_of(reply) in self.was else None


class CreatedAsOk(_Status, name="created-as-ok"):
    """201 became 200."""

    was, became = (201,), 200


class OkAsCreated(_Status, name="ok-as-created"):
    """200 became 201."""

    was, became = (200,), 201


class OkAsAccepted(_Status, name="ok-as-accepted"):
    """200 or 201 became 202."""

    was, became = (200, 201), 202


class OkAsPartial(_Status, name="ok-as-partial"):
    """200 became 206."""

    was, became = (200,), 206


class OkAsNoContent(OnReplies, name="ok-as-no-content", family=Family.STATUS):
    """200 became 204, without a body."""

    def change(self, reply: Reply) -> Reply | None:
        if reply.exception is not None or reply.status != 200:
            return None
        return replace(reply, status=204, data=EMPTY, body=None if reply.body is None else b"")


class NoContentAsOk(_Status, name="no-content-as-ok"):
    """204 became 200."""

    was, became = (204,), 200


class NoContentWithBody(OnReplies, name="no-content-with-body", family=Family.STATUS):
    """204 came with a body."""

    def change(self, reply: Reply) -> Reply | None:
        if status_of(reply) != 204 or reply.exception is not None:
            return None
        if reply.body is None:
            return replace(reply, data={"detail": "Deleted."})
        return replace(reply, body=b'{"detail":"Deleted."}', content_type="application/json")


class MovedAsOk(_Status, name="redirect-as-ok"):
    """A redirect became 200."""

    was, became = (301, 302, 303, 307, 308), 200


class MovedForEver(_Status, name="found-as-moved"):
    """302 became 301, which browsers keep."""

    was, became = (302,), 301


class NotModifiedAsOk(_Status, name="not-modified-as-ok"):
    """304 became 200."""

    was, became = (304,), 200


class BadRequestAsUnprocessable(_Status, name="bad-request-as-422"):
    """400 became 422."""

    was, became = (400,), 422


class BadRequestAsConflict(_Status, name="bad-request-as-409"):
    """400 became 409, gRPC's ALREADY_EXISTS."""

    was, became = (400,), 409


class NotFoundAsBadRequest(_Status, name="not-found-as-bad-request"):
    """404 became 400."""

    was, became = (404,), 400


class NotFoundAsGone(_Status, name="not-found-as-gone"):
    """404 became 410."""

    was, became = (404,), 410


class MethodAsNotFound(_Status, name="method-not-allowed-as-not-found"):
    """405 became 404."""

    was, became = (405,), 404


class MediaTypeAsBadRequest(_Status, name="media-type-as-bad-request"):
    """406 or 415 became 400."""

    was, became = (406, 415), 400


class ThrottledAsUnavailable(_Status, name="throttled-as-unavailable"):
    """429 became 503, gRPC's RESOURCE_EXHAUSTED seen by a gateway."""

    was, became = (429,), 503


class ErrorAsOk(_Status, name="error-as-ok"):
    """An error came under 200."""

    was, became = tuple(range(400, 500)), 200


class ErrorAsServerError(_Status, name="error-as-server-error"):
    """A client's error became 500."""

    was, became = tuple(range(400, 500)), 500


class OkAsServerError(_Status, name="ok-as-server-error"):
    """A success became 500."""

    was, became = (200, 201, 204), 500
