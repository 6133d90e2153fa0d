import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.throttling import SimpleRateThrottle

from academy.learning.models import Learner


@pytest.fixture
def low_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", {"anon": "2/hour", "user": "3/hour"})
    monkeypatch.setattr(SimpleRateThrottle, "timer", lambda throttle: 1_000_000.0)


def statuses(client: Client, requests: int) -> list[int]:
    return [client.get("/api/v1/courses/").status_code for _ in range(requests)]


def test_anonymous_callers_are_told_when_to_come_back(client: Client, db: None, low_rates: None) -> None:
    assert statuses(client, 2) == [200, 200]
    response = client.get("/api/v1/courses/")
    assert (response.status_code, response["Retry-After"]) == (429, "3600")
    assert response.json() == {"detail": "Request was throttled. Expected available in 3600 seconds."}


def test_users_have_a_rate_of_their_own(
    client: Client, sign_in, low_rates: None, learner: Learner, visitor: User
) -> None:
    assert statuses(sign_in(learner.user), 4) == [200, 200, 200, 429]
    assert statuses(sign_in(visitor), 1) == [200]
    assert statuses(client, 1) == [200]


def test_all_endpoints_share_one_count(client: Client, low_rates: None, course, enrolment) -> None:
    assert client.get(f"/api/v1/courses/{course.pk}/").status_code == 200
    assert client.get(f"/api/v1/educators/{course.educator_id}/").status_code == 200
    assert client.get(f"/api/v1/courses/{course.pk}/lessons/").status_code == 429


def test_a_refused_permission_is_not_counted(client: Client, low_rates: None, enrolment) -> None:
    assert [client.get(f"/api/v1/enrolments/{enrolment.pk}/").status_code for _ in range(4)] == [401] * 4
    assert statuses(client, 1) == [200]


def test_the_token_endpoint_is_not_throttled(client: Client, db: None, low_rates: None) -> None:
    assert [client.post("/api/v1/token/").status_code for _ in range(4)] == [400] * 4
