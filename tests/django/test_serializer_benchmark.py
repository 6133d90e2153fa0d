import sqlite3
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from academy.learning.models import Learner
from tests.bench.serializers.courses import courses, learner_request
from tests.bench.serializers.dataset import CHILDREN, level_lessons
from tests.bench.serializers.h2load import Answer, parse
from tests.bench.serializers.lists import list_rows, ours
from tests.bench.serializers.nested import nested_rows
from tests.bench.serializers.outage import reviewers
from tests.bench.serializers.peer_drf import naive
from tests.bench.serializers.queries import query_rows
from tests.bench.serializers.ratios import ratio
from tests.bench.serializers.stampede import read_at_once
from tests.django.conftest import Redis

COURSES = 10


@pytest.fixture
def academy(cached: Redis) -> Redis:
    """Seeded courses, the first nine of which are published, and an empty Redis."""
    call_command("seed", courses=COURSES, stdout=StringIO())
    level_lessons()
    return cached


def test_every_contestant_of_the_list_benchmark_means_what_drf_writes(academy: Redis, tmp_path: Path) -> None:
    copy = tmp_path / "academy.sqlite3"
    target = sqlite3.connect(copy)
    connection.connection.backup(target)
    target.close()
    rows = list(list_rows(academy.url, copy=copy, sizes=[8], rounds=4, seconds=0.002))
    same_bytes = {
        row.metric.split(",")[0].removeprefix("p50 of ") for row in rows if row.against == "same bytes as DRF"
    }
    assert same_bytes >= {"DRF hand-batched", "DRF + get_many", "cacheops ops=all", "ours cold", "ours warm", "floor"}
    assert len(rows) == 19
    assert all(row.value > 0 for row in rows)


def test_the_counted_queries_and_round_trips_keep_their_bounds(academy: Redis) -> None:
    bounded = [row for row in query_rows(academy.url, sizes=(1, 9), database="SQLite") if row.must]
    assert len(bounded) == 5
    assert [row.metric for row in bounded if not row.holds] == []


def test_nested_children_are_compared_on_the_same_bytes(academy: Redis) -> None:
    encode, whole = nested_rows(academy.url, parents=5, rounds=4, seconds=0.002)
    assert f"5 objects with {CHILDREN} children" in encode.metric
    assert encode.value > 0
    assert whole.value > 0


def test_readers_at_once_count_what_each_object_cost(academy: Redis) -> None:
    with override_settings(CACHEOPS_REDIS=academy.url):
        computed = read_at_once(4, 5)
        assert set(computed) == set(courses(5).values_list("pk", flat=True))
        assert not read_at_once(4, 5)


def test_ours_and_the_naive_twin_write_the_same_bytes(academy: Redis) -> None:
    with override_settings(CACHEOPS_REDIS=academy.url):
        assert ours(learner_request(), 9) == naive(learner_request(), 9)


def test_reviewers_are_learners_who_have_not_reviewed_the_course(academy: Redis) -> None:
    found = reviewers(9)
    assert {reviewer.course for reviewer in found} <= set(courses(9).values_list("pk", flat=True))
    for reviewer in found:
        learner = Learner.objects.get(user__auth_token=reviewer.token)
        assert learner.enrolments.filter(course=reviewer.course).exists()
        assert not learner.reviews.filter(course=reviewer.course).exists()
    assert len(found) > 2


def test_a_ratio_of_medians_lies_in_its_interval() -> None:
    steady = np.full((8, 3), 2.0)
    wavering = np.asarray([[1.0, 1.0, 1.0]] * 6 + [[4.0, 4.0, 4.0]] * 2)
    found = ratio(steady, wavering)
    assert found.value == 2
    assert found.low <= 2 <= found.high
    assert ratio(steady, steady).spread == 0


def test_the_log_of_h2load_tells_when_what_and_how_long() -> None:
    good, lost = parse("1732262400000000\t200\t1500\n1732262400500000\t-1\t20\n")
    assert good == Answer(started=1732262400.0, status=200, seconds=0.0015)
    assert (good.failed, lost.failed) == (False, True)
