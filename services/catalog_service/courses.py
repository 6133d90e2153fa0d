"""Courses and lessons: one query for the rows and one for each relation, however many rows there are."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select
from sqlalchemy.sql.expression import FromClause

from catalog_service.filters import LEVELS, ordered, restricted
from catalog_service.keys import primary_key
from catalog_service.pages import Page
from catalog_service.tables import courses, courses_topics, educators, enrolments, learners, lessons, reviews, topics
from catalog_service.texts import date_text, datetime_text, decimal_text, duration_text, uuid_text
from catalog_service.web import Web
from strangler_protos.v1.identity_pb2 import Identity
from strangler_services import drf_error

__all__ = ["course", "course_lessons", "course_page", "visible_course"]

COLUMNS = (*courses.c, educators.c.name.label("educator_name"), educators.c.photo.label("educator_photo"))


def course_page(connection: Connection, web: Web, identity: Identity) -> dict[str, Any]:
    """A page of the course list."""
    found = _visible(connection, web, identity)
    count = connection.execute(select(func.count()).select_from(found.subquery())).scalar_one()
    page = Page.of(web, count)
    rows = connection.execute(ordered(found, web.parameters).limit(page.size).offset(page.offset)).all()
    return {
        "count": count,
        "next": page.next(web),
        "previous": page.previous(web),
        "results": _documents(connection, rows, web, identity),
    }


def course(connection: Connection, pk: str, web: Web, identity: Identity) -> dict[str, Any]:
    """One course; the list's filters count here too, as DRF's get_object() applies them."""
    return _documents(connection, [visible_course(connection, pk, web, identity)], web, identity)[0]


def visible_course(connection: Connection, pk: str, web: Web, identity: Identity) -> Row[Any]:
    """The row of one course that the caller may see; `NotFound` or the filters' `ValidationError` otherwise."""
    found = _visible(connection, web, identity)
    row = connection.execute(found.where(courses.c.id == primary_key(pk, "Course"))).first()
    if row is None:
        raise drf_error("NotFound", "No Course matches the given query.")
    return row


def course_lessons(connection: Connection, pk: str, web: Web, identity: Identity) -> list[dict[str, Any]]:
    """The lessons of one course in their order."""
    row = visible_course(connection, pk, web, identity)
    found = select(lessons).where(lessons.c.course_id == row.id).order_by(lessons.c.position, lessons.c.id)
    return [
        {
            "id": lesson.id,
            "position": lesson.position,
            "title": lesson.title,
            "minutes": lesson.minutes,
            "video": web.file(lesson.video),
            "is_preview": lesson.is_preview,
            "created_at": datetime_text(lesson.created_at, web.timezone),
        }
        for lesson in connection.execute(found)
    ]


def _visible(connection: Connection, web: Web, identity: Identity) -> Select[Any]:
    query = select(*COLUMNS).join_from(courses, educators, educators.c.id == courses.c.educator_id)
    if not identity.is_staff:
        query = query.where(courses.c.is_published)
    return restricted(query, web.parameters, dialect=connection.dialect.name)


def _documents(connection: Connection, rows: Sequence[Row[Any]], web: Web, identity: Identity) -> list[dict[str, Any]]:
    ids = [row.id for row in rows]
    course_topics = _topics(connection, ids)
    lesson_counts = _counts(connection, lessons, ids)
    review_counts = _counts(connection, reviews, ids)
    enrolled = _enrolled(connection, ids, identity)
    return [
        {
            "id": row.id,
            "title": row.title,
            "slug": row.slug,
            "summary": row.summary,
            "level": row.level,
            "level_label": LEVELS.get(row.level, row.level),
            "language": row.language,
            "price": decimal_text(row.price),
            "rating": row.rating,
            "is_free": row.is_free,
            "published_at": datetime_text(row.published_at, web.timezone),
            "updated_at": datetime_text(row.updated_at, web.timezone),
            "starts_on": date_text(row.starts_on),
            "length": duration_text(row.length),
            "external_id": uuid_text(row.external_id),
            "syllabus": web.file(row.syllabus),
            "metadata": row.metadata,
            "educator": {"id": row.educator_id, "name": row.educator_name, "photo": web.file(row.educator_photo)},
            "topics": course_topics[row.id],
            "lesson_count": lesson_counts.get(row.id, 0),
            "review_count": review_counts.get(row.id, 0),
            "is_enrolled": row.id in enrolled,
        }
        for row in rows
    ]


def _topics(connection: Connection, ids: list[int]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    query = (
        select(courses_topics.c.course_id, topics.c.slug, topics.c.name)
        .join(topics, topics.c.id == courses_topics.c.topic_id)
        .where(courses_topics.c.course_id.in_(ids))
        .order_by(topics.c.slug)
    )
    for course_id, slug, name in connection.execute(query):
        found[course_id].append({"slug": slug, "name": name})
    return found


def _counts(connection: Connection, table: FromClause, ids: list[int]) -> dict[int, int]:
    query = select(table.c.course_id, func.count()).where(table.c.course_id.in_(ids)).group_by(table.c.course_id)
    return {key: count for key, count in connection.execute(query)}  # noqa: C416  a Row is no pair to mypy


def _enrolled(connection: Connection, ids: list[int], identity: Identity) -> set[int]:
    if not identity.subject:
        return set()
    query = (
        select(enrolments.c.course_id)
        .join(learners, learners.c.id == enrolments.c.learner_id)
        .where(enrolments.c.course_id.in_(ids), learners.c.user_id == int(identity.subject))
    )
    return set(connection.execute(query).scalars())
