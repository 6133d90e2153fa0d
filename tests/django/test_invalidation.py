# ruff: noqa: PLW0108  the rows that the writes name exist only once a test runs
import json
from collections.abc import Callable

import pytest
from django.db import transaction

from academy.catalog.models import Course, Educator, Lesson, Topic
from academy.learning.models import Learner, Review
from strangler_django.serializers import Cache, CachedModelSerializer, invalidate
from tests.django.conftest import (
    NOON,
    Redis,
    cached_list,
    commands_of,
    make_course,
    make_educator,
    plain_list,
    queries_of,
    reads_of,
)


@pytest.fixture
def warm(cached: Redis) -> Redis:
    """Two courses by two educators, with a lesson, a topic and a review; both bodies in Redis."""
    from django.contrib.auth.models import User

    first, second = make_course(title="First"), make_course(title="Second", educator=make_educator("Bo"))
    first.topics.add(Topic.objects.create(slug="maths", name="Mathematics"))
    second.topics.add(Topic.objects.create(slug="music", name="Music"))
    Lesson.objects.create(course=first, position=1, title="One", created_at=NOON)
    learner = Learner.objects.create(user=User.objects.create_user("ada"), display_name="Ada", joined_at=NOON)
    Review.objects.create(course=first, learner=learner, stars=5, created_at=NOON)
    cached_list()
    return cached


def first() -> Course:
    return Course.objects.get(title="First")


def second() -> Course:
    return Course.objects.get(title="Second")


def rename(model: type[Educator | Topic]) -> None:
    row = model.objects.first()
    row.name = "Renamed"
    row.save()


def move_lesson() -> None:
    lesson = Lesson.objects.get()
    lesson.course = second()
    lesson.save()


def move_course() -> None:
    course = first()
    course.educator = second().educator
    course.save()


WRITES: dict[str, Callable[[], object]] = {
    "a course is saved": lambda: Course(pk=first().pk, **_columns(title="New title")).save(),
    "a course is updated by save_base": lambda: _save(first(), title="Newer"),
    "some fields are saved": lambda: _save(first(), update_fields=["rating"], rating=4.5),
    "an educator is renamed": lambda: rename(Educator),
    "a topic is renamed": lambda: rename(Topic),
    "a course changes its educator": move_course,
    "a topic is added": lambda: first().topics.add(Topic.objects.create(slug="art", name="Art")),
    "a topic is removed": lambda: first().topics.remove(Topic.objects.get(slug="maths")),
    "topics are set": lambda: first().topics.set([Topic.objects.get(slug="music")]),
    "topics are cleared": lambda: first().topics.clear(),
    "a course is added to a topic": lambda: Topic.objects.get(slug="music").courses.add(first()),
    "a course is removed from a topic": lambda: Topic.objects.get(slug="maths").courses.remove(first()),
    "a topic is cleared": lambda: Topic.objects.get(slug="maths").courses.clear(),
    "a topic is deleted": lambda: Topic.objects.get(slug="maths").delete(),
    "a lesson is created": lambda: Lesson.objects.create(course=first(), position=2, title="Two", created_at=NOON),
    "a lesson moves to another course": move_lesson,
    "a lesson is deleted": lambda: Lesson.objects.get().delete(),
    "lessons are deleted at once": lambda: Lesson.objects.all().delete(),
    "a review is deleted": lambda: Review.objects.get().delete(),
    "a learner goes and their reviews with them": lambda: Learner.objects.get().delete(),
    "a user goes and all that is theirs": lambda: Learner.objects.get().user.delete(),
    "a course is deleted": lambda: first().delete(),
    "a course is created": make_course,
}  # fmt: skip


def _columns(**changed: object) -> dict[str, object]:
    course = first()
    columns = {field.attname: getattr(course, field.attname) for field in Course._meta.concrete_fields}
    del columns["id"]
    return columns | changed


def _save(course: Course, *, update_fields: list[str] | None = None, **changed: object) -> None:
    for name, value in changed.items():
        setattr(course, name, value)
    course.save(update_fields=update_fields)


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_a_write_is_seen_at_once(warm: Redis, write: Callable[[], object]) -> None:
    before = cached_list()
    write()
    after = cached_list()
    assert after == plain_list()
    assert after != before
    assert cached_list() == after
    # Keys only: no mark is left behind.
    assert queries_of(cached_list) == 1


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_a_write_is_seen_inside_its_transaction_and_gone_after_rollback(
    warm: Redis, write: Callable[[], object]
) -> None:
    before = cached_list()
    with transaction.atomic():
        write()
        assert cached_list() == plain_list() != before
        transaction.set_rollback(True)
    assert cached_list() == plain_list() == before


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_a_savepoint_that_is_rolled_back_leaves_nothing(warm: Redis, write: Callable[[], object]) -> None:
    with transaction.atomic():
        with transaction.atomic():
            write()
            transaction.set_rollback(True)
        rename(Educator)
    assert cached_list() == plain_list()
    assert cached_list() == plain_list()


def test_only_the_rows_that_changed_are_computed_again(warm: Redis) -> None:
    _save(second(), title="Second again")
    assert reads_of(cached_list).filled == 1
    assert commands_of(warm, cached_list) == {"mget": 1}


def test_a_rolled_back_write_leaves_no_mark_behind(warm: Redis) -> None:
    with transaction.atomic():
        _save(first(), title="Never")
        transaction.set_rollback(True)
    cached_list()
    assert queries_of(cached_list) == 1


def test_a_failed_save_leaves_no_mark_behind(warm: Redis) -> None:
    from django.db import IntegrityError

    with pytest.raises(IntegrityError):
        _save(first(), slug=second().slug)
    cached_list()
    assert queries_of(cached_list) == 1


def test_invalidate_follows_relations_for_updates_without_signals(warm: Redis) -> None:
    Educator.objects.update(name="All alike")
    invalidate(Educator, list(Educator.objects.values_list("pk", flat=True)))
    assert cached_list() == plain_list()
    Course.objects.update(title="One title")
    assert cached_list() != plain_list()
    invalidate(Course, [course.pk for course in Course.objects.all()])
    assert cached_list() == plain_list()


def test_invalidate_inside_a_transaction_counts_from_its_commit(warm: Redis) -> None:
    with transaction.atomic():
        Course.objects.update(title="One title")
        invalidate(Course, [course.pk for course in Course.objects.all()])
        assert cached_list() == plain_list()
    assert cached_list() == plain_list()


def test_nothing_is_stored_inside_a_transaction(cached: Redis) -> None:
    make_course()
    with transaction.atomic():
        assert commands_of(cached, cached_list) == {"mget": 1}
    assert "set" in commands_of(cached, cached_list)


class LessonsSerializer(CachedModelSerializer):
    class Meta:
        model = Course
        fields = ["id", "title", "lessons"]
        extra_kwargs = {"lessons": {"queryset": Lesson.objects.all()}}
        cache = Cache()


def test_a_save_that_moves_children_voids_both_parents(warm: Redis) -> None:
    def shown() -> bytes:
        return LessonsSerializer(Course.objects.all(), many=True).json()

    lesson = Lesson.objects.get()
    shown()
    shown()
    serializer = LessonsSerializer(second(), data={"title": "Second", "lessons": [lesson.pk]})
    serializer.is_valid(raise_exception=True)
    serializer.save()
    assert json.loads(shown()) == [
        {"id": first().pk, "title": "First", "lessons": []},
        {"id": second().pk, "title": "Second", "lessons": [lesson.pk]},
    ]
