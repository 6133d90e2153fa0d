import json

import pytest
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.test import Client
from rest_framework.utils.serializer_helpers import ReturnDict, ReturnList

from academy.catalog.models import Course, Lesson, Topic
from academy.catalog.serializers import CourseSerializer
from academy.learning.models import Enrolment, Learner
from strangler_django.serializers import CachedResponse
from tests.bench.naive import NaiveCourseSerializer
from tests.django.conftest import (
    NOON,
    Redis,
    cached_list,
    commands_of,
    context_of,
    is_filled,
    make_course,
    plain_list,
    queries_of,
    reads_of,
)


def learner(name: str) -> User:
    user = User.objects.create_user(name)
    Learner.objects.create(user=user, display_name=name, joined_at=NOON)
    return user


def enrol(user: User, course: Course) -> None:
    Enrolment.objects.create(course=course, learner=user.learner, progress=0, enrolled_at=NOON)


def furnish(count: int) -> None:
    for _ in range(count):
        course = make_course()
        course.topics.add(Topic.objects.create(slug=f"topic-{course.pk}", name="Topic"))
        Lesson.objects.create(course=course, position=1, title="One", created_at=NOON)


def test_a_list_of_100_runs_the_queries_of_a_list_of_1(cached: Redis) -> None:
    user = learner("ada")
    furnish(1)
    cold_one = queries_of(lambda: cached_list(user))
    warm_one = queries_of(lambda: cached_list(user))
    furnish(99)
    Course.objects.first().save()
    cached.client.flushall()
    cold_all = queries_of(lambda: cached_list(user))
    warm_all = queries_of(lambda: cached_list(user))
    # Cold: keys, rows with educators, topics, two counts, enrolments. Warm: keys and enrolments.
    assert (cold_one, warm_one) == (cold_all, warm_all) == (6, 2)


def test_a_warm_list_is_one_round_trip(cached: Redis) -> None:
    furnish(100)
    cached_list()
    assert commands_of(cached, cached_list) == {"mget": 1}


def test_cold_warm_and_plain_bytes_are_equal(cached: Redis) -> None:
    furnish(3)
    make_course(title="Ünïcode \u2028 </script> \"'", metadata={"a": [1, 2.5, None, {"b": True}]}, price="1000000.10")
    assert cached_list() == plain_list()
    assert is_filled(cached)
    assert cached_list() == plain_list()


def test_an_empty_list_is_an_empty_array(cached: Redis) -> None:
    assert cached_list() == b"[]"


def test_the_list_keeps_the_queryset_s_order(cached: Redis) -> None:
    furnish(5)
    for ordering in ("-id", "slug", "-slug", "?"):
        queryset = Course.objects.order_by(ordering)
        listed = json.loads(CourseSerializer(queryset, many=True, context=context_of()).json())
        if ordering != "?":
            assert [course["id"] for course in listed] == [course.pk for course in queryset]


def test_details_share_the_bodies_of_lists(cached: Redis, client: Client) -> None:
    furnish(1)
    client.get("/api/v1/courses/")
    course = Course.objects.get()
    sent = commands_of(cached, lambda: client.get(f"/api/v1/courses/{course.pk}/"))
    assert sent == {"mget": 1}


def test_data_has_drf_s_own_types_and_values_cold_and_warm(cached: Redis) -> None:
    furnish(2)
    plain = NaiveCourseSerializer(Course.objects.all(), many=True, context=context_of()).data
    for _ in ("cold", "warm"):
        data = CourseSerializer(Course.objects.all(), many=True, context=context_of()).data
        assert type(data) is ReturnList
        assert data == plain
        assert repr(data) == repr(plain)
    single = CourseSerializer(Course.objects.first(), context=context_of()).data
    assert type(single) is ReturnDict
    assert repr(single) == repr(plain[0])


def test_an_instance_in_hand_is_shown_as_it_is(cached: Redis) -> None:
    course = make_course(title="Stored")
    cached_list()
    course.title = "Not saved"
    assert CourseSerializer(course, context=context_of()).data["title"] == "Not saved"
    assert CourseSerializer([course], many=True, context=context_of()).data[0]["title"] == "Not saved"


def test_an_unsaved_instance_takes_drf_s_own_path(cached: Redis) -> None:
    course = make_course()
    unsaved = Course(title="New", slug="new", level="beginner", updated_at=NOON, educator=course.educator)
    with pytest.raises(ValueError, match="needs to have a value"):
        NaiveCourseSerializer(unsaved, context=context_of()).data  # noqa: B018  Django refuses topics without a key
    fields = CourseSerializer(unsaved, context=context_of()).fields
    assert fields["lesson_count"].get_attribute(unsaved) == 0


