import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from strangler_django.verb import UsageError, Verb
from strangler_protos.exit_codes import CHECK_FAILED
from strangler_services.databases import DATABASES, Unseen
from strangler_services.ledger import Ledger, LedgerError
from strangler_services.schema import Breakage, breakages, described


class CheckFailed(CommandError):
    """A service's statements do not go with this database."""

    def __init__(self, message: str) -> None:
        super().__init__(message, returncode=CHECK_FAILED)


class Command(Verb):
    help = (
        "Prepare each statement of services' query ledgers against this project's migrated database, and exit 65 where "
        "one is refused, answers with other columns or types, or is an INSERT that leaves out a required column. "
        "Nothing is run. See services/docs/schema.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("ledgers", metavar="LEDGER", nargs="+", type=Path, help="a service's queries.json")
        parser.add_argument("--database", metavar="ALIAS", default="default", help="as in DATABASES (%(default)s)")
        parser.add_argument(
            "--describe",
            action="store_true",
            help="write into the ledgers what this database says of their statements, instead of comparing it",
        )
        parser.add_argument("--format", choices=["text", "json"], default="text", help="of the output (%(default)s)")

    def handle(self, *_args: Any, **options: Any) -> None:
        connection = _connection(options["database"])
        try:
            ledgers = {path: Ledger.read(path) for path in options["ledgers"]}
            for ledger in ledgers.values():
                ledger.of(connection.vendor)
        except LedgerError as error:
            raise UsageError(str(error)) from error
        _refuse_pending(connection)
        try:
            if options["describe"]:
                self._describe(ledgers, connection)
            else:
                self._compare(ledgers, connection, options["format"])
        except (LedgerError, Unseen) as error:
            raise CheckFailed(str(error)) from error

    def _describe(self, ledgers: dict[Path, Ledger], connection: Any) -> None:
        for path, ledger in ledgers.items():
            sqls = [statement.sql for statement in ledger.of(connection.vendor)]
            found = described(sqls, connection.vendor, connection.connection)
            Ledger(service=ledger.service, statements={**ledger.statements, connection.vendor: found}).write(path)
            self.stdout.write(f"{path}: {len(found)} statements")

    def _compare(self, ledgers: dict[Path, Ledger], connection: Any, form: str) -> None:
        broken = {path: breakages(ledger, connection.vendor, connection.connection) for path, ledger in ledgers.items()}
        if form == "json":
            found = [_facts(path, ledger, connection.vendor, broken[path]) for path, ledger in ledgers.items()]
            self.stdout.write(json.dumps(found, indent=2))
        else:
            for path, ledger in ledgers.items():
                self.stdout.write("\n".join(_lines(path, ledger, connection.vendor, broken[path])))
        failed = [ledger.service for path, ledger in ledgers.items() if broken[path]]
        if failed:
            raise CheckFailed(f"this schema breaks {', '.join(failed)}")


def _connection(alias: str) -> Any:
    if alias not in connections.databases:
        raise UsageError(f"--database {alias}: DATABASES has {', '.join(sorted(connections.databases))}")
    connection = connections[alias]
    if connection.vendor not in DATABASES:
        raise UsageError(
            f"--database {alias}: a ledger is for {' or '.join(sorted(DATABASES))}, not {connection.vendor}"
        )
    connection.ensure_connection()
    if connection.vendor == "postgresql" and not hasattr(connection.connection, "pgconn"):
        raise UsageError(f"--database {alias}: statements are prepared with psycopg 3, which is not installed")
    return connection


def _refuse_pending(connection: Any) -> None:
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if pending:
        names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in pending)
        raise CheckFailed(f"the database {connection.alias!r} is not migrated: {names}; run manage.py migrate first")


def _facts(path: Path, ledger: Ledger, dialect: str, broken: Sequence[Breakage]) -> dict[str, Any]:
    statements = ledger.of(dialect)
    return {
        "ledger": str(path),
        "service": ledger.service,
        "dialect": dialect,
        "statements": len(statements),
        "broken": [
            {"statement": one.number, "message": one.message, "sql": statements[one.number - 1].sql} for one in broken
        ],
    }


def _lines(path: Path, ledger: Ledger, dialect: str, broken: Sequence[Breakage]) -> list[str]:
    statements = ledger.of(dialect)
    count = len({one.number for one in broken})
    lines = [f"{path}: {ledger.service}, {count} of {len(statements)} statements for {dialect} are broken"]
    if not broken:
        return [f"{path}: {ledger.service}, {len(statements)} statements for {dialect} are as the database has them"]
    for one in broken:
        lines.append(f"  statement {one.number}: {one.message}")
        lines.append(f"    {' '.join(statements[one.number - 1].sql.split())[:160]}")
    return lines
