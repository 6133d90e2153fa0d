"""The fixtures in a suite of their own, as a project would use them."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from strangler_shadow.report import Report
from strangler_shadow.reports.pytest_file import render
from strangler_shadow.scenes import Scene
from tests.shadow.sample_reports import diverged, finding, observation

ROOT = Path(__file__).parents[2]
CONFTEST = '''
import pytest
from django.core.management import call_command

pytest_plugins = ["strangler_shadow.pytest_plugin"]


@pytest.fixture
def courses(transactional_db):
    call_command("seed", "--courses", "6", verbosity=0)


@pytest.fixture
def wrong(settings):
    """A service that cannot count."""
    from strangler_router.service import service_backend

    def backend(binding, rung):
        def ask(call):
            reply = service_backend(binding, rung)(call)
            if isinstance(reply.data, dict) and "count" in reply.data:
                reply.data["count"] += 1
            return reply
        return ask

    settings.STRANGLER = {**settings.STRANGLER, "BACKEND": backend}


@pytest.fixture
def rounded(settings):
    """A service that cannot tell 9999999.99 from 10000000.00, and shortens names."""
    import struct
    from strangler_router.service import service_backend

    def backend(binding, rung):
        def ask(call):
            reply = service_backend(binding, rung)(call)
            if isinstance(reply.data, dict) and "price" in reply.data:
                [price] = struct.unpack("f", struct.pack("f", float(reply.data["price"])))
                reply.data["price"] = f"{price:.2f}"
                reply.data["educator"]["name"] = reply.data["educator"]["name"][:40]
            return reply
        return ask

    settings.STRANGLER = {**settings.STRANGLER, "BACKEND": backend}
'''
SUITE = """
def test_alike(courses, strangler):
    assert strangler.verify("v1:course-list.get", examples=5).calls > 5


def test_wrong(courses, wrong, strangler):
    strangler.verify("v1:course-list.get", examples=5)


def test_unbound(strangler):
    strangler.verify("v1:nothing.get")
"""


@pytest.fixture
def suite(tmp_path):
    """Runs files as a suite; gives its outcome by test and what it printed."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\nDJANGO_SETTINGS_MODULE = academy.settings\n")

    def run(name, text):
        (tmp_path / name).write_text(text)
        environment = {**os.environ, "ACADEMY_STATE": str(tmp_path)}
        line = [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", name]
        done = subprocess.run(
            line, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=110, check=False
        )
        outcomes = dict(
            reversed(pair) for pair in re.findall(r"^(PASSED|FAILED|ERROR) \S+::(\w+)", done.stdout, re.MULTILINE)
        )
        return outcomes, done.stdout + done.stderr

    return run


def test_a_suite_verifies_against_its_own_rows_and_fails_with_the_report(suite):
    outcomes, said = suite("test_suite.py", SUITE)
    assert outcomes == {"test_alike": "PASSED", "test_wrong": "FAILED", "test_unbound": "FAILED"}, said
    assert re.search(r"value \$\.count: \d+ -> \d+", said), said
    assert "v1:nothing.get is not bound; there are " in said


FOUND = """
from strangler_shadow.report import Report
from strangler_shadow.reports.pytest_file import render
from strangler_shadow.verify import verify_endpoint
from strangler_shadow.pytest_plugin import _entry


def test_find(courses, wrong, strangler):
    found = verify_endpoint(_entry("v1:course-list.get"), rung="lifted", examples=5, seed=1)
    report = Report(started="", seed=1, examples=5, endpoints=(found,))
    rows = "import pytest\\npytestmark = pytest.mark.usefixtures('courses')\\n"
    open("test_found.py", "w").write(rows + render(report))
"""


def test_what_was_found_becomes_tests_that_fail_until_it_is_mended(suite, tmp_path):
    outcomes, said = suite("test_find.py", FOUND)
    assert outcomes == {"test_find": "PASSED"}, said
    found = (tmp_path / "test_found.py").read_text()
    assert "# value at $.count" in found
    outcomes, said = suite("test_mended.py", found)
    assert set(outcomes.values()) == {"PASSED"}, said
    outcomes, said = suite("test_again.py", found.replace("'courses'", "'courses', 'wrong'"))
    assert set(outcomes.values()) == {"FAILED"}, said
    assert re.search(r"value \$\.count: \d+ -> \d+", said), said


EDGES = (
    Scene(model="catalog.Course", values={"price": Decimal("9999999.99")}),
    Scene(model="catalog.Course", tie="educator", values={"name": "x" * 60}),
)


def test_a_finding_on_a_generated_row_becomes_a_test_that_makes_the_row(suite):
    detail = {"endpoint": "v1:course-detail.get", "route": "^api/v1/courses/(?P<pk>[^/.]+)/$", "kwargs": {"pk": "417"}}
    one = finding(observation({"price": "1"}), observation({"price": "2"}), path="/api/v1/courses/417/", **detail)
    found = diverged(*(replace(one, rows={"417": scene}) for scene in EDGES), endpoint=detail["endpoint"])
    text = render(Report(started="", seed=1, examples=5, endpoints=(replace(found, rung="lifted"),)))
    uses = "\nimport pytest\npytestmark = pytest.mark.usefixtures({})\n"
    outcomes, said = suite("test_mended.py", text + uses.format("'courses'"))
    assert list(outcomes.values()) == ["PASSED"] * 2, said
    outcomes, said = suite("test_rounded.py", text + uses.format("'courses', 'rounded'"))
    assert list(outcomes.values()) == ["FAILED"] * 2, said
    assert "$.price: '9999999.99' -> '10000000.00'" in said
    assert f"$.educator.name: '{'x' * 60}' -> '{'x' * 40}'" in said
    outcomes, said = suite("test_unmade.py", text.replace(", rows=rows", "") + uses.format("'courses', 'rounded'"))
    assert list(outcomes.values()) == ["PASSED"] * 2, said
