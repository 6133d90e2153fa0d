from django.contrib.auth.models import User
from django.test import Client

from academy.catalog.models import Educator


def test_an_educator_counts_published_courses_only(client: Client, sign_in, make_course, staff: User) -> None:
    for level in ("beginner", "advanced", "advanced"):
        course = make_course(level=level)
    make_course(is_published=False)
    expected = {
        "id": course.educator_id,
        "name": "Amina Adeyemi",
        "bio": "",
        "photo": None,
        "website": None,
        "joined_at": "2025-01-15T12:00:00Z",
        "course_count": 3,
        "levels": {"advanced": 2, "beginner": 1},
    }
    for reader in (client, sign_in(staff)):
        assert reader.get(f"/api/v1/educators/{course.educator_id}/").json() == expected


def test_an_educator_without_courses_has_no_levels(client: Client, educator: Educator) -> None:
    body = client.get(f"/api/v1/educators/{educator.pk}/").json()
    assert (body["course_count"], body["levels"]) == (0, {})


def test_a_website_may_be_missing_or_empty(client: Client, educator: Educator) -> None:
    educator.website = ""
    educator.save()
    assert client.get(f"/api/v1/educators/{educator.pk}/").json()["website"] == ""


def test_an_educator_that_does_not_exist_is_not_found(client: Client, db: None) -> None:
    response = client.get("/api/v1/educators/7/")
    assert (response.status_code, response.json()) == (404, {"detail": "No Educator matches the given query."})


def test_an_id_that_is_no_number_has_no_route(client: Client, educator: Educator) -> None:
    response = client.get("/api/v1/educators/abc/")
    assert (response.status_code, response["Content-Type"]) == (404, "text/html; charset=utf-8")


def test_educators_have_no_list(client: Client, educator: Educator) -> None:
    assert client.get("/api/v1/educators/").status_code == 404


def test_educators_are_read_only(sign_in, educator: Educator, staff: User) -> None:
    assert sign_in(staff).delete(f"/api/v1/educators/{educator.pk}/").status_code == 405
