"""Calls that once showed a difference, kept in files and made again before any new ones."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

from strangler_protos.errors import StranglerError
from strangler_protos.identity import Caller
from strangler_router.conf import settings
from strangler_router.types import Call

__all__ = ["CorpusError", "corpus_folder", "keep", "kept_calls"]

LARGEST = 200


class CorpusError(StranglerError):
    """The corpus cannot be read or written."""


def kept_calls(endpoint: str) -> list[Call]:
    """The endpoint's calls, newest first; `CorpusError` names a file that cannot be read."""
    path = _path(endpoint)
    if not path.exists():
        return []
    try:
        return [_call(document) for document in json.loads(path.read_text())]
    except (OSError, AttributeError, TypeError, ValueError, KeyError) as error:
        raise CorpusError(f"{path} cannot be read ({error}); mend or remove it") from error


def keep(endpoint: str, calls: Iterable[Call]) -> None:
    """Add calls in front of the kept ones."""
    path = _path(endpoint)
    documents = [_document(call) for call in [*calls, *kept_calls(endpoint)]]
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


def _document(call: Call) -> dict[str, Any]:
    document = asdict(call)
    del document["body"]  # only safe calls are generated
    return document


def _call(document: dict[str, Any]) -> Call:
    caller = Caller(**{**document.pop("caller"), "scopes": ()})
    headers = tuple((name, value) for name, value in document.pop("headers"))
    return Call(**document, caller=caller, headers=headers)
