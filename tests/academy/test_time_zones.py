from datetime import UTC, date, datetime

import pytest
from django.test import Client


@pytest.mark.parametrize(
    ("zone", "winter", "summer"),
    [
        ("Europe/Berlin", "2025-01-15T13:00:00+01:00", "2025-07-01T00:00:00.250000+02:00"),
        ("America/New_York", "2025-01-15T07:00:00-05:00", "2025-06-30T18:00:00.250000-04:00"),
        ("Asia/Kolkata", "2025-01-15T17:30:00+05:30", "2025-07-01T03:30:00.250000+05:30"),
        ("UTC", "2025-01-15T12:00:00Z", "2025-06-30T22:00:00.250000Z"),
        ("Mars/Olympus", "2025-01-15T12:00:00Z", "2025-06-30T22:00:00.250000Z"),
        ("../../etc/passwd", "2025-01-15T12:00:00Z", "2025-06-30T22:00:00.250000Z"),
        ("", "2025-01-15T12:00:00Z", "2025-06-30T22:00:00.250000Z"),
    ],
)
def test_times_are_in_the_zone_that_the_client_names(
    client: Client, make_course, zone: str, winter: str, summer: str
) -> None:
    course = make_course(
        published_at=datetime(2025, 1, 15, 12, tzinfo=UTC),
        updated_at=datetime(2025, 6, 30, 22, 0, 0, 250_000, tzinfo=UTC),
        starts_on=date(2025, 7, 1),
    )
    response = client.get(f"/api/v1/courses/{course.pk}/", headers={"Time-Zone": zone})
    body = response.json()
    assert (body["published_at"], body["updated_at"]) == (winter, summer)
    assert body["starts_on"] == "2025-07-01"
    assert "Time-Zone" in response["Vary"]


def test_the_zone_of_one_request_does_not_reach_the_next(client: Client, course) -> None:
    address = f"/api/v1/courses/{course.pk}/"
    before = client.get(address).content
    assert client.get(address, headers={"Time-Zone": "Asia/Tokyo"}).content != before
    assert client.get(address).content == before
