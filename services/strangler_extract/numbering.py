"""Compare the numbers of a contract with those of its lock, and take a contract's numbers over."""

from collections.abc import Iterator

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto

from strangler_extract.lock import (
    LAST_NUMBER,
    KindChanged,
    Lock,
    Locked,
    LockedMessage,
    LockError,
    Tombstone,
    retire_missing,
)
from strangler_protos.options import slot_of
from strangler_protos.v1 import options_pb2

__all__ = ["adopted", "disagreements", "kind_of", "own_fields"]

# What is known of a number that a contract reserves and its lock never gave.
RESERVED = Tombstone("", "reserved")


def kind_of(field: FieldDescriptorProto) -> str:
    """The lock's word for what a field holds: `string`, `json`, `repeated message Course`, `entries LevelsEntry`."""
    repeated = field.label == FieldDescriptorProto.LABEL_REPEATED
    name = field.type_name.rpartition(".")[2]
    slot = slot_of(field.options)
    if slot == options_pb2.SLOT_OBJECT:
        return f"entries {name}"
    if slot == options_pb2.SLOT_JSON:
        return "json"
    kind = f"message {name}" if name else FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()
    return f"repeated {kind}" if repeated else kind


def own_fields(message: DescriptorProto) -> dict[str, FieldDescriptorProto]:
    """The fields by JSON key, in order, without those of the framework."""
    return {field.json_name: field for field in message.field if field.number <= LAST_NUMBER}


def adopted(lock: Lock, file: FileDescriptorProto) -> Lock:
    """The lock after a contract that was written by hand took its numbers.

    Raises `KindChanged`, and `LockError` where a field has another number than the lock, or a number of another.
    """
    for message in file.message_type:
        before = lock.messages.get(message.name, LockedMessage())
        fields = own_fields(message)
        after = before.without(key for key in before.fields if key not in fields)
        taken = {key: _taken(message.name, before, key, field) for key, field in fields.items()}
        unknown = {number: RESERVED for number in _reserved(message) if number not in before.given}
        lock = lock.with_message(message.name, LockedMessage(fields=taken, tombstones={**after.tombstones, **unknown}))
    return retire_missing(lock, [message.name for message in file.message_type])


def _taken(message: str, before: LockedMessage, key: str, field: FieldDescriptorProto) -> Locked:
    known, kind = before.fields.get(key), kind_of(field)
    if known and known.kind != kind:
        raise KindChanged(message, key, before=known.kind, after=kind)
    if known and known.number != field.number:
        raise LockError(f"{message}.{key} = {field.number} in the contract and {known.number} in the lock, which stays")
    was = before.given.get(field.number)
    if not known and was:
        raise LockError(
            f"{message}.{key} = {field.number} in the contract, and that number was given to {was.key!r} ({was.kind}); "
            f"the next one is {before.next}"
        )
    return Locked(number=field.number, kind=kind, name=field.name)


def disagreements(lock: Lock, file: FileDescriptorProto) -> Iterator[str]:
    """What the contract says differently than its lock, as `line:column: message`; nothing where they agree."""
    lines = {tuple(at.path): f"{at.span[0] + 1}:{at.span[1] + 1}" for at in file.source_code_info.location}
    for index, message in enumerate(file.message_type):
        at = lines.get((4, index), "1:1")
        locked = lock.messages.get(message.name)
        if locked is None:
            yield f"{at}: the lock has no message {message.name}"
            continue
        for place, field in enumerate(message.field):
            if field.number <= LAST_NUMBER:
                words = _difference(locked.fields.get(field.json_name), field)
                if words:
                    yield f"{lines.get((4, index, 2, place), at)}: {message.name}.{field.json_name} {words}"
        yield from (f"{at}: {words}" for words in _missing(message, locked))
    names = {message.name for message in file.message_type}
    for name, locked in sorted(lock.messages.items()):
        if name not in names and locked.fields:
            yield f"1:1: the contract has no message {name}, and the lock has fields of it"


def _difference(locked: Locked | None, field: FieldDescriptorProto) -> str:
    if locked is None:
        return f"= {field.number} is not in the lock"
    here, there = Locked(field.number, kind_of(field), field.name), locked
    if here == there:
        return ""
    return f"is {_words(here)} in the contract and {_words(there)} in the lock"


def _missing(message: DescriptorProto, locked: LockedMessage) -> Iterator[str]:
    fields, reserved = own_fields(message), set(_reserved(message))
    for key, field in locked.fields.items():
        if key not in fields:
            yield f"{message.name} has no field {key!r}, and the lock gives it {field.number}"
    for number, was in sorted(locked.tombstones.items()):
        if number not in reserved:
            yield f"{message.name} must reserve {number}, which was {was.key!r} ({was.kind})"
    for number in sorted(reserved - set(locked.given)):
        yield f"{message.name} reserves {number}, and the lock does not know it"


def _reserved(message: DescriptorProto) -> Iterator[int]:
    for span in message.reserved_range:
        yield from range(span.start, min(span.end, LAST_NUMBER + 1))


def _words(locked: Locked) -> str:
    return f"`{locked.kind} {locked.name} = {locked.number}`"
