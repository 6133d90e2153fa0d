"""What a write left undone, as the reply to it or the next read shows it."""

from datetime import datetime, timedelta
from typing import Any

from strangler_router.types import Reply
from strangler_shadow.seeded.operator import UNTOUCHED, Family, OnMembers, OnNodes, OnReplies
from strangler_shadow.seeded.parts import document_of, status_of, with_document
from strangler_shadow.seeded.times import MOMENT
from strangler_shadow.seeded.values import DEFAULTS

OF_THE_SERVER = ("id", "created_at", "updated_at", "uuid", "url")


class _OfLists(OnNodes, family=Family.LOST_WRITE):
    of = (list,)


class StaleNumber(OnNodes, name="stale-number", family=Family.LOST_WRITE):
    """A number is what it was before the last write."""

    of = (int, float)

    def change(self, value: Any) -> Any:
        return value - 1


class StaleText(OnNodes, name="stale-text", family=Family.LOST_WRITE):
    """A text is what it was before the last write."""

    of = (str,)

    def change(self, value: str) -> Any:
        return f"{value} (draft)"


class StaleFlag(OnNodes, name="stale-flag", family=Family.LOST_WRITE):
    """A flag is what it was before the last write."""

    of = (bool,)

    def change(self, value: bool) -> Any:
        return not value


class StaleMoment(OnNodes, name="stale-updated-at", family=Family.LOST_WRITE):
    """A moment of change was not moved by the last write."""

    of = (str,)

    def change(self, value: str) -> Any:
        if not MOMENT.fullmatch(value):
            return UNTOUCHED
        try:
            moved = (datetime.fromisoformat(value) - timedelta(seconds=1)).isoformat()
        except OverflowError:
            return UNTOUCHED
        return moved.replace("+00:00", "Z") if value.endswith("Z") else moved


class DefaultForStored(OnNodes, name="default-for-stored", family=Family.LOST_WRITE):
    """A field has its type's default in place of what is stored."""

    of = (str, int, float, bool)

    def change(self, value: Any) -> Any:
        return DEFAULTS[type(value)]


class NullForStored(OnMembers, name="null-for-stored", family=Family.LOST_WRITE):
    """A field was not stored and reads as null."""

    def change(self, owner: dict[str, Any], key: str) -> Any:
        return {**owner, key: None}


class NewRowMissing(_OfLists, name="new-row-missing"):
    """The row that was written last is not there."""

    def change(self, value: list[Any]) -> Any:
        return value[:-1] if value and isinstance(value[-1], dict) else UNTOUCHED


class DeletedRowBack(_OfLists, name="deleted-row-back"):
    """A row that was deleted is there."""

    def change(self, value: list[Any]) -> Any:
        return [*value, {**value[-1], "id": 0}] if value and isinstance(value[-1], dict) else UNTOUCHED


class RelationNotStored(_OfLists, name="relation-not-stored"):
    """Related rows were not stored."""

    def change(self, value: list[Any]) -> Any:
        del value
        return []


class EchoOnly(OnReplies, name="write-echoed", family=Family.LOST_WRITE):
    """A write's reply lacks what the server would have set."""

    def change(self, reply: Reply) -> Reply | None:
        document = document_of(reply)
        if status_of(reply) not in (200, 201) or not isinstance(document, dict):
            return None
        return with_document(reply, {key: value for key, value in document.items() if key not in OF_THE_SERVER})


class CreatedTwice(OnMembers, name="created-twice", family=Family.LOST_WRITE):
    """A row was created twice, and its id is the second one's."""

    def change(self, owner: dict[str, Any], key: str) -> Any:
        return {**owner, key: owner[key] + 1} if key == "id" and type(owner[key]) is int else UNTOUCHED
