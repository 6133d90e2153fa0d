"""Rows and values of another tenant."""

from typing import Any

from strangler_router.types import Reply
from strangler_shadow.seeded.operator import UNTOUCHED, Family, OnMembers, OnNodes, OnReplies
from strangler_shadow.seeded.parts import document_of, nodes_of, put, with_document

KEYS = ("id", "pk", "uuid", "slug")
ELSEWHERE = 1_000_003


class _OfLists(OnNodes, family=Family.TENANT):
    of = (list,)

    def change(self, value: list[Any]) -> Any:
        """Change lists of objects with a key."""
        strangers = [stranger for row in value if (stranger := _stranger(row)) is not None]
        return self.change_rows(value, strangers) if strangers else UNTOUCHED

    def change_rows(self, rows: list[Any], strangers: list[Any]) -> Any:
        """The wrong rows; `strangers` are these rows as another tenant has them."""
        raise NotImplementedError


class RowOfAnotherTenant(_OfLists, name="row-of-another-tenant"):
    """A list has one row of another tenant behind its own."""

    def change_rows(self, rows: list[Any], strangers: list[Any]) -> Any:
        return [*rows, strangers[0]]


class RowsOfAllTenants(_OfLists, name="rows-of-all-tenants"):
    """A list has all tenants' rows."""

    def change_rows(self, rows: list[Any], strangers: list[Any]) -> Any:
        return [*rows, *strangers]


class RowsOfAnotherTenant(_OfLists, name="rows-of-another-tenant"):
    """A list has another tenant's rows in place of its own."""

    def change_rows(self, rows: list[Any], strangers: list[Any]) -> Any:
        return strangers if len(strangers) == len(rows) else UNTOUCHED


class ObjectOfAnotherTenant(OnNodes, name="object-of-another-tenant", family=Family.TENANT):
    """An object with the same shape belongs to another tenant."""

    of = (dict,)

    def change(self, value: dict[str, Any]) -> Any:
        stranger = _stranger(value)
        return UNTOUCHED if stranger is None else stranger


class TenantNamed(OnMembers, name="tenant-of-another", family=Family.TENANT):
    """The field that names the tenant names another."""

    def change(self, owner: dict[str, Any], key: str) -> Any:
        if not key.startswith(("tenant", "organisation", "organization", "account", "school")):
            return UNTOUCHED
        changed = {str: "another-tenant", int: ELSEWHERE}.get(type(owner[key]))
        return UNTOUCHED if changed is None else {**owner, key: changed}


class CountOfAllTenants(OnMembers, name="count-of-all-tenants", family=Family.TENANT):
    """A count counts all tenants' rows."""

    def change(self, owner: dict[str, Any], key: str) -> Any:
        is_count = type(owner[key]) is int and (key == "count" or key.endswith("_count"))
        return {**owner, key: owner[key] * 2 + 1} if is_count else UNTOUCHED


class EveryKeyOfAnotherTenant(OnReplies, name="keys-of-another-tenant", family=Family.TENANT):
    """All ids are those of another tenant's copy."""

    def change(self, reply: Reply) -> Reply | None:
        document = document_of(reply)
        changed = document
        for place, value in nodes_of(reply):
            if place and place[-1] == "id" and type(value) is int:
                changed = put(changed, place, value + ELSEWHERE)
        return with_document(reply, changed) if changed is not document else None


def _stranger(row: Any) -> Any:
    if not isinstance(row, dict):
        return None
    key = next((name for name in KEYS if type(row.get(name)) in (int, str)), None)
    if key is None:
        return None
    other = row[key] + ELSEWHERE if type(row[key]) is int else f"{row[key]}-elsewhere"
    return {**row, key: other}
