"""Keys and nesting: the right values in the wrong places."""

import json
from typing import Any

from strangler_router.types import EMPTY, Reply
from strangler_shadow.seeded.operator import UNTOUCHED, Family, OnMembers, OnNodes, OnReplies
from strangler_shadow.seeded.parts import document_of, with_document

LEAVES = (str, int, float, bool)


class _OfObjects(OnNodes, family=Family.BODY_SHAPE):
    of = (dict,)


class _OfLists(OnNodes, family=Family.BODY_SHAPE):
    of = (list,)


class _OfKeys(OnMembers, family=Family.BODY_SHAPE):
    def change(self, owner: dict[str, Any], key: str) -> Any:
        """The object with the key renamed in its place."""
        renamed = self.renamed(key)
        return UNTOUCHED if renamed in owner else {renamed if name == key else name: owner[name] for name in owner}

    def renamed(self, key: str) -> str:
        """The wrong key."""
        raise NotImplementedError


class KeysReversed(_OfObjects, name="keys-reversed", family=Family.ORDER):
    """An object's keys come in the opposite order."""

    def change(self, value: dict[str, Any]) -> Any:
        return dict(reversed(value.items()))


class KeysSorted(_OfObjects, name="keys-sorted", family=Family.ORDER):
    """An object's keys come in the order of the alphabet."""

    def change(self, value: dict[str, Any]) -> Any:
        return dict(sorted(value.items()))


class KeyMovedLast(OnMembers, name="key-moved-last", family=Family.ORDER):
    """One key comes behind all others."""

    def change(self, owner: dict[str, Any], key: str) -> Any:
        return {name: value for name, value in owner.items() if name != key} | {key: owner[key]}


class KeyMissing(OnMembers, name="key-missing", family=Family.BODY_SHAPE):
    """A key is not written."""

    def change(self, owner: dict[str, Any], key: str) -> Any:
        return {name: value for name, value in owner.items() if name != key}


class KeyExtra(_OfObjects, name="key-extra"):
    """A key of the service's own is written."""

    def change(self, value: dict[str, Any]) -> Any:
        return {**value, "debug_source": "native"}


class KeyInCamelCase(_OfKeys, name="key-camel-case"):
    """A key is in camelCase, as protobuf's own JSON has it."""

    def renamed(self, key: str) -> str:
        first, *rest = key.split("_")
        return first + "".join(part.capitalize() for part in rest)


class KeyWithDashes(_OfKeys, name="key-with-dashes"):
    """A key has dashes for underscores."""

    def renamed(self, key: str) -> str:
        return key.replace("_", "-")


class KeyUpperCase(_OfKeys, name="key-upper-case"):
    """A key is in upper case."""

    def renamed(self, key: str) -> str:
        return key.upper()


class KeyWithId(_OfKeys, name="key-with-id"):
    """A relation's key got `_id`, as its column has it."""

    def renamed(self, key: str) -> str:
        return f"{key}_id"


class ObjectAsKey(_OfObjects, name="nested-object-as-key"):
    """A nested object became its primary key."""

    def change(self, value: dict[str, Any]) -> Any:
        return value.get("id", value.get("slug", UNTOUCHED))


class KeyAsObject(OnMembers, name="key-as-nested-object", family=Family.BODY_SHAPE):
    """A primary key became an object around it."""

    def change(self, owner: dict[str, Any], key: str) -> Any:
        return {**owner, key: {"id": owner[key]}} if type(owner[key]) is int and key != "id" else UNTOUCHED


class ObjectFlattened(OnMembers, name="nested-object-flattened", family=Family.BODY_SHAPE):
    """A nested object's fields stand in the object around it."""

    def change(self, owner: dict[str, Any], key: str) -> Any:
        if type(owner[key]) is not dict or not owner[key]:
            return UNTOUCHED
        return {name: value for name, value in owner.items() if name != key} | {
            f"{key}_{name}": value for name, value in owner[key].items()
        }


class ObjectAsList(_OfObjects, name="object-as-list"):
    """An object came in a list of one."""

    def change(self, value: dict[str, Any]) -> Any:
        return [value]


class ObjectAsText(_OfObjects, name="object-as-text"):
    """An object came as JSON text."""

    def change(self, value: dict[str, Any]) -> Any:
        return json.dumps(value, ensure_ascii=False)


class ObjectAsPairs(_OfObjects, name="object-as-pairs"):
    """An object came as a list of keys and values, as a contract's entries."""

    def change(self, value: dict[str, Any]) -> Any:
        return [{"key": key, "value": member} for key, member in value.items()]


class ObjectEmptied(_OfObjects, name="object-emptied"):
    """An object lost all its keys."""

    def change(self, value: dict[str, Any]) -> Any:
        del value
        return {}


class ListOfOneAsValue(_OfLists, name="list-of-one-as-value"):
    """A list of one became that one."""

    def change(self, value: list[Any]) -> Any:
        return value[0] if len(value) == 1 else UNTOUCHED


class ListAsText(_OfLists, name="list-as-text"):
    """A list became text with commas."""

    def change(self, value: list[Any]) -> Any:
        return ",".join(map(str, value))


class ListAsObject(_OfLists, name="list-as-object"):
    """A list became an object with numbers for keys."""

    def change(self, value: list[Any]) -> Any:
        return {str(index): member for index, member in enumerate(value)}


class ListNested(_OfLists, name="list-in-a-list"):
    """A list came in another list."""

    def change(self, value: list[Any]) -> Any:
        return [value]


class ValueInList(OnNodes, name="value-in-a-list", family=Family.BODY_SHAPE):
    """A value came in a list of one."""

    of = LEAVES

    def change(self, value: Any) -> Any:
        return [value]


class ValueInWrapper(OnNodes, name="value-in-a-wrapper", family=Family.BODY_SHAPE):
    """A value came in an object, as protobuf's wrappers."""

    of = LEAVES

    def change(self, value: Any) -> Any:
        return {"value": value}


class EnvelopeAdded(OnReplies, name="envelope-added", family=Family.BODY_SHAPE):
    """The whole document came under a key `data`."""

    def change(self, reply: Reply) -> Reply | None:
        document = document_of(reply)
        return None if document is EMPTY else with_document(reply, {"data": document})


class EnvelopeLost(OnReplies, name="envelope-lost", family=Family.BODY_SHAPE):
    """A page lost what stands around its rows."""

    def change(self, reply: Reply) -> Reply | None:
        document = document_of(reply)
        is_page = isinstance(document, dict) and isinstance(document.get("results"), list)
        return with_document(reply, document["results"]) if is_page else None
