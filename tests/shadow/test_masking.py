"""What is shown of a recorded call's finding holds nothing that was recorded, and still says what differs."""

import json
from dataclasses import asdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strangler_protos.identity import Caller
from strangler_router.types import Call
from strangler_shadow.compare import compare
from strangler_shadow.curl import curl_line
from strangler_shadow.masking import masked
from strangler_shadow.observation import Kind, Observation
from strangler_shadow.report import EndpointReport, Finding, Report
from strangler_shadow.reports import KINDS, write_report
from strangler_shadow.seeded import SelfTest
from strangler_shadow.verdict import Verdict

SECRET = "zanzibar"
PAGE = {
    "detail": f"{SECRET}-1",
    "results": [{"name": f"{SECRET}-2", f"{SECRET}_key": 1, f"{SECRET} 3@example.org": None}],
    "count": 77700177,
}
OTHER = {"detail": f"{SECRET}-4", "results": [{"name": f"{SECRET}-5", f"{SECRET}_other": 1.5}], "count": 77700278}


def finding(control=PAGE, candidate=OTHER, **more):
    call = Call(
        endpoint="nowhere.get", route="people/<slug>/", method="GET", path=f"/people/{SECRET}-path/",
        query=f"q={SECRET}-query&{SECRET}=1", kwargs={"slug": f"{SECRET}-path"}, caller=Caller(subject="7"),
        headers=(("Accept-Language", f"{SECRET}-header"),),
    )  # fmt: skip
    sides = [
        Observation(
            status=200, body=body if isinstance(body, bytes) else json.dumps(body).encode(),
            headers=(("Content-Type", "application/json"), ("X-Own", f"{SECRET}-{number}"), *more.get("headers", ())),
            cookies=(f"flavour; path=/{SECRET}-{number}",),
        )
        for number, body in enumerate((control, candidate))
    ]  # fmt: skip
    return Finding(
        call=call, caller="a recorded user", curl=curl_line(call), control=sides[0], candidate=sides[1],
        differences=tuple(compare(*sides)),
    )  # fmt: skip


def test_nothing_recorded_is_left():
    assert SECRET in repr(finding())
    assert SECRET not in repr(masked(finding()))
    assert "77700" not in repr(masked(finding()))


def test_it_still_says_what_differs_and_where():
    shown = masked(finding())
    places = {(each.kind, each.pattern) for each in shown.differences}
    assert {
        (Kind.VALUE, "$.detail"),
        (Kind.VALUE, "$.count"),
        (Kind.HEADER, "x-own"),
        (Kind.COOKIE, "flavour"),
    } <= places
    inner = [pattern for kind, pattern in places if kind in {Kind.MISSING, Kind.EXTRA}]
    assert len(inner) == 3
    assert all(pattern.startswith('$.results[*]["str(') for pattern in inner)
    assert shown.control.status == 200
    assert shown.call.path == "/people/<slug>/"
    document = json.loads(shown.control.body)
    assert list(document) == ["detail", "results", "count"]
    assert document["count"].startswith("int #")


def test_a_place_that_is_allow_listed_is_shown(settings):
    settings.STRANGLER = {**settings.STRANGLER, "SHADOW": {"SHOW": ["$.detail"]}}
    shown = masked(finding())
    assert json.loads(shown.candidate.body)["detail"] == f"{SECRET}-4"
    (detail,) = [each for each in shown.differences if each.path == "$.detail"]
    assert (detail.control, detail.candidate) == (f"{SECRET}-1", f"{SECRET}-4")
    assert f"{SECRET}-2" not in repr(shown)


@pytest.mark.parametrize("body", [f"{SECRET}\n".encode(), f'{{"{SECRET}'.encode(), b"\xff" + SECRET.encode()])
def test_a_body_that_is_not_json_is_shown_as_its_length(body):
    shown = masked(finding(control=body))
    assert SECRET not in repr(shown)
    assert shown.control.body.startswith(b"str(")


@pytest.mark.parametrize("kind", KINDS)
def test_every_report_takes_it_and_shows_nothing(kind, tmp_path):
    endpoint = EndpointReport(
        endpoint="nowhere.get", rpc="", rung="lifted", verdict=Verdict.DIVERGED, reason="",
        findings=(masked(finding()),), self_test=SelfTest(),
    )  # fmt: skip
    path = tmp_path / "report"
    write_report(Report(started="2026-03-01T12:00:00+00:00", seed=1, examples=1, endpoints=(endpoint,)), kind, path)
    assert SECRET not in path.read_text()
    assert "nowhere" in path.read_text()


texts = st.text(max_size=6).map(lambda text: text + SECRET)
documents = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts | st.just("detail"), inner, max_size=3),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(documents, documents)
def test_whatever_two_documents_hold_nothing_of_it_is_left(control, candidate):
    assert SECRET not in repr(asdict(masked(finding(control, candidate))))