def test_learners_do_not_see_each_other_s_enrolments(cached: Redis, client: Client) -> None:
    ada, grace = learner("ada"), learner("grace")
    course = make_course()
    enrol(ada, course)
    seen = []
    for user in (ada, grace, ada, None):
        client.logout()
        if user:
            client.force_login(user)
        [listed] = client.get("/api/v1/courses/").json()["results"]
        detail = client.get(f"/api/v1/courses/{course.pk}/").json()
        assert detail == listed
        seen.append(listed["is_enrolled"])
    assert seen == [True, False, True, False]


def test_filters_search_ordering_and_pages_still_work(cached: Redis, client: Client) -> None:
    for number in range(25):
        make_course(title=f"Number {number:02}", price=number, level="advanced" if number % 2 else "beginner")
    for query in (
        "", "?page=2", "?page_size=3&page=4", "?search=Number+07", "?ordering=-price", "?level=advanced&ordering=price",
        "?min_price=20&ordering=-id", "?topic=none",
    ):  # fmt: skip
        cold, warm = client.get(f"/api/v1/courses/{query}"), client.get(f"/api/v1/courses/{query}")
        assert type(warm) is CachedResponse
        assert cold.content == warm.content
        assert list(warm.json()) == ["count", "next", "previous", "results"]
    titles = [course["title"] for course in client.get("/api/v1/courses/?ordering=-price&page=2").json()["results"]]
    assert titles == ["Number 04", "Number 03", "Number 02", "Number 01", "Number 00"]
    assert client.get("/api/v1/courses/?page=9").status_code == 404


def test_a_warm_page_runs_the_count_the_keys_and_the_fresh_field(cached: Redis, client: Client) -> None:
    furnish(20)
    client.get("/api/v1/courses/")
    assert queries_of(lambda: client.get("/api/v1/courses/")) == 2
    client.force_login(learner("ada"))
    # Session and user come on top.
    assert queries_of(lambda: client.get("/api/v1/courses/")) == 3 + 2


def test_drafts_stay_hidden_from_learners(cached: Redis, client: Client) -> None:
    draft = make_course(is_published=False)
    staff = User.objects.create_user("staff", is_staff=True)
    client.force_login(staff)
    assert client.get(f"/api/v1/courses/{draft.pk}/").status_code == 200
    client.logout()
    assert client.get(f"/api/v1/courses/{draft.pk}/").status_code == 404
    assert client.get("/api/v1/courses/").json()["results"] == []


def test_without_redis_settings_nothing_is_cached(transactional_db: None) -> None:
    furnish(100)
    assert cached_list() == plain_list()
    # Rows, educators and topics one by one as the queryset says; the batched fields once.
    assert (
        queries_of(
            lambda: (
                CourseSerializer(
                    Course.objects.select_related("educator").prefetch_related("topics"),
                    many=True,
                    context=context_of(),
                ).data
            )
        )
        == 4
    )


def test_annotated_and_filtered_querysets_are_not_answered_from_the_cache(cached: Redis) -> None:
    from django.db.models import Prefetch, Value

    furnish(2)
    cached_list()
    nothing = Topic.objects.none()
    filtered = Course.objects.prefetch_related(Prefetch("topics", queryset=nothing))
    assert json.loads(CourseSerializer(filtered, many=True, context=context_of()).json())[0]["topics"] == []
    annotated = Course.objects.annotate(note=Value(1))
    assert commands_of(cached, lambda: CourseSerializer(annotated, many=True, context=context_of()).json()) == {}
    assert cached_list() == plain_list()


def test_rows_of_another_database_are_not_answered_from_this_one_s_bodies(postgres: str) -> None:
    make_course(title="Here")
    Course.objects.using("default").all().delete()
    cached_list()
    named = Course.objects.using("default").all
    assert CourseSerializer(named(), many=True, context=context_of()).json() == b"[]"
    assert reads_of(lambda: CourseSerializer(named(), many=True, context=context_of()).json()).bypass == "database"


def test_a_queryset_that_makes_rows_in_its_own_way_takes_drf_s_path(cached: Redis) -> None:
    class Shouting(QuerySet):
        def _fetch_all(self) -> None:
            super()._fetch_all()
            for course in self._result_cache or ():
                course.title = course.title.upper()

    make_course(title="One")
    shown = json.loads(CourseSerializer(Shouting(Course), many=True, context=context_of()).json())
    assert shown[0]["title"] == "ONE"
