"""A service without Django says by itself what it would send."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.db.models.signals import post_save

from academy.learning.models import Review
from strangler_shadow.report import EndpointReport
from strangler_shadow.verdict import Verdict
from tests.shadow.test_effects import places, verify

pytestmark = pytest.mark.parametrize("seeded_academy", ["sqlite_file"], indirect=True)


@pytest.fixture(autouse=True)
def _thanks(own_corpus: None, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The academy, which thanks for reviews by mail."""
    monkeypatch.setenv("ACADEMY_STATE", str(tmp_path))
    post_save.connect(_thank, sender=Review, dispatch_uid="thank")
    yield
    post_save.disconnect(sender=Review, dispatch_uid="thank")


def _thank(instance: Review, created: bool, **_signal: Any) -> None:
    if created:
        to = f"{instance.learner_id}@example.org"
        EmailMessage("Thanks", f"{instance.stars} stars", "shop@example.org", [to]).send()


def verify_reviews(program: str) -> EndpointReport:
    environment = "CATALOG_DATABASE=sqlite:///{database} CATALOG_REDIS={redis} CATALOG_STAMPS={stamps}"
    return verify(
        endpoint="v1:course-reviews.post", rung="native", program=f"env {environment} {sys.executable} -m {program}"
    )


def test_one_that_reports_what_it_would_send_is_equivalent():
    report = verify_reviews("tests.shadow.reporting_catalog")
    assert (report.verdict, report.findings) == (Verdict.EQUIVALENT, ()), report.reason
    assert "effects that the service does not report" in report.reason


def test_one_that_reports_nothing_is_told_how():
    report = verify_reviews("catalog_service")
    assert (report.verdict, places(report)) == (Verdict.DIVERGED, {"missing at effect mail"}), report
    assert report.reason.endswith("one without Django does by strangler_services.effects.report")


def test_a_line_that_cannot_be_read_is_infrastructure_and_shows_nothing_of_it():
    report = verify_reviews("tests.shadow.reporting_catalog broken")
    assert report.verdict is Verdict.INFRA
    assert report.reason == "line 1 of the service's effects cannot be read: it is no JSON"
