from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client

from academy.catalog.models import Course, Topic
from academy.learning.models import Enrolment, Learner

COURSES = "/api/v1/courses/"


def titles(client: Client, query: str) -> list[str]:
    response = client.get(f"{COURSES}?{query}")
    assert response.status_code == 200, response.content
    return [course["title"] for course in response.json()["results"]]


def test_a_course_shows_its_fields_in_order(client: Client, course: Course) -> None:
    course.topics.create(slug="cooking", name="Cooking")
    course.lessons.create(position=1, title="Flour", created_at=course.updated_at)
    assert list(client.get(f"{COURSES}{course.pk}/").json().items()) == [
        ("id", course.pk),
        ("title", "Bread Baking"),
        ("slug", "bread-baking"),
        ("summary", ""),
        ("level", "beginner"),
        ("level_label", "Beginner"),
        ("language", "en"),
        ("price", "19.90"),
        ("rating", None),
        ("is_free", False),
        ("published_at", "2025-01-15T12:00:00Z"),
        ("updated_at", "2025-01-15T12:00:00Z"),
        ("starts_on", None),
        ("length", None),
        ("external_id", str(course.external_id)),
        ("syllabus", None),
        ("metadata", {}),
        ("educator", {"id": course.educator_id, "name": "Amina Adeyemi", "photo": None}),
        ("topics", [{"slug": "cooking", "name": "Cooking"}]),
        ("lesson_count", 1),
        ("review_count", 0),
        ("is_enrolled", False),
    ]


def test_a_list_holds_the_same_courses_as_their_details(client: Client, make_course) -> None:
    pks = [make_course().pk for _ in range(3)]
    listed = client.get(COURSES).json()["results"]
    assert listed == [client.get(f"{COURSES}{pk}/").json() for pk in pks]


def test_files_become_absolute_and_quoted_addresses(client: Client, make_course) -> None:
    course = make_course(syllabus="syllabi/week 1 übersicht.pdf")
    syllabus = client.get(f"{COURSES}{course.pk}/").json()["syllabus"]
    assert syllabus == "http://testserver/media/syllabi/week%201%20%C3%BCbersicht.pdf"


def test_is_enrolled_depends_on_who_asks(client, sign_in, enrolment: Enrolment, other_learner: Learner) -> None:
    address = f"{COURSES}{enrolment.course_id}/"
    clients = [sign_in(enrolment.learner.user), sign_in(other_learner.user), client]
    assert [client.get(address).json()["is_enrolled"] for client in clients] == [True, False, False]


def test_drafts_show_for_staff_only(
    client, sign_in, course: Course, draft: Course, staff: User, learner: Learner
) -> None:
    for outsider in (client, sign_in(learner.user)):
        assert titles(outsider, "") == ["Bread Baking"]
        assert outsider.get(f"{COURSES}{draft.pk}/").status_code == 404
        assert outsider.get(f"{COURSES}{draft.pk}/lessons/").status_code == 404
    assert titles(sign_in(staff), "") == ["Bread Baking", "Draft"]
    assert sign_in(staff).get(f"{COURSES}{draft.pk}/").status_code == 200
    assert sign_in(staff).get(f"{COURSES}{draft.pk}/lessons/").status_code == 200


@pytest.mark.parametrize("pk", ["999", "-1", "99999999999999999999999"])
def test_a_course_that_does_not_exist_is_not_found(client: Client, course: Course, pk: str) -> None:
    response = client.get(f"{COURSES}{pk}/")
    assert (response.status_code, response.json()) == (404, {"detail": "No Course matches the given query."})


def test_an_id_that_is_no_number_is_not_found_in_other_words(client: Client, course: Course) -> None:
    response = client.get(f"{COURSES}abc/")
    assert (response.status_code, response.json()) == (404, {"detail": "Not found."})


@pytest.mark.parametrize("pk", ["%20{}%20", "0{}", "+{}"])
def test_an_id_may_be_written_in_any_way_that_python_reads(client: Client, course: Course, pk: str) -> None:
    assert client.get(f"{COURSES}{pk.format(course.pk)}/").json()["id"] == course.pk


