"""A service that was built from an older contract than the monolith's: it refuses unread, and the monolith answers."""

import logging
import os
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from academy.learning.models import Review
from strangler_router import flags
from strangler_router.policy import Flag, Rung, Stage
from tests.conftest import CATALOG
from tests.end_to_end.test_service_writes import (  # noqa: F401  fixtures
    address,
    catalog_service,
    enrolments,
    review,
    server,
    service,
    valkey,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def older(tmp_path_factory):
    """Stubs of a contract without Course.is_enrolled and Review.stars."""
    folder = tmp_path_factory.mktemp("older")
    shutil.copytree(ROOT / "protos/banyan", folder / "banyan")
    proto = folder / "banyan/catalog/v1/catalog.proto"
    lines = proto.read_text().splitlines()
    kept = [line for line in lines if " bool is_enrolled = " not in line and " int64 stars = " not in line]
    assert len(lines) - len(kept) == 2
    proto.write_text("\n".join(kept))
    subprocess.run(
        [sys.executable, "-m", "strangler_protos", "generate", "--root", str(folder), "--output", str(folder / "gen"),
         "--package", "banyan"],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder / "gen"


@pytest.fixture
def older_service(service, seeded_academy, server, older, settings, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(older), os.environ.get("PYTHONPATH", "")]))
    with catalog_service(seeded_academy.url, server.url, tmp_path) as found:
        targets = {CATALOG: {**settings.STRANGLER["TARGETS"][CATALOG], "native": found}}
        settings.STRANGLER = {**settings.STRANGLER, "TARGETS": targets}
        yield
        # The database is the other tests' too.
        for endpoint in ("v1:course-list.get", "v1:course-lessons.get"):
            flags.append(Flag(endpoint=endpoint), who="test", why="over")


def test_a_read_falls_back_and_says_what_is_missing(older_service, caplog):
    flags.append(Flag(endpoint="v1:course-list.get", stage=Stage.SERVICE, rung=Rung.NATIVE), who="test", why="test")
    with caplog.at_level(logging.WARNING, "strangler_router"):
        response = Client().get("/api/v1/courses/")
    assert response.status_code == 200
    assert "is_enrolled" in response.json()["results"][0]
    assert response.wsgi_request.strangler_pin.fell_back
    assert "falls back to the monolith (contract)" in caplog.text
    assert "without banyan.catalog.v1.Course.is_enrolled; deploy the service before the monolith" in caplog.text


def test_the_health_check_says_it_before_any_call(older_service):
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("strangler_health", "--rung", "native", stdout=out)
    assert ended.value.code == 1
    assert "SERVING │ older, without banyan.catalog.v1.Course.is_enrolled, banyan.catalog.v1." in out.getvalue()
    assert "Review.stars; deploy the service before the monolith" in out.getvalue()


def test_a_write_that_was_refused_unread_is_made_once_by_the_monolith(enrolments, older_service, caplog):  # noqa: F811
    enrolment = enrolments[0]
    response = review(enrolment)
    assert response.status_code == 201
    assert response.wsgi_request.strangler_pin.fell_back
    assert Review.objects.filter(course=enrolment.course, learner=enrolment.learner).count() == 1


def test_an_rpc_that_both_know_alike_is_answered_by_the_service(older_service):
    flags.append(Flag(endpoint="v1:course-lessons.get", stage=Stage.SERVICE, rung=Rung.NATIVE), who="test", why="test")
    response = Client().get("/api/v1/courses/1/lessons/")
    pin = response.wsgi_request.strangler_pin
    assert (response.status_code, pin.decision.side.value, pin.fell_back) == (200, "service", False)


def test_refusals_do_not_open_the_breaker_for_the_others(older_service):
    for endpoint in ("v1:course-list.get", "v1:course-lessons.get"):
        flags.append(Flag(endpoint=endpoint, stage=Stage.SERVICE, rung=Rung.NATIVE), who="test", why="test")
    for _ in range(8):
        assert Client().get("/api/v1/courses/").wsgi_request.strangler_pin.fell_back
    assert not Client().get("/api/v1/courses/1/lessons/").wsgi_request.strangler_pin.fell_back
