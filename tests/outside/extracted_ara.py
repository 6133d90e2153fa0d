"""Put ara's answers through the codec that was extracted from it, and print what came of it as JSON.

Standard input has the answers, `[[path, status, text], ...]`.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import django
from django.urls import resolve
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

CONTRACT = "ara_api.v1.ara_api_pb2"


def main() -> None:
    """Which endpoints answer JSON, the slots of the contract's fields, and every document there and back."""
    django.setup()
    from strangler_protos.bindings import read_contract

    bindings = read_contract(CONTRACT)
    answers: list[tuple[str, int, str]] = json.load(sys.stdin)
    found = {
        "unextracted": dict(_unextracted({binding.id for binding in bindings})),
        "fields": dict(_fields({binding.response.DESCRIPTOR for binding in bindings})),
        "documents": _documents({binding.route: binding for binding in bindings}, answers),
    }
    print(json.dumps(found))


def _unextracted(extracted: set[str]) -> Iterator[tuple[str, list[str]]]:
    """Other GET endpoints that answer somebody with JSON, and what inspection says of them."""
    from django.contrib.auth.models import User

    from strangler_django.endpoints import walk_endpoints
    from strangler_extract.inspection import inspect_endpoint
    from strangler_extract.responses import sampled_documents

    users = [None, User.objects.get(username="staff")]
    others = [one for one in walk_endpoints() if one.http_method == "GET" and one.id not in extracted]
    for endpoint in others:
        if sampled_documents(endpoint, users):
            yield endpoint.id, [reason.text for reason in inspect_endpoint(endpoint).reasons]


def _fields(waiting: set[Descriptor]) -> Counter[str]:
    """How many fields of answers are typed, and how many JSON text, each message once."""
    from strangler_protos.options import slot_of
    from strangler_protos.v1 import options_pb2

    seen: dict[str, Descriptor] = {}
    while waiting:
        descriptor = waiting.pop()
        if seen.setdefault(descriptor.full_name, descriptor) is descriptor:
            waiting |= {field.message_type for field in _own(descriptor) if field.message_type} - set(seen.values())
    slots = [slot_of(field.GetOptions()) for descriptor in seen.values() for field in _own(descriptor)]
    return Counter("json" if slot == options_pb2.SLOT_JSON else "typed" for slot in slots)


def _documents(bindings: dict[str, Any], answers: list[tuple[str, int, str]]) -> dict[str, Any]:
    """Each success there and back: by endpoint how many, which paths differ, and by which slots the values went."""
    by_endpoint, values = Counter[str](), Counter[str]()
    different, changed_different = [], []
    for path, status, text in answers:
        binding = bindings.get(resolve(path.partition("?")[0]).route)
        if binding is None or status != binding.success_status:
            continue
        document = json.loads(text)
        message, equal = _there_and_back(binding, document)
        by_endpoint[binding.id] += 1
        values.update(_values(message))
        different += [] if equal else [path]
        changed_different += [] if all(_there_and_back(binding, other)[1] for other in _changed(document)) else [path]
    return {
        "by endpoint": by_endpoint,
        "different": different,
        "changed different": changed_different,
        "values": values,
    }


def _there_and_back(binding: Any, document: Any) -> tuple[Message, bool]:
    """The message that arrives, and whether it says what was sent."""
    message: Message = binding.response.FromString(binding.encode(document).SerializeToString())
    # Text tells 1 from 1.0 and True, and shows the order of keys.
    return message, json.dumps(binding.decode(message)) == json.dumps(document)


def _changed(document: Any) -> Iterator[Any]:
    """Documents that ara would send if its code had changed since: other orders, other keys, other types."""
    yield _mapped(document, lambda items: items[::-1], lambda leaf: leaf)
    yield _mapped(document, lambda items: items[1:], lambda leaf: leaf)
    yield _mapped(document, lambda items: [*items, ("new", None)], lambda leaf: leaf)
    yield _mapped(document, lambda items: items, lambda leaf: [leaf])
    yield _mapped(document, lambda items: items, lambda leaf: str(leaf) if isinstance(leaf, int | None) else 0.5)


def _mapped(document: Any, items: Callable[[list[Any]], list[Any]], leaf: Callable[[Any], Any]) -> Any:
    """The document with changed keys of each object, and changed leaves."""
    match document:
        case dict():
            return {key: _mapped(value, items, leaf) for key, value in items(list(document.items()))}
        case list():
            return [_mapped(value, items, leaf) for value in document]
        case _:
            return leaf(document)


def _values(message: Message) -> Iterator[str]:
    """For each value that a message carries, `typed`, `json` or `overflow`."""
    from strangler_protos.options import slot_of
    from strangler_protos.v1 import options_pb2

    for field, value in message.ListFields():
        if field.name == "strangler_overflow":
            yield from ["overflow"] * sum(_leaves(json.loads(item.json)) for item in value)
        elif field.message_type:
            for item in value if field.is_repeated else [value]:
                yield from _values(item)
        elif slot_of(field.GetOptions()) == options_pb2.SLOT_JSON:
            for item in value if field.is_repeated else [value]:
                yield from ["json"] * _leaves(json.loads(item))
        else:
            yield from ["typed"] * (len(value) if field.is_repeated else 1)


def _leaves(document: Any) -> int:
    """How many values a document has that are no containers; an empty container is one."""
    inner = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    return sum(map(_leaves, inner)) or 1


def _own(descriptor: Descriptor) -> list[FieldDescriptor]:
    return [field for field in descriptor.fields if field.number < 1000]


if __name__ == "__main__":
    main()
