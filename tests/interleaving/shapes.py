"""What responses show, as functions of the tables that they are made from."""

from collections.abc import Callable, Iterator
from typing import Any

from tests.interleaving.database import Tables

__all__ = ["ROOTS", "VALUES", "Value", "values_of"]

Value = tuple[str, Any, Any]
"""Name, primary key of the row that shows it, what it shows."""

ROOTS = {"card": "course", "page": "course", "educator": "educator"}
"""What is read, to the table whose rows it shows."""


def values_of(kind: str, shown: dict[str, Any]) -> Iterator[Value]:
    """The values in one object of a response."""
    pk = shown["id"]
    if kind == "card":
        yield "course.title", pk, shown["title"]
        yield "course.educator", pk, shown["educator"]
        yield "course.topics", pk, sorted(shown["topics"])
        yield "course.lesson_count", pk, shown["lesson_count"]
    elif kind == "page":
        yield "course.title", pk, shown["title"]
        yield "course.minutes", pk, shown["minutes"]
        yield "course.educator_id", pk, shown["educator"]["id"]
        yield "course.lessons", pk, sorted(lesson["id"] for lesson in shown["lessons"])
        yield from values_of("educator", shown["educator"])
        for lesson in shown["lessons"]:
            yield "lesson.title", lesson["id"], lesson["title"]
    else:
        yield "educator.name", pk, shown["name"]
        yield "educator.lesson_count", pk, shown["lesson_count"]


def _column(table: str, column: str) -> Callable[[Tables, Any], Any]:
    def value(tables: Tables, pk: Any) -> Any:
        row = tables[table].get(pk)
        return row and row[column]

    return value


def _lessons(tables: Tables, course: Any) -> list[Any]:
    return [lesson for lesson in tables["lesson"].values() if lesson["course_id"] == course]


def _educator(tables: Tables, pk: Any) -> Any:
    course = tables["course"].get(pk)
    return course and tables["educator"][course["educator_id"]]["name"]


def _topics(tables: Tables, pk: Any) -> Any:
    topics = {link["topic_id"] for link in tables["link"].values() if link["course_id"] == pk}
    return sorted([topic["name"] for topic in tables["topic"].values() if topic["id"] in topics])


def _taught(tables: Tables, pk: Any) -> Any:
    courses = {course["id"] for course in tables["course"].values() if course["educator_id"] == pk}
    return len([lesson for lesson in tables["lesson"].values() if lesson["course_id"] in courses])


VALUES: dict[str, Callable[[Tables, Any], Any]] = {
    "course.title": _column("course", "title"),
    "course.educator": _educator,
    "course.educator_id": _column("course", "educator_id"),
    "course.topics": _topics,
    "course.lesson_count": lambda tables, pk: len(_lessons(tables, pk)),
    "course.minutes": lambda tables, pk: sum([lesson["minutes"] for lesson in _lessons(tables, pk)]),
    "course.lessons": lambda tables, pk: sorted([lesson["id"] for lesson in _lessons(tables, pk)]),
    "lesson.title": _column("lesson", "title"),
    "educator.name": _column("educator", "name"),
    "educator.lesson_count": _taught,
}
"""Each value that a response shows, of the tables and a row's primary key; a column is None without the row."""
