"""Reviews, written into the monolith's table so that its cached serializers show them at once."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Table, exists, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from catalog_service.characters import refused_characters
from catalog_service.tables import enrolments, journal, learners, reviews
from catalog_service.texts import datetime_text
from catalog_service.web import Web
from strangler_protos.v1.identity_pb2 import Identity
from strangler_services import ApplicationError, drf_error, text
from strangler_services.stamps import JournalRow, Row, StampWriter

__all__ = ["SHOWN_BY", "Reviews", "valid_review"]

SHOWN_BY = "catalog.course"
"""Label of the bodies that show a review of their course, as `strangler stamps learning.Review` lists it."""
# A dialect's own insert says what to do where the course has the learner's review already.
INSERTS: dict[str, Callable[[Table], postgresql.Insert | sqlite.Insert]] = {
    "postgresql": postgresql.insert,
    "sqlite": sqlite.insert,
}
LONGEST_NUMBER = 1000
LEAST_STARS, MOST_STARS = 1, 5
Errors = Sequence[Any]


class _Refused(Exception):
    def __init__(self, errors: Errors) -> None:
        super().__init__()
        self.errors = errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviews:
    """The monolith's reviews, through an engine that writes."""

    engine: Engine
    stamps: StampWriter

    def create(self, course_id: int, values: Mapping[str, Any], web: Web, identity: Identity) -> dict[str, Any]:
        """Store a review by its learner; `ValidationError` where they may write none, or have written theirs."""
        row = {"course_id": course_id, "created_at": datetime.now(UTC), **values}
        with self.stamps.writing(self.engine.begin, _keep) as write:
            row["learner_id"] = _learner(write.connection, course_id, identity)
            write.mark([Row(label=SHOWN_BY, pk=str(course_id))])
            pk = _insert(write.connection, row)
        created_at = datetime_text(row["created_at"], web.timezone)
        return {"id": pk, "stars": row["stars"], "text": row["text"], "created_at": created_at}


def valid_review(data: Any) -> dict[str, Any]:
    """Stars and text; `ValidationError` with the words of the monolith's serializer."""
    if data is None:
        raise _invalid({"non_field_errors": [text("%s", "No data provided", code="null")]})
    if not isinstance(data, Mapping):
        kind = type(data).__name__
        refusal = text("Invalid data. Expected a dictionary, but got {datatype}.", code="invalid", datatype=kind)
        raise _invalid({"non_field_errors": [refusal]})
    values: dict[str, Any] = {}
    errors: dict[str, Errors] = {}
    for name, clean in (("stars", _stars), ("text", _text)):
        try:
            values[name] = clean(data)
        except _Refused as refused:
            errors[name] = refused.errors
    if errors:
        raise _invalid(errors)
    return values


def _stars(data: Mapping[str, Any]) -> int:
    """`IntegerField(min_value=1, max_value=5)`."""
    if "stars" not in data:
        raise _Refused([text("This field is required.", code="required")])
    given = _not_null(data["stars"])
    if isinstance(given, str) and len(given) > LONGEST_NUMBER:
        raise _Refused([text("String value too large.", code="max_string_length")])
    try:
        stars = int(re.sub(r"\.0*\s*$", "", str(given)))
    except ValueError:
        raise _Refused([text("A valid integer is required.", code="invalid")]) from None
    if stars > MOST_STARS:
        message = "Ensure this value is less than or equal to {max_value}."
        raise _Refused([text(message, code="max_value", max_value=str(MOST_STARS))])
    if stars < LEAST_STARS:
        message = "Ensure this value is greater than or equal to {min_value}."
        raise _Refused([text(message, code="min_value", min_value=str(LEAST_STARS))])
    return stars


def _text(data: Mapping[str, Any]) -> str:
    """`CharField(required=False, allow_blank=True)`."""
    given = _not_null(data.get("text", ""))
    if isinstance(given, bool) or not isinstance(given, (str, int, float)):
        raise _Refused([text("Not a valid string.", code="invalid")])
    value = str(given).strip()
    if refused := refused_characters(value):
        raise _Refused(refused)
    return value


def _not_null(value: Any) -> Any:
    if value is None:
        raise _Refused([text("This field may not be null.", code="null")])
    return value


def _learner(connection: Connection, course_id: int, identity: Identity) -> int:
    found = select(learners.c.id).where(learners.c.user_id == int(identity.subject)).order_by(learners.c.id)
    learner_id: int | None = connection.execute(found.limit(1)).scalar()
    if learner_id is None or not _has(connection, enrolments, course_id, learner_id):
        raise _invalid({"non_field_errors": ["Only learners of this course may review it."]})
    if _has(connection, reviews, course_id, learner_id):
        raise _already_reviewed()
    return learner_id


def _has(connection: Connection, table: Table, course_id: int, learner_id: int) -> bool:
    of_both = exists().where(table.c.course_id == course_id, table.c.learner_id == learner_id)
    return bool(connection.execute(select(of_both)).scalar())


def _insert(connection: Connection, row: Mapping[str, Any]) -> int:
    # Who comes second waits for the first one's end.
    statement = INSERTS[connection.dialect.name](reviews).values(row)
    unless_there = statement.on_conflict_do_nothing(index_elements=[reviews.c.course_id, reviews.c.learner_id])
    pk: int | None = connection.execute(unless_there.returning(reviews.c.id)).scalar()
    if pk is None:
        raise _already_reviewed()
    return pk


def _keep(connection: Connection, rows: Sequence[JournalRow]) -> None:
    connection.execute(insert(journal), [asdict(row) for row in rows])


def _already_reviewed() -> ApplicationError:
    return _invalid({"non_field_errors": ["You have reviewed this course already."]})


def _invalid(errors: Mapping[str, Errors]) -> ApplicationError:
    return drf_error("ValidationError", errors)
