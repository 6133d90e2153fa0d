"""What the serializers compute, statement by statement as Django would, over the database within the process."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from tests.interleaving.database import Tables
from tests.interleaving.shapes import VALUES

__all__ = ["compute_bodies", "compute_part", "plain"]

Select = Callable[[Any], Tables]
"""Runs one statement; gives the tables as it sees them."""

_educator_name, _topics, _lesson_count = (VALUES[f"course.{name}"] for name in ("educator", "topics", "lesson_count"))
_minutes, _lessons, _taught = VALUES["course.minutes"], VALUES["course.lessons"], VALUES["educator.lesson_count"]


def compute_bodies(select: Select, kind: str, pks: Sequence[Any]) -> dict[Any, bytes]:
    """Stands where `computing.compute_bodies` loads rows and runs serializers; gives bytes of the same form."""
    return {pk: text.encode() + b"=" for pk, text in _TEXTS[kind](select, pks).items()}


def compute_part(select: Select, pks: Sequence[Any]) -> dict[Any, bytes]:
    """Stands where `computing.compute_part` does; there is one part, the minutes of a course."""
    tables = select("minutes of courses")
    return {pk: b"%d=" % _minutes(tables, pk) for pk in pks}


def plain(select: Select, kind: str, pks: Sequence[Any]) -> list[dict[str, Any]]:
    """What a read shows that goes past the cache."""
    if kind != "page":
        return [json.loads(text) for text in _TEXTS[kind](select, pks).values()]
    rows = _rows(select, "course", pks)
    every = select("lessons of courses")["lesson"].values()
    educators = _educators(select, list({row["educator_id"] for row in rows.values()}))
    tables = select("minutes of courses")
    return [
        {
            "id": pk,
            "title": row["title"],
            "minutes": _minutes(tables, pk),
            "educator": json.loads(educators[row["educator_id"]]),
            "lessons": [lesson for lesson in every if lesson["course_id"] == pk],
        }
        for pk, row in rows.items()
    ]


def _rows(select: Select, table: str, pks: Sequence[Any]) -> dict[Any, Any]:
    found = select(f"{table}s")[table]
    return {pk: found[pk] for pk in pks if pk in found}


def _cards(select: Select, pks: Sequence[Any]) -> dict[Any, str]:
    joined = select("courses with educators")
    topics = select("topics of courses")
    lessons = select("lessons of courses")
    return {
        pk: f'{{"id":{pk},"title":"{joined["course"][pk]["title"]}","educator":"{_educator_name(joined, pk)}",'
        f'"topics":{json.dumps(_topics(topics, pk))},'
        f'"lesson_count":{_lesson_count(lessons, pk)}}}'
        for pk in pks
        if pk in joined["course"]
    }


def _pages(select: Select, pks: Sequence[Any]) -> dict[Any, str]:
    rows = _rows(select, "course", pks)
    lessons = select("lessons of courses")
    return {
        pk: f'{{"id":{pk},"title":"{row["title"]}","minutes":\0,"educator":\0,"lessons":\0}}'
        f"\1{json.dumps([str(row['educator_id']), list(map(str, _lessons(lessons, pk)))])}"
        for pk, row in rows.items()
    }


def _educators(select: Select, pks: Sequence[Any]) -> dict[Any, str]:
    rows = _rows(select, "educator", pks)
    counted = select("lessons of educators")
    return {
        pk: f'{{"id":{pk},"name":"{row["name"]}","lesson_count":{_taught(counted, pk)}}}' for pk, row in rows.items()
    }


def _lines(select: Select, pks: Sequence[Any]) -> dict[Any, str]:
    return {pk: f'{{"id":{pk},"title":"{row["title"]}"}}' for pk, row in _rows(select, "lesson", pks).items()}


_TEXTS = {"card": _cards, "page": _pages, "educator": _educators, "line": _lines}
