"""The query ledger: each distinct statement that a service sends, in a file that is committed beside it.

The format is services/docs/schema.md's, and no language's.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from strangler_services.errors import SettingsError
from strangler_services.sql_text import STATEMENTS, verb

__all__ = ["Column", "Ledger", "LedgerError", "Statement"]


class LedgerError(SettingsError):
    """A ledger is missing, or not what it must be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a result; `type` is the database's word for it without length, None where it does not tell."""

    name: str
    type: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement as the database reads it, the types of its parameters, and the columns of its result.

    `columns` is None where the database does not tell without running it. `LedgerError` for what is no query or write.
    """

    sql: str
    parameters: tuple[str | None, ...] | None = None
    columns: tuple[Column, ...] | None = None

    def __post_init__(self) -> None:
        # Anything else might take effect while it is prepared.
        if verb(self.sql) not in STATEMENTS:
            raise LedgerError(f"{self.sql[:60]!r} begins with none of {', '.join(sorted(STATEMENTS))}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The statements of one service by dialect (`postgresql`, `sqlite`); their numbers count from 1."""

    service: str
    statements: Mapping[str, Sequence[Statement]]

    @classmethod
    def read(cls, path: Path) -> "Ledger":
        """The ledger in a file; `LedgerError` says what is wrong with it."""
        try:
            return _parse(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise LedgerError(f"{path} is not there; it lists the statements that the service sends") from None
        except OSError as error:
            raise LedgerError(f"{path} cannot be read: {error.strerror}") from error
        except (LedgerError, json.JSONDecodeError, UnicodeDecodeError) as error:
            raise LedgerError(f"{path} is no query ledger: {error}") from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise LedgerError(f"{path} is no query ledger; services/docs/schema.md has its format") from error

    def write(self, path: Path) -> None:
        """Keep it in a file, in an order of its own, with a line for each part of a statement."""
        blocks = ",\n".join(
            f"    {json.dumps(dialect)}: [\n" + ",\n".join(_lines(statements)) + "\n    ]"
            for dialect, statements in sorted(self.statements.items())
        )
        text = f'{{\n  "service": {json.dumps(self.service)},\n  "statements": {{\n{blocks}\n  }}\n}}\n'
        path.write_text(text, encoding="utf-8")

    def of(self, dialect: str) -> Sequence[Statement]:
        """The statements for one kind of database; `LedgerError` where there are none."""
        if not self.statements.get(dialect):
            known = ", ".join(sorted(self.statements)) or "no database"
            raise LedgerError(f"the query ledger of {self.service} is for {known}, not for {dialect}")
        return self.statements[dialect]


def _parse(data: Any) -> Ledger:
    statements = {
        dialect: tuple(_statement(one) for one in listed) for dialect, listed in dict(data["statements"]).items()
    }
    return Ledger(service=_text(data["service"]), statements=statements)


def _statement(data: Any) -> Statement:
    parameters, columns = data.get("parameters"), data.get("columns")
    return Statement(
        sql=_text(data["sql"]),
        parameters=None if parameters is None else tuple(map(_text_or_none, parameters)),
        columns=None
        if columns is None
        else tuple(Column(name=_text(name), type=_text_or_none(kind)) for name, kind in columns),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _text_or_none(value: Any) -> str | None:
    return None if value is None else _text(value)


def _lines(statements: Sequence[Statement]) -> Iterator[str]:
    for one in sorted(statements, key=lambda statement: statement.sql):
        said: dict[str, Any] = {"sql": one.sql}
        if one.parameters is not None:
            said["parameters"] = one.parameters
        if one.columns is not None:
            said["columns"] = [[column.name, column.type] for column in one.columns]
        parts = (f"        {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in said.items())
        yield "      {\n" + ",\n".join(parts) + "\n      }"
