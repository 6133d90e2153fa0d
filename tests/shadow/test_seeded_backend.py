"""A backend and a whole process that make one mistake, and verifications that see it."""

import sqlite3
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest

from strangler_router.lifted import in_process_backend
from strangler_router.table import build_table
from strangler_router.types import Call, Reply
from strangler_shadow.seeded import OPERATORS, backend, damaged
from strangler_shadow.verdict import Verdict
from strangler_shadow.verify import verify_endpoint
from tests.bench.contracts.seeded import Drawn, drawn, found_end_to_end
from tests.shadow.seeded_replies import typed
from tests.shadow.seeded_service import Mistake

CALL = Call(endpoint="v1:course-detail.get", route="courses/<pk>/", method="GET", path="/courses/1/")
EDUCATOR = "v1:educator-detail.get"
pytestmark = [
    pytest.mark.parametrize("seeded_academy", ["sqlite_file"], indirect=True),
    pytest.mark.usefixtures("own_corpus"),
]


def test_a_backend_makes_the_mistake_where_it_applies_and_leaves_the_rest_alone():
    course = typed()["a course"]
    answer = backend(lambda _call: course, OPERATORS["null-dropped"], 1)
    assert course.data.keys() - answer(CALL).data.keys() == {"note"}
    without = Reply(data={"id": 1})
    assert backend(lambda _call: without, OPERATORS["null-dropped"], 1)(CALL) is without
    assert damaged(OPERATORS["null-dropped"], without, 1) is None


# Operator, and a place that verification names.
MISTAKES = [
    ("float32-rounding", "v1:course-detail.get", "value at $.rating"),
    ("next-host", "v1:course-list.get", "value at $.next"),
    ("everybody-forbidden", EDUCATOR, "status at status"),
    ("row-of-another-tenant", "v1:course-list.get", "length at $.results[*].topics"),
    ("cookie-added", EDUCATOR, "cookie at service_session"),
    ("cache-control-added", EDUCATOR, "header at cache-control"),
    ("error-in-english", "v1:course-lessons.get", "value at $.detail"),
    ("offset-ignored", EDUCATOR, "value at $.joined_at"),
]


@pytest.mark.parametrize(("operator", "endpoint", "group"), MISTAKES)
def test_verification_sees_the_mistake_through_the_router(settings, operator, endpoint, group):
    def wrong(binding: Any, rung: str) -> Any:
        return backend(in_process_backend(binding, rung), OPERATORS[operator], 3)

    settings.STRANGLER = {**settings.STRANGLER, "BACKEND": wrong}
    [entry] = [entry for entry in build_table().values() if entry.binding.id == endpoint]
    report = verify_endpoint(entry, rung="lifted", examples=3, seed=1)
    assert report.verdict is Verdict.DIVERGED
    assert group in {f"{item.kind} at {item.pattern}" for found in report.findings for item in found.differences}


def test_a_process_with_the_mistake_is_told_from_one_without(academy, tmp_path):
    name = academy.url.removeprefix("sqlite:///")
    database = tmp_path / "academy.sqlite3"
    with sqlite3.connect(name) as original, sqlite3.connect(database) as copy:
        original.backup(copy)
    copy.close()
    original.close()
    found = Drawn(mistake=Mistake("off-by-one", EDUCATOR, 2), patterns=frozenset({"$.course_count", "$.id"}))
    assert found_end_to_end(found, database)
    assert not found_end_to_end(replace(found, mistake=Mistake("null-as-zero", EDUCATOR, 2)), database)


def test_mistakes_are_drawn_from_every_family_that_the_router_lets_through():
    found = list(islice(drawn(5), 8))
    assert len({OPERATORS[one.mistake.operator].family for one in found}) == 8
    assert [one.mistake for one in found] == [one.mistake for one in islice(drawn(5), 8)]
    assert all(one.patterns for one in found)
