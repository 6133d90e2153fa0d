"""What a statement's text says before a database has read it."""

import re
from dataclasses import dataclass

__all__ = ["STATEMENTS", "Insert", "inserts", "verb", "with_nulls"]

STATEMENTS = frozenset({"SELECT", "WITH", "VALUES", "INSERT", "REPLACE", "UPDATE", "DELETE", "MERGE"})
# Literals and comments of both dialects, so that nothing in them is taken for SQL.
OPAQUE = r"[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$"
NAME = r'(?:"(?:[^"]|"")+"|`[^`]+`|\[[^\]]+\]|[^\W\d]\w*)'
LITERAL = re.compile(OPAQUE, re.DOTALL)
PARAMETER = re.compile(rf'{OPAQUE}|"(?:[^"]|"")+"|`[^`]+`|\[[^\]]+\]|(?P<parameter>\?\d*|[:@$]\w+)', re.DOTALL)
INSERT = re.compile(
    rf"\b(?:INSERT(?:\s+OR\s+\w+)?|REPLACE)\s+INTO\s+(?P<table>{NAME}(?:\s*\.\s*{NAME})?)(?:\s+AS\s+{NAME})?\s*"
    rf"(?:(?P<none>DEFAULT\s+VALUES)|\((?P<columns>\s*{NAME}(?:\s*,\s*{NAME})*\s*)\))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert:
    """An INSERT, on its own or in a WITH; `table` as it is written, `columns` in lower case, None where it has none."""

    table: str
    columns: frozenset[str] | None


def verb(sql: str) -> str:
    """The first word in capitals; comments and parentheses before it do not count."""
    found = re.match(r"[\s(]*(\w*)", LITERAL.sub(" ", sql))
    return found[1].upper() if found else ""


def inserts(sql: str) -> list[Insert]:
    """Each INSERT in a statement."""
    return [_insert(match) for match in INSERT.finditer(LITERAL.sub(" ", sql))]


def with_nulls(sql: str) -> tuple[str, int]:
    """The statement with NULL for each of SQLite's placeholders, and how many values it wants."""
    names: list[str] = []

    def null(match: re.Match[str]) -> str:
        name = match["parameter"]
        if name is None:
            return match[0]
        if name == "?" or name not in names:
            names.append(name)
        return "NULL"

    return PARAMETER.sub(null, sql), len(names)


def _insert(match: re.Match[str]) -> Insert:
    if match["none"]:
        return Insert(table=match["table"], columns=frozenset())
    if match["columns"] is None:
        return Insert(table=match["table"], columns=None)
    return Insert(table=match["table"], columns=frozenset(map(_plain, re.findall(NAME, match["columns"]))))


def _plain(name: str) -> str:
    return (name if name[0] not in '"`[' else name[1:-1].replace('""', '"')).lower()
