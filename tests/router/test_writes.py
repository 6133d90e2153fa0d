"""A write is sent to the service once, with its idempotency key, whatever comes back."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from rest_framework.test import APIClient

from academy.learning.models import Enrolment, Review
from strangler_router import flags
from strangler_router.policy import Flag, Rung, Stage
from tests.conftest import CATALOG
from tests.end_to_end.demo.processes import free_port

REVIEWS = "v1:course-reviews.post"
pytestmark = pytest.mark.parametrize("seeded_academy", ["sqlite_file"], indirect=True)


@pytest.fixture(scope="module")
def address(seeded_academy: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The lifted academy in a process of its own, which fails after it has stored a review of one or two stars."""
    address = f"127.0.0.1:{free_port()}"
    folder = tmp_path_factory.mktemp("host")
    environment = os.environ | {"ACADEMY_DATABASE": str(connection.settings_dict["NAME"]), "ACADEMY_STATE": str(folder)}
    line = [sys.executable, "-m", "tests.shadow.faulty_host", "1=crash,2=hang,4=echo", address]
    process = subprocess.Popen(line, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), 1):
            break
        time.sleep(0.05)
    yield address
    process.terminate()
    process.wait(20)


@pytest.fixture
def open_enrolment(academy: Any, address: str, settings: Any) -> Iterator[Enrolment]:
    """A learner's enrolment in a course without a review of theirs; reviews are posted to the service."""
    settings.STRANGLER = {
        **settings.STRANGLER,
        "TARGETS": {CATALOG: {**academy.targets, "lifted": address}},
        "RPC_TIMEOUT": 1.0,
    }
    flags.append(Flag(endpoint=REVIEWS, stage=Stage.SERVICE, rung=Rung.LIFTED), who="test", why="test")
    reviewed = {(review.course_id, review.learner_id) for review in Review.objects.all()}
    wanted = Enrolment.objects.filter(course__is_published=True, learner__user__is_active=True)
    found = next(one for one in wanted if (one.course_id, one.learner_id) not in reviewed)
    yield found
    Review.objects.filter(course=found.course, learner=found.learner).delete()
    flags.append(Flag(endpoint=REVIEWS), who="test", why="test")


def post(enrolment: Enrolment, stars: int, **headers: str) -> Any:
    client = APIClient()
    client.force_authenticate(User.objects.get(learner=enrolment.learner))
    path = f"/api/v1/courses/{enrolment.course_id}/reviews/"
    return client.post(path, {"stars": stars, "text": "once"}, format="json", headers=headers)


@pytest.mark.parametrize(("stars", "status"), [(1, 503), (2, 504)], ids=["it crashes", "it hangs"])
def test_a_service_that_fails_after_its_commit_is_not_asked_again_nor_is_the_monolith(open_enrolment, stars, status):
    response = post(open_enrolment, stars)
    assert (response.status_code, response.json()) == (status, {"detail": "The service does not answer."})
    time.sleep(0.5)
    rows = Review.objects.filter(course=open_enrolment.course, learner=open_enrolment.learner)
    assert [(row.stars, row.text) for row in rows] == [(stars, "once")]


def test_the_idempotency_key_reaches_the_view_in_the_service(open_enrolment):
    response = post(open_enrolment, 4, idempotency_key="4e2f1c9a")
    assert response.status_code == 201
    assert response.headers["Idempotency-Key"] == "4e2f1c9a"
