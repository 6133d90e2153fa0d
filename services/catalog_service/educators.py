"""Educators."""

from typing import Any

from sqlalchemy import Connection, func, select

from catalog_service.keys import primary_key
from catalog_service.tables import courses, educators
from catalog_service.texts import datetime_text
from catalog_service.web import Web
from strangler_services import drf_error

__all__ = ["educator"]


def educator(connection: Connection, pk: str, web: Web) -> dict[str, Any]:
    """One educator, with the number of published courses by level."""
    key = primary_key(pk, "Educator")
    row = connection.execute(select(educators).where(educators.c.id == key)).first()
    if row is None:
        raise drf_error("NotFound", "No Educator matches the given query.")
    published = (courses.c.educator_id == key) & courses.c.is_published
    by_level = select(courses.c.level, func.count()).where(published).group_by(courses.c.level)
    rows = connection.execute(by_level.order_by(courses.c.level))
    levels: dict[str, int] = {level: count for level, count in rows}  # noqa: C416  a Row is no pair to mypy
    return {
        "id": row.id,
        "name": row.name,
        "bio": row.bio,
        "photo": web.file(row.photo),
        "website": row.website,
        "joined_at": datetime_text(row.joined_at, web.timezone),
        "course_count": sum(levels.values()),
        "levels": levels,
    }
