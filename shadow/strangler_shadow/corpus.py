"""Calls that once showed a difference, kept in files and made again before any new ones."""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from strangler_protos.errors import StranglerError
from strangler_protos.identity import Caller
from strangler_router.conf import settings
from strangler_router.types import Call

__all__ = [
    "CorpusError",
    "call_of",
    "corpus_folder",
    "document_of",
    "keep",
    "keep_sequence",
    "kept_calls",
    "kept_sequences",
]

LARGEST = 200


class CorpusError(StranglerError):
    """The corpus cannot be read or written."""


def kept_calls(endpoint: str) -> list[Call]:
    """The endpoint's calls, newest first; `CorpusError` names a file that cannot be read."""
    return _read(endpoint, call_of)


def kept_sequences(endpoint: str) -> list[tuple[Call, ...]]:
    """Sequences of an endpoint that writes, newest first, each to be made on rows as they are; raises `CorpusError`."""
    return _read(endpoint, lambda documents: tuple(map(call_of, documents)))


def keep(endpoint: str, calls: Iterable[Call]) -> None:
    """Add calls in front of the kept ones."""
    _write(endpoint, [document_of(call) for call in [*calls, *kept_calls(endpoint)]])


def keep_sequence(endpoint: str, calls: Iterable[Call]) -> None:
    """Add a sequence of calls in front of the kept ones."""
    _write(endpoint, [list(map(document_of, sequence)) for sequence in [calls, *kept_sequences(endpoint)]])


Kept = TypeVar("Kept")


def _read(endpoint: str, made: Callable[[Any], Kept]) -> list[Kept]:
    path = _path(endpoint)
    if not path.exists():
        return []
    try:
        return [made(document) for document in json.loads(path.read_text())]
    except (OSError, AttributeError, TypeError, ValueError, KeyError) as error:
        raise CorpusError(f"{path} cannot be read ({error}); mend or remove it") from error


def _write(endpoint: str, documents: list[Any]) -> None:
    path = _path(endpoint)
    unique = list({json.dumps(document, sort_keys=True): document for document in documents}.values())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(unique[:LARGEST], indent=1))
    except OSError as error:
        raise CorpusError(f"{path} cannot be written ({error.strerror})") from error


def corpus_folder() -> Path:
    """Where the calls are kept: `STRANGLER["SHADOW"]["CORPUS"]`."""
    return Path(settings().shadow.get("CORPUS", ".strangler/corpus"))


def _path(endpoint: str) -> Path:
    return corpus_folder() / f"{quote(endpoint, safe='.')}.json"


def document_of(call: Call) -> dict[str, Any]:
    """The call as JSON, which `call_of` reads."""
    document = asdict(call)
    # Latin-1 gives each byte a character; a body here was generated, never a user's.
    if body := document.pop("body"):
        document["body"] = body.decode("latin-1")
    return document


def call_of(document: dict[str, Any]) -> Call:
    """The call of a document. Raises what a document of another kind raises: KeyError, TypeError, ValueError."""
    caller = Caller(**{**document.pop("caller"), "scopes": ()})
    headers = tuple((name, value) for name, value in document.pop("headers"))
    body = document.pop("body", "").encode("latin-1")
    return Call(**document, caller=caller, headers=headers, body=body)
