"""The text of a lock file, and what can be wrong with one that people or git merged."""

import json
import re
from collections.abc import Iterator
from typing import Any

from strangler_extract.lock import LAST_NUMBER, Lock, Locked, LockedMessage, LockError, Tombstone

__all__ = ["compose", "parse"]

NEXT = "next"
LIVING, RETIRED = {"key", "kind", "name"}, {"key", "kind", "retired"}
AGAIN = "`git checkout --merge -- FILE` brings a merge's two sides back, and `strangler contract relock` joins them"


class _Pairs(list[tuple[str, Any]]):
    """A JSON object with the keys that it names twice."""


def compose(lock: Lock) -> str:
    """JSON with one line a number, so that a change of one field is a change of one line."""
    if not lock.messages:
        return "{}\n"
    blocks = (f"  {json.dumps(name)}: {_block(message)}" for name, message in sorted(lock.messages.items()))
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def parse(text: str, path: str) -> Lock:
    """The lock that a text says; `LockError` with `path:line` and what to do where it says what cannot be."""
    reader = _Reader(text, path)
    messages: dict[str, LockedMessage] = {}
    for name, entries in reader.document():
        if name in messages:
            raise reader.error(f"the message {name} is there twice", name, name)
        if not isinstance(entries, _Pairs):
            raise reader.error(f"the message {name} must be an object", name)
        messages[name] = reader.message(name, entries)
    return Lock(messages=messages)


def _block(message: LockedMessage) -> str:
    lines = [*_lines(message), f"    {json.dumps(NEXT)}: {message.next}"]
    return "{\n" + ",\n".join(lines) + "\n  }"


def _lines(message: LockedMessage) -> Iterator[str]:
    for number, was in message.given.items():
        said: dict[str, Any] = {"key": was.key, "kind": was.kind}
        if number in message.tombstones:
            said["retired"] = True
        else:
            said["name"] = message.fields[was.key].name
        yield f'    "{number}": {json.dumps(said)}'


class _Reader:
    """A text with its path, for errors."""

    def __init__(self, text: str, path: str) -> None:
        self.text, self.path = text, path

    def error(self, words: str, *places: str, line: int = 0) -> LockError:
        """What is wrong, at the line where these names follow one another."""
        position = 0
        for place in places:
            found = re.compile(re.escape(json.dumps(place)) + r"\s*:").search(self.text, position)
            position = found.end() if found else position
        return LockError(f"{self.path}:{line or self.text.count(chr(10), 0, position) + 1}: {words}; {AGAIN}")

    def document(self) -> _Pairs:
        """Everything, with names that are there twice."""
        for line, content in enumerate(self.text.split("\n"), start=1):
            if content.startswith(("<<<<<<<", "=======", ">>>>>>>", "|||||||")):
                raise self.error("git's conflict is not resolved", line=line)
        try:
            found = json.loads(self.text, object_pairs_hook=_Pairs)
        except json.JSONDecodeError as error:
            raise self.error(f"is not JSON ({error.msg})", line=error.lineno) from error
        if not isinstance(found, _Pairs):
            raise self.error("must be an object of messages", line=1)
        return found

    def message(self, name: str, entries: _Pairs) -> LockedMessage:
        """One message, whose numbers and keys are there once each."""
        fields: dict[str, Locked] = {}
        tombstones: dict[int, Tombstone] = {}
        if [spelled for spelled, _ in entries].count(NEXT) != 1:
            raise self.error(f"{name} must say its next number once", name, NEXT, NEXT)
        following = dict(entries)[NEXT]
        for spelled, entry in entries:
            if spelled == NEXT:
                continue
            number = self._number(name, spelled)
            if number in tombstones or any(locked.number == number for locked in fields.values()):
                raise self.error(f"{name} gives the number {number} twice", name, spelled, spelled)
            said = self._entry(name, spelled, entry)
            if "retired" in said:
                tombstones[number] = Tombstone(said["key"], said["kind"])
            elif said["key"] in fields:
                raise self.error(f"{name} has the key {said['key']!r} twice", name, spelled)
            else:
                fields[said["key"]] = Locked(number=number, kind=said["kind"], name=said["name"])
        message = LockedMessage(fields=fields, tombstones=tombstones)
        if following != message.next or isinstance(following, bool):
            words = f"{name} has given numbers up to {message.next - 1}, and its next is {following}"
            raise self.error(words, name, NEXT)
        return message

    def _number(self, name: str, spelled: str) -> int:
        if not re.fullmatch(r"[1-9][0-9]{0,2}", spelled):
            raise self.error(f"{name}: {spelled!r} is no number from 1 to {LAST_NUMBER}", name, spelled)
        return int(spelled)

    def _entry(self, name: str, spelled: str, entry: object) -> dict[str, Any]:
        said = dict(entry) if isinstance(entry, _Pairs) else {}
        texts = all(isinstance(said.get(word, ""), str) for word in LIVING)
        if not texts or set(said) not in (LIVING, RETIRED) or said.get("retired", True) is not True:
            words = f"{name}: {spelled} must say key, kind and name, or key, kind and retired: true"
            raise self.error(words, name, spelled)
        return said
