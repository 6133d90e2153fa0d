"""Count a request's queries, each with its shape and the code that asked; no value of a query is kept."""

import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connections
from django.db.backends.signals import connection_created

from strangler_django.profiling.attribution import Asker, asker_of

__all__ = ["Query", "Recorder", "fingerprint", "recording"]

# What opens and closes transactions; the profile's own one changes their number.
OF_TRANSACTIONS = frozenset({"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET", "PRAGMA", "START"})
WRITES = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "CREATE", "DROP", "ALTER", "TRUNCATE"})
BEFORE = re.compile(r"(?:[\s(]|--[^\n]*(?:\n|$)|/\*.*?\*/)*", re.DOTALL)
COMMENT = r"--[^\n]*|/\*.*?\*/"
PLAIN = r"'(?:[^']|'')*'"
ESCAPED = r"'(?:[^'\\]|''|\\.)*'"
NUMBER = r"\b0[xX][0-9a-fA-F]+\b|(?<![\w$])\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b|(?<![\w)])\.\d+"
LITERALS = {
    "mysql": rf'{COMMENT}|\#[^\n]*|[xXbBnN]?{ESCAPED}|"(?:[^"\\]|""|\\.)*"|(?P<name>`[^`]*`)|{NUMBER}',
    "": (
        rf"{COMMENT}|\b[eE]{ESCAPED}|(?:\b(?:[xXbBnN]|[uU]&))?{PLAIN}|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$"
        rf'|(?P<name>"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\])|{NUMBER}'
    ),
}
COMPILED = {vendor: re.compile(pattern, re.DOTALL) for vendor, pattern in LITERALS.items()}
LIST = re.compile(r"\(\s*(?:\?(?:::\w+)?\s*,\s*)*\?(?:::\w+)?\s*\)")
IN_LIST = re.compile(r"\bIN\s*(\(\s*(?:%s(?:::\w+)?\s*,\s*)*%s(?:::\w+)?\s*\))", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One statement; `keys` is its longest list of values, `values` stands for its values and cannot be read back."""

    statement: str
    writes: bool
    keys: int
    values: int
    seconds: float
    asker: Asker
    list_path: str | None


def fingerprint(sql: str, vendor: str = "") -> str:
    """The statement without values: each is `?`, lists of them are `(…)`; comments are gone.

    What cannot be taken apart is cut off, for it may hold a value.
    """
    text = COMPILED["mysql" if vendor == "mysql" else ""].sub(_without_value, sql).replace("%s", "?")
    text = " ".join(text.split())
    if "'" in text:
        text = text.partition("'")[0] + "…"
    return LIST.sub("(…)", text)


def _without_value(match: re.Match[str]) -> str:
    if match["name"]:
        return match[0]
    return " " if match[0].startswith(("--", "/*", "#")) else "?"


class Recorder:
    """An `execute_wrapper` that keeps a Query for each statement; `list_path` says which list is being shown."""

    def __init__(self, list_path: Callable[[], str | None] = lambda: None) -> None:
        self.queries: list[Query] = []
        self.list_path = list_path

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        connection = context["connection"]
        text: str = sql.as_string(None) if hasattr(sql, "as_string") else str(sql)
        first = _first_word(text)
        if first in OF_TRANSACTIONS:
            return execute(sql, params, many, context)
        asker = asker_of(sys._getframe(1))
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.queries.append(
                Query(
                    statement=fingerprint(text, connection.vendor),
                    writes=first in WRITES,
                    keys=_keys(text, params),
                    values=hash((text, repr(params))),
                    seconds=time.perf_counter() - started,
                    asker=asker,
                    list_path=self.list_path(),
                )
            )


class Clock:
    """An `execute_wrapper` that only adds up the time; `seconds` and `count` of statements."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.count = 0

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.seconds += time.perf_counter() - started
            self.count += 1


@contextmanager
def recording(wrapper: Callable[..., Any]) -> Iterator[None]:
    """Every database's statements pass the wrapper: this thread's, and those of threads that connect meanwhile."""
    mine = threading.get_ident()

    def of_a_thread(connection: Any, **_kwargs: Any) -> None:
        if threading.get_ident() != mine:
            connection.execute_wrappers.append(wrapper)
            stack.callback(connection.execute_wrappers.remove, wrapper)

    with ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(wrapper))
        connection_created.connect(of_a_thread, weak=False)
        stack.callback(connection_created.disconnect, of_a_thread)
        yield


def _first_word(text: str) -> str:
    start = BEFORE.match(text)
    word = re.match(r"\w+", text[start.end() if start else 0 :])
    return word[0].upper() if word else ""


def _keys(text: str, params: Any) -> int:
    longest = max((found.count("%s") for found in IN_LIST.findall(text)), default=1)
    values = params.values() if isinstance(params, dict) else params or ()
    return max([longest, *(len(value) for value in values if isinstance(value, (list, tuple)))])