def test_an_address_without_its_slash_redirects(client: Client, course: Course) -> None:
    response = client.get(f"{COURSES}{course.pk}")
    assert (response.status_code, response["Location"]) == (301, f"{COURSES}{course.pk}/")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_courses_are_read_only(sign_in, course: Course, staff: User, method: str) -> None:
    for address in (COURSES, f"{COURSES}{course.pk}/", f"{COURSES}{course.pk}/lessons/"):
        response = getattr(sign_in(staff), method)(address)
        assert (response.status_code, response["Allow"]) == (405, "GET, HEAD, OPTIONS")


def test_a_write_without_credentials_is_unauthorized_before_it_is_not_allowed(client: Client, course: Course) -> None:
    assert client.post(COURSES).status_code == 401


def test_head_answers_like_get_without_a_body(client: Client, course: Course) -> None:
    head, get = client.head(f"{COURSES}{course.pk}/"), client.get(f"{COURSES}{course.pk}/")
    assert head.content == b""
    assert dict(head.headers) == dict(get.headers)


def test_options_describes_the_endpoint(client: Client, course: Course) -> None:
    description = client.options(COURSES).json()
    assert (description["name"], description["description"]) == (
        "Course List",
        "Published courses; staff also see drafts.",
    )


@pytest.mark.parametrize(("accept", "status"), [("application/json", 200), ("text/html", 200), ("text/csv", 406)])
def test_the_accept_header_chooses_the_renderer(client: Client, course: Course, accept: str, status: int) -> None:
    response = client.get(COURSES, headers={"Accept": accept})
    assert response.status_code == status
    assert response["Content-Type"].startswith(accept if status == 200 else "application/json")


def test_an_unknown_format_is_not_found(client: Client, course: Course) -> None:
    assert client.get(f"{COURSES}?format=xml").status_code == 404


@pytest.fixture
def shelf(make_course) -> None:
    art, law = Topic.objects.create(slug="art", name="Art"), Topic.objects.create(slug="law", name="Law")
    fields = {"summary": "Colour and 100% light", "price": Decimal("5.00"), "rating": 4.5}
    make_course(title="Oil", level="advanced", **fields).topics.add(art)
    make_course(title="Contracts", language="de", price=Decimal("50.00"), rating=3.0).topics.add(art, law)
    make_course(title="Free light", is_free=True, price=Decimal("0.00"), rating=4.9)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("level=advanced", ["Oil"]),
        ("language=de", ["Contracts"]),
        ("is_free=true", ["Free light"]),
        ("is_free=false", ["Oil", "Contracts"]),
        ("is_free=banana", ["Oil", "Contracts", "Free light"]),
        ("min_price=5", ["Oil", "Contracts"]),
        ("min_price=5.001", ["Contracts"]),
        ("max_price=5.00", ["Oil", "Free light"]),
        ("min_price=1&max_price=10", ["Oil"]),
        ("min_price=1e49", []),
        ("topic=art", ["Oil", "Contracts"]),
        ("topic=law&language=de", ["Contracts"]),
        ("topic=unknown", []),
        ("level=", ["Oil", "Contracts", "Free light"]),
        ("colour=red", ["Oil", "Contracts", "Free light"]),
        ("search=LIGHT", ["Oil", "Free light"]),
        ("search=light+colour", ["Oil"]),
        ("search=%22and+100%25%22", ["Oil"]),
        ("search=light&level=advanced", ["Oil"]),
        ("search=_", []),
        ("search=", ["Oil", "Contracts", "Free light"]),
        ("ordering=price", ["Free light", "Oil", "Contracts"]),
        ("ordering=-price", ["Contracts", "Oil", "Free light"]),
        ("ordering=-rating,id", ["Free light", "Oil", "Contracts"]),
        ("ordering=published_at,-id", ["Free light", "Contracts", "Oil"]),
        ("ordering=title", ["Oil", "Contracts", "Free light"]),
        ("ordering=educator__name", ["Oil", "Contracts", "Free light"]),
    ],
)
def test_query_parameters_choose_and_order_the_courses(
    client: Client, shelf: None, query: str, expected: list[str]
) -> None:
    assert titles(client, query) == expected


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("level=expert", {"level": ["Select a valid choice. expert is not one of the available choices."]}),
        ("min_price=cheap", {"min_price": ["Enter a number."]}),
        ("max_price=NaN", {"max_price": ["Enter a number."]}),
        ("max_price=1e400", {"max_price": ["Ensure this value is less than or equal to 1e+50."]}),
        ("topic=%00", {"topic": ["Null characters are not allowed."]}),
        ("search=%00", ["Null characters are not allowed."]),
        ("min_price=a&max_price=b", {"min_price": ["Enter a number."], "max_price": ["Enter a number."]}),
    ],
)
def test_a_query_parameter_that_makes_no_sense_is_a_bad_request(
    client: Client, shelf: None, query: str, errors: object
) -> None:
    response = client.get(f"{COURSES}?{query}")
    assert (response.status_code, response.json()) == (400, errors)


