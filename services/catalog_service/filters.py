"""The filters of the course endpoints: what django-filter, SearchFilter and OrderingFilter make of the query."""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_

from catalog_service.characters import refused_characters
from catalog_service.tables import courses, courses_topics, topics
from strangler_services import drf_error, text

__all__ = ["LEVELS", "ordered", "restricted"]

LEVELS = {"beginner": "Beginner", "intermediate": "Intermediate", "advanced": "Advanced"}
ORDERINGS = {name: courses.c[name] for name in ("id", "price", "rating", "published_at")}
# What django.forms.NullBooleanSelect understands; anything else is no filter.
BOOLEANS = {"true": True, "True": True, "2": True, "false": False, "False": False, "3": False}
LARGEST_NUMBER = Decimal(10) ** 50
# django.utils.text.smart_split
WORDS = re.compile(r"""((?:[^\s'"]*(?:(?:"(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*')[^\s'"]*)+) | \S+)""", re.VERBOSE)


class _Invalid(Exception):
    def __init__(self, message: str, code: str, **named: str) -> None:
        super().__init__(message)
        self.detail = text(message, code=code, **named)


def restricted(query: Select[Any], parameters: Mapping[str, str], *, dialect: str) -> Select[Any]:
    """The query with all filters and the search; `ValidationError` for values that the monolith's forms refuse."""
    errors: dict[str, list[Any]] = {}
    for name, clean in FILTERS.items():
        try:
            query = clean(query, parameters.get(name, ""))
        except _Invalid as error:
            errors[name] = [error.detail]
    if errors:
        raise drf_error("ValidationError", errors)
    for term in _terms(parameters.get("search", "")):
        query = query.where(or_(*(_contains(column, term, dialect) for column in (courses.c.title, courses.c.summary))))
    return query


def ordered(query: Select[Any], parameters: Mapping[str, str]) -> Select[Any]:
    """The query in the order that was asked for; by id where nothing valid was."""
    terms = (term.strip() for term in parameters.get("ordering", "").split(","))
    columns = [
        column.desc() if term.startswith("-") else column.asc()
        for term in terms
        if (column := ORDERINGS.get(term.removeprefix("-"))) is not None
    ]
    return query.order_by(*(columns or [courses.c.id.asc()]))


def _level(query: Select[Any], value: str) -> Select[Any]:
    if not value:
        return query
    if value not in LEVELS:
        raise _Invalid(
            "Select a valid choice. %(value)s is not one of the available choices.", "invalid_choice", value=value
        )
    return query.where(courses.c.level == value)


def _text(column: ColumnElement[str]) -> Callable[[Select[Any], str], Select[Any]]:
    def clean(query: Select[Any], value: str) -> Select[Any]:
        stripped = _without_nulls(value).strip()
        return query.where(column == stripped) if stripped else query

    return clean


def _topic(query: Select[Any], value: str) -> Select[Any]:
    stripped = _without_nulls(value).strip()
    if not stripped:
        return query
    joined = query.join(courses_topics, courses_topics.c.course_id == courses.c.id)
    return joined.join(topics, topics.c.id == courses_topics.c.topic_id).where(topics.c.slug == stripped)


def _is_free(query: Select[Any], value: str) -> Select[Any]:
    wanted = BOOLEANS.get(value)
    return query if wanted is None else query.where(courses.c.is_free == wanted)


def _price(compare: Callable[[Any, Any], ColumnElement[bool]]) -> Callable[[Select[Any], str], Select[Any]]:
    def clean(query: Select[Any], value: str) -> Select[Any]:
        if not value:
            return query
        try:
            number = Decimal(value.strip())
        except InvalidOperation:
            raise _Invalid("Enter a number.", "invalid") from None
        if not number.is_finite():
            raise _Invalid("Enter a number.", "invalid")
        if number > LARGEST_NUMBER:
            raise _Invalid(
                "Ensure this value is less than or equal to %(limit_value)s.", "max_value", limit_value="1e+50"
            )
        return query.where(compare(courses.c.price, number))

    return clean


FILTERS: dict[str, Callable[[Select[Any], str], Select[Any]]] = {
    "level": _level,
    "language": _text(courses.c.language),
    "is_free": _is_free,
    "min_price": _price(lambda price, number: price >= number),
    "max_price": _price(lambda price, number: price <= number),
    "topic": _topic,
}


def _without_nulls(value: str) -> str:
    if "\0" in value:
        raise _Invalid("Null characters are not allowed.", "null_characters_not_allowed")
    return value


def _terms(value: str) -> Iterator[str]:
    if refused := refused_characters(value):
        raise drf_error("ValidationError", refused)
    for match in WORDS.finditer(value):
        term = match[0].strip(",")
        if term.startswith(('"', "'")) and term[0] == term[-1]:
            yield term[1:-1].replace(f"\\{term[0]}", term[0]).replace("\\\\", "\\")
        else:
            yield from (part.strip() for part in term.split(",") if part)


def _contains(column: ColumnElement[str], term: str, dialect: str) -> ColumnElement[bool]:
    escaped = term.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    if dialect == "postgresql":
        return func.upper(column).like(func.upper(f"%{escaped}%"))
    return column.like(f"%{escaped}%", escape="\\")
