"""Collect the statements that SQLAlchemy sends, for a query ledger. Needs SQLAlchemy 2.

A service that uses something else writes down what it sends; services/docs/schema.md has the format.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.sql.compiler import SQLCompiler

from strangler_services.sql_text import STATEMENTS, verb

__all__ = ["record"]

# psycopg's placeholders; it doubles each other percent sign.
PLACEHOLDER = re.compile(r"%%|%(?:\((?P<name>[^)]*)\))?[sbt]")


@contextmanager
def record(*engines: Engine) -> Iterator[set[str]]:
    """Collect each distinct query and write of these engines, as the database reads them, while the block runs.

    An IN counts once, however many values it has, except for none; so does an INSERT of many rows.
    """
    found: set[str] = set()

    def collect(_connection: Any, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: bool) -> None:
        sql = _on_the_wire(_with_one_value(statement, context), context.dialect.paramstyle)
        if verb(sql) in STATEMENTS:
            found.add(sql)

    for engine in engines:
        event.listen(engine, "before_cursor_execute", collect)
    try:
        yield found
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", collect)


def _with_one_value(statement: str, context: Any) -> str:
    """The statement with one placeholder in each IN that has any."""
    compiled = context.compiled
    if not isinstance(compiled, SQLCompiler):
        return statement
    # By name, what an IN was expanded to in this execution; the compiled statement serves executions of all lengths.
    expanded = context._expanded_parameters
    if not expanded:
        return str(compiled)
    values = {name: _one_value(name, names) for name, names in expanded.items()}
    return str(compiled.construct_expanded_state(values, escape_names=False).statement)


def _one_value(name: str, names: Sequence[str]) -> list[Any]:
    """A list of one value, or of one tuple where names are `name_1_1`, `name_1_2`; the values are never sent."""
    if not names:
        return []
    return [(None,) * sum(one.startswith(f"{name}_1_") for one in names) or None]


def _on_the_wire(sql: str, paramstyle: str) -> str:
    """`$1` for `%(name)s`, as psycopg sends it."""
    if paramstyle not in {"pyformat", "format"}:
        return sql
    names: list[str] = []

    def number(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        if match["name"] is None or match["name"] not in names:
            names.append(match["name"])
            return f"${len(names)}"
        return f"${names.index(match['name']) + 1}"

    return PLACEHOLDER.sub(number, sql)