def test_pages_link_to_their_neighbours_and_keep_the_query(client: Client, make_course) -> None:
    for _ in range(5):
        make_course(language="de")
    first = client.get(f"{COURSES}?page_size=2&language=de").json()
    middle = client.get(first["next"]).json()
    last = client.get(middle["next"]).json()
    base = "http://testserver/api/v1/courses/?language=de"
    assert [first["count"], middle["count"], last["count"]] == [5, 5, 5]
    assert (first["previous"], first["next"]) == (None, f"{base}&page=2&page_size=2")
    assert (middle["previous"], middle["next"]) == (f"{base}&page_size=2", f"{base}&page=3&page_size=2")
    assert (last["previous"], last["next"]) == (f"{base}&page=2&page_size=2", None)
    assert [len(page["results"]) for page in (first, middle, last)] == [2, 2, 1]


def test_links_use_the_host_that_the_client_asked(client: Client, make_course) -> None:
    make_course(), make_course()
    body = client.get(f"{COURSES}?page_size=1", headers={"Host": "academy.example:8443"}, secure=True).json()
    assert body["next"] == "https://academy.example:8443/api/v1/courses/?page=2&page_size=1"


@pytest.mark.parametrize(("query", "size"), [("", 20), ("page_size=7", 7), ("page_size=1000", 100)])
def test_a_page_holds_at_most_a_hundred_courses(client: Client, make_course, query: str, size: int) -> None:
    for _ in range(101):
        make_course()
    assert len(titles(client, query)) == size


@pytest.mark.parametrize("size", ["0", "-1", "many", ""])
def test_a_page_size_that_makes_no_sense_is_ignored(client: Client, make_course, size: str) -> None:
    for _ in range(21):
        make_course()
    assert len(titles(client, f"page_size={size}")) == 20


@pytest.mark.parametrize("page", ["0", "-1", "2", "many", "99999999999999999999999"])
def test_a_page_that_does_not_exist_is_not_found(client: Client, course: Course, page: str) -> None:
    response = client.get(f"{COURSES}?page={page}")
    assert (response.status_code, response.json()) == (404, {"detail": "Invalid page."})


def test_the_last_page_has_a_name(client: Client, make_course) -> None:
    make_course(), make_course()
    assert titles(client, "page=last&page_size=1") == ["Course 2"]


def test_an_empty_list_is_a_page(client: Client, db: None) -> None:
    assert client.get(COURSES).json() == {"count": 0, "next": None, "previous": None, "results": []}


def test_lessons_come_in_their_order_as_a_plain_list(client: Client, course: Course) -> None:
    for position in (2, 0, 1):
        course.lessons.create(position=position, title=f"Lesson {position}", created_at=course.updated_at)
    lessons = client.get(f"{COURSES}{course.pk}/lessons/").json()
    assert [lesson["title"] for lesson in lessons] == ["Lesson 0", "Lesson 1", "Lesson 2"]
    assert lessons[0] == {
        "id": lessons[0]["id"],
        "position": 0,
        "title": "Lesson 0",
        "minutes": None,
        "video": None,
        "is_preview": False,
        "created_at": "2025-01-15T12:00:00Z",
    }


def test_a_course_without_lessons_has_an_empty_list(client: Client, course: Course) -> None:
    assert client.get(f"{COURSES}{course.pk}/lessons/").json() == []
