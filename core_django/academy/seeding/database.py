from collections.abc import Iterable, Iterator
from itertools import chain, islice

from django.contrib.auth.models import User
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import F, Model
from rest_framework.authtoken.models import Token

from academy.catalog.models import Course, Educator, Lesson, Topic
from academy.learning.models import Enrolment, Learner, Review
from academy.seeding import accounts, catalog, learning
from academy.seeding.plan import BASE_DATE, Plan

BATCH = 5_000
MODELS = (User, Token, Topic, Educator, Course, Course.topics.through, Lesson, Learner, Enrolment, Review)


def is_migrated() -> bool:
    return {model._meta.db_table for model in MODELS} <= set(connection.introspection.table_names())


def count_rows() -> dict[type[Model], int]:
    return {model: model._base_manager.count() for model in MODELS}


@transaction.atomic
def fill(plan: Plan) -> None:
    """Writes the rows of `plan` into empty tables, or nothing."""
    for batch in batches(all_rows(plan)):
        type(batch[0])._base_manager.bulk_create(batch)
    Token.objects.update(created=BASE_DATE)  # its auto_now_add took the clock's time
    blank_to_null(Educator, "photo")
    blank_to_null(Course, "syllabus")
    blank_to_null(Lesson, "video")
    # Rows with ids of their own leave PostgreSQL's sequences behind.
    run(connection.ops.sequence_reset_sql(no_style(), MODELS))


@transaction.atomic
def refill(plan: Plan) -> None:
    """Replaces the academy's rows, and those of tables that refer to them, by the rows of `plan`."""
    tables = [model._meta.db_table for model in MODELS]
    run(connection.ops.sql_flush(no_style(), tables, reset_sequences=True, allow_cascade=True))
    fill(plan)


def all_rows(plan: Plan) -> Iterator[Iterable[Model]]:
    """One iterable per table, in an order that foreign keys allow."""
    yield accounts.users(plan)
    yield accounts.tokens(plan)
    yield catalog.topics()
    yield catalog.educators(plan)
    yield catalog.courses(plan)
    yield catalog.course_topics(plan)
    yield catalog.lessons(plan)
    yield accounts.learners(plan)
    yield learning.enrolments(plan)
    yield learning.reviews(plan)


def batches(tables: Iterable[Iterable[Model]]) -> Iterator[list[Model]]:
    for table in tables:
        rows = iter(table)
        for first in rows:
            yield list(chain([first], islice(rows, BATCH - 1)))


def blank_to_null(model: type[Model], field: str) -> None:
    """Makes half of the missing files NULL, which a FileField itself always writes as an empty text."""
    even = model._base_manager.annotate(parity=F("pk") % 2).filter(parity=0, **{field: ""})
    even.update(**{field: None})


def run(statements: Iterable[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
