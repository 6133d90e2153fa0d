"""Cursors that are spelled otherwise are followed: they have to lead to the same pages."""

import pytest
from rest_framework.exceptions import APIException
from rest_framework.test import APIClient

from academy.catalog.models import Topic
from strangler_router import flags
from strangler_router.policy import BASIS_POINTS, Flag
from strangler_router.table import build_table
from strangler_router.types import Reply
from strangler_shadow import replay
from strangler_shadow.cursors import cursor_at
from strangler_shadow.learning import learning
from strangler_shadow.noise import NO_NOISE
from strangler_shadow.observation import Difference, Kind
from strangler_shadow.observer import judge
from strangler_shadow.tally import Outcome
from strangler_shadow.verdict import Verdict
from strangler_shadow.verify import verify_endpoint
from tests.router import observers
from tests.shadow import urls_cursors

pytestmark = pytest.mark.django_db


class Service:
    """Pages with cursors of its own; what lies behind page `skips_at` is a topic too far."""

    def __init__(self):
        self.skips_at = None
        self.asked = 0

    def __call__(self, binding, rung):
        def ask(call):
            self.asked += 1
            try:
                given = urls_cursors.page(call)
            except APIException as error:
                return Reply(exception=error)
            if self.skips_at is not None and given["results"][0]["id"] == self.first_of(self.skips_at):
                given = urls_cursors.page(call, skips=1)
            return Reply(data=given)

        return ask

    def first_of(self, page):
        return Topic.objects.order_by("pk")[3 * page].pk


@pytest.fixture
def service(settings, tmp_path):
    found = Service()
    settings.ROOT_URLCONF = "tests.shadow.urls_cursors"
    settings.STRANGLER = {
        "LIFTED": {"topics.get": "SERVICE"},
        "BACKEND": found,
        "OBSERVERS": ["tests.router.observers.remember"],
        "REFRESH": 0,
        "SHADOW": {"CORPUS": str(tmp_path)},
    }
    Topic.objects.bulk_create(Topic(slug=f"topic-{number}", name=f"Topic {number}") for number in range(20))
    flags.append(Flag(endpoint="topics.get", mirror=BASIS_POINTS), who="test", why="test")
    observers.exchanges.clear()
    replay._handler.cache_clear()
    learning.forget()
    yield found
    learning.forget()
    replay._handler.cache_clear()


def mirrored(times, query=""):
    """The findings on so many mirrored calls."""
    found = []
    for _ in range(times):
        APIClient().get(f"/topics/{query}")
        found.append(judge(observers.exchanges.pop()))
    return found


def verified():
    return verify_endpoint(build_table()["topics/", "GET"], rung="lifted", examples=10, seed=1)


def test_cursors_of_another_make_that_lead_to_the_same_pages_are_no_difference(service):
    report = verified()
    assert [(finding.call.query, finding.caller, finding.differences) for finding in report.findings] == []
    assert report.verdict is not Verdict.DIVERGED
    assert report.hides["$.next"].startswith("how cursors in cursor are spelled, where they lead to the same pages")


@pytest.mark.parametrize("page", [0, 3, 5])
def test_a_cursor_that_skips_a_row_is_a_difference_on_the_first_page(service, page):
    service.skips_at = page
    report = verified()
    assert report.verdict is Verdict.DIVERGED
    assert {difference.path for finding in report.findings for difference in finding.differences} >= {"$.next"}


def test_live_pairs_follow_cursors_for_a_few_pages(service):
    found = mirrored(30)
    assert {finding.outcome for finding in found} == {Outcome.MATCHED}
    assert {finding.reason for finding in found} == {"varies: $.next cursor"}
    # The first ten and one in ten after them; three pages each.
    assert service.asked == 30 + 3 * 12


@pytest.mark.parametrize("page", [0, 2])
def test_live_pairs_show_a_cursor_that_skips(service, page):
    mirrored(15)
    service.skips_at = page
    found = [finding for finding in mirrored(20) if finding.outcome is Outcome.MISMATCHED]
    assert found
    assert {difference.pattern for finding in found for difference in finding.differences} == {"$.next"}


def test_a_missing_cursor_is_found_as_before(service):
    real = urls_cursors.page
    urls_cursors.page = lambda call, skips=0: {**real(call), "next": None}
    try:
        assert {finding.outcome for finding in mirrored(5)} == {Outcome.MISMATCHED}
    finally:
        urls_cursors.page = real


@pytest.mark.parametrize(
    ("path", "one", "other", "is_cursor"),
    [
        ("$.next", "/x/?cursor=cD00&n=3", "/x/?cursor=ZnJvbTox&n=3", True),
        ("$.links.previous", "/x/?after=a8f3Q2==", "/x/?after=b17c", True),
        ("$.next", "/x/?page=2", "/x/?page=3", False),
        ("$.next", "/x/?ordering=price", "/x/?ordering=title", False),
        ("$.next", "/x/?cursor=cD00&n=3", "/x/?cursor=ZnJvbTox&n=4", False),
        ("$.next", "/x/?cursor=cD00", "http://other/x/?cursor=ZnJvbTox", False),
        ("$.next", "/x/?cursor=cD00", "/x/", False),
        ("$.photo", "/x/?cursor=cD00", "/x/?cursor=ZnJvbTox", False),
        ("next", "/x/?cursor=cD00", "/x/?cursor=ZnJvbTox", False),
    ],
)
def test_a_cursor_is_told_from_other_links(path, one, other, is_cursor):
    difference = Difference(kind=Kind.VALUE, path=path, control=one, candidate=other)
    assert (cursor_at(difference, NO_NOISE) is not None) is is_cursor
