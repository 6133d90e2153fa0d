"""Who may see what: refusals that are others, or none, and personal fields of somebody else."""

from abc import abstractmethod
from typing import Any

from rest_framework import exceptions

from strangler_router.types import Reply
from strangler_shadow.seeded.operator import UNTOUCHED, Family, OnMembers, OnNodes, OnReplies
from strangler_shadow.seeded.parts import as_refusal, status_of, with_document, with_status

PERSONAL = ("email", "phone", "username", "first_name", "last_name", "user", "owner", "learner", "name")


class _Instead(OnReplies, family=Family.AUTHORISATION):
    was: tuple[int, ...]

    def change(self, reply: Reply) -> Reply | None:
        """What comes in place of a reply with one of these statuses."""
        return self.instead(reply) if status_of(reply) in self.was else None

    @abstractmethod
    def instead(self, reply: Reply) -> Reply:
        """The wrong reply."""


class _Shown(_Instead):
    was: tuple[int, ...] = (401, 403)
    document: Any

    def instead(self, reply: Reply) -> Reply:
        """A success with this document."""
        if reply.body is None:
            return Reply(data=self.document)
        return with_document(with_status(reply, 200), self.document)


class NotFoundAsForbidden(_Instead, name="not-found-as-forbidden"):
    """404 became 403, which says that there is something."""

    was = (404,)

    def instead(self, reply: Reply) -> Reply:
        return as_refusal(reply, exceptions.PermissionDenied)


class NotFoundAsUnauthenticated(_Instead, name="not-found-as-unauthenticated"):
    """404 became 401."""

    was = (404,)

    def instead(self, reply: Reply) -> Reply:
        return as_refusal(reply, exceptions.AuthenticationFailed)


class UnauthenticatedAsForbidden(_Instead, name="unauthenticated-as-forbidden"):
    """401 became 403, so that no client asks for a login."""

    was = (401,)

    def instead(self, reply: Reply) -> Reply:
        return as_refusal(reply, exceptions.PermissionDenied)


class UnauthenticatedAsNotFound(_Instead, name="unauthenticated-as-not-found"):
    """401 became 404."""

    was = (401,)

    def instead(self, reply: Reply) -> Reply:
        return as_refusal(reply, exceptions.NotFound)


class ForbiddenAsNotFound(_Instead, name="forbidden-as-not-found"):
    """403 became 404."""

    was = (403,)

    def instead(self, reply: Reply) -> Reply:
        return as_refusal(reply, exceptions.NotFound)


class ForbiddenAsUnauthenticated(_Instead, name="forbidden-as-unauthenticated"):
    """403 became 401, so that clients log out."""

    was = (403,)

    def instead(self, reply: Reply) -> Reply:
        return as_refusal(reply, exceptions.NotAuthenticated)


class PermissionSkipped(_Shown, name="permission-skipped"):
    """A permission was not asked, and an object is shown."""

    document: Any = {"id": 1}


class PermissionSkippedForLists(_Shown, name="permission-skipped-for-lists"):
    """A permission was not asked, and an empty list is shown."""

    document: Any = []


class HiddenObjectShown(_Shown, name="hidden-object-shown"):
    """An object is shown to somebody for whom there is none."""

    was = (404,)
    document: Any = {"id": 1}


class EverybodyForbidden(_Instead, name="everybody-forbidden"):
    """A success became 403."""

    was = (200, 201, 204)

    def instead(self, reply: Reply) -> Reply:
        return as_refusal(reply, exceptions.PermissionDenied)


class EverybodyUnauthenticated(_Instead, name="everybody-unauthenticated"):
    """A success became 401."""

    was = (200, 201, 204)

    def instead(self, reply: Reply) -> Reply:
        return as_refusal(reply, exceptions.NotAuthenticated)


class ExistingHidden(_Instead, name="existing-hidden"):
    """A success became 404, as where a filter by owner is too narrow."""

    was = (200, 201, 204)

    def instead(self, reply: Reply) -> Reply:
        return as_refusal(reply, exceptions.NotFound)


class PersonalFieldOfAnother(OnMembers, name="personal-field-of-another", family=Family.AUTHORISATION):
    """A personal field is another user's."""

    def change(self, owner: dict[str, Any], key: str) -> Any:
        if not key.endswith(PERSONAL):
            return UNTOUCHED
        another = {str: "another@example.org", int: -7, bool: not owner[key]}
        return {**owner, key: another[type(owner[key])]} if type(owner[key]) in another else UNTOUCHED


class PersonalFieldShown(OnNodes, name="personal-field-shown", family=Family.AUTHORISATION):
    """A personal field that was not there is shown."""

    of = (dict,)

    def change(self, value: dict[str, Any]) -> Any:
        return UNTOUCHED if "email" in value else {**value, "email": "somebody@example.org"}


class PersonalFieldBlank(OnMembers, name="personal-field-blank", family=Family.AUTHORISATION):
    """A personal field is not shown to its own user."""

    def change(self, owner: dict[str, Any], key: str) -> Any:
        return {**owner, key: None} if key.endswith(PERSONAL) else UNTOUCHED


class FlagOfAnother(OnMembers, name="flag-of-another", family=Family.AUTHORISATION):
    """What a user may do, or did, is told of another user."""

    def change(self, owner: dict[str, Any], key: str) -> Any:
        is_flag = type(owner[key]) is bool and key.startswith(("is_", "has_", "can_"))
        return {**owner, key: not owner[key]} if is_flag else UNTOUCHED
