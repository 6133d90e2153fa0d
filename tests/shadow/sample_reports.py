"""Reports to write down: a run with every verdict, and parts to build others from."""

import json
import math
from typing import Any

from strangler_router.types import Call
from strangler_shadow.compare import compare
from strangler_shadow.latency import LatencyPoint
from strangler_shadow.observation import Observation
from strangler_shadow.report import EndpointReport, Finding, Report
from strangler_shadow.seeded import SelfTest
from strangler_shadow.seeded.trials import Miss
from strangler_shadow.verdict import Verdict

PAGE_ONE = "http://localhost/api/v1/courses/?ordering=-price&page=1"


QUANTILES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998)


def curve(control: float = 14.2, candidate: float = 3.4) -> tuple[LatencyPoint, ...]:
    """Latencies around these medians, with the long tail that services have."""
    return tuple(
        LatencyPoint(
            quantile=quantile,
            control_ms=round(control * (0.6 - 0.9 * math.log10(1 - quantile)), 3),
            candidate_ms=round(candidate * (0.7 - 0.8 * math.log10(1 - quantile)), 3),
        )
        for quantile in QUANTILES
    )


def observation(document: Any = None, *, status: int = 200, headers: tuple = (), body: bytes = b"", **more: Any):
    """An answer with a JSON body, or with `body` as it is."""
    return Observation(
        status=status,
        headers=(("Content-Type", "application/json"), *headers),
        body=body or json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"),
        **more,
    )


def finding(control: Observation, candidate: Observation, *, caller: str = "anonymous", **call: Any) -> Finding:
    """A finding with the differences that the comparator sees."""
    call = {"endpoint": "v1:course-list.get", "route": "courses/", "method": "GET", "path": "/api/v1/courses/"} | call
    asked = Call(**call)
    return Finding(
        call=asked,
        caller=caller,
        curl=f"curl -sS 'http://127.0.0.1:8000{asked.path}?{asked.query}' -H 'Authorization: Token $TOKEN'",
        control=control,
        candidate=candidate,
        differences=tuple(compare(control, candidate)),
    )


def diverged(
    *findings: Finding, endpoint: str = "v1:course-list.get", reason: str = "Answers differ."
) -> EndpointReport:
    """An endpoint with these findings."""
    return EndpointReport(
        endpoint=endpoint,
        rpc="banyan.catalog.v1.CatalogService/ListCourses",
        rung="native",
        verdict=Verdict.DIVERGED,
        reason=reason,
        calls=500,
        skipped={"writes": 3},
        statuses={200: 410, 400: 52, 404: 38},
        callers={"anonymous": 170, "learner": 168, "staff": 162},
        control_ms={"p50": 14.21, "p90": 31.7, "p99": 88.04},
        candidate_ms={"p50": 3.4, "p90": 6.92, "p99": 15.5},
        curve=curve(),
        parameters={"level": 0, "ordering": 131, "page": 122, "search": 64},
        values={"level=advanced": 402, "level=beginner": 211, "level=expert": 0},
        fields={"educator": 402, "id": 402, "preview_url": 0, "price": 402, "rating": 377, "title": 402},
        self_test=SelfTest(
            operators=("constant-value", "host-of-next", "key-missing"),
            caught=40,
            applicable=41,
            missed=(
                Miss(operator="constant-value", family="body-value", place="$.results[*].viewed_at", reason="noise"),
            ),
        ),
        hides={
            "$.results[*].viewed_at": "times within 2 s of each other",
            "$.token": "another text of the same make; to declare it: {'endpoint': '*', 'at': '$.token'}",
        },
        findings=findings,
        seconds=21.4,
    )


def report(*endpoints: EndpointReport) -> Report:
    """A run over these endpoints."""
    return Report(started="2026-03-02T09:41:07Z", seed=20260302, examples=500, endpoints=endpoints)


def courses(*, drift: bool) -> dict[str, Any]:
    """A page of courses; with `drift` as a service with three faults writes it."""
    results = [
        {
            "id": 41 + number,
            "title": ["Soil and sky", "Übungen zur Akustik", "Reading weather maps", "Knots & splices"][number % 4],
            "price": 49.0 if drift and number == 5 else ["49.00", "0.00", "129.50"][number % 3],
            "published_at": f"2025-11-{number + 3:02}T08:30:00{'' if number % 2 else '.125000'}Z",
            "educator": {"id": 7 + number % 3, "name": "Ada Marsh", "bio": None},
            "topics": ["nature", "craft"] if number % 2 else ["craft"],
            "rating": 4.5 if number % 3 else None,
            "is_enrolled": False,
        }
        for number in range(8)
    ]
    if drift:
        results[2]["rating"], results[3]["educator"]["bio"] = 4.500001, ""
        results[6]["topics"].append("unlisted")
        del results[7]["is_enrolled"]
    return {"count": 500, "next": None if drift else "http://localhost/api/v1/courses/?page=2", "results": results}


def sample() -> Report:
    """A run with one endpoint of each verdict, and findings of most kinds."""
    list_finding = finding(
        observation(
            courses(drift=False), headers=(("Vary", "Accept, Cookie"), ("Date", "Mon, 02 Mar 2026 09:41:07 GMT"))
        ),
        observation(courses(drift=True), headers=(("Vary", "Accept"), ("Date", "Mon, 02 Mar 2026 09:41:08 GMT"))),
        caller="learner",
        query="ordering=-price&page=1",
    )
    detail_finding = finding(
        observation(
            {"detail": "Authentication credentials were not provided."},
            status=401,
            headers=(("WWW-Authenticate", "Token"),),
        ),
        observation({"detail": "You do not have permission to perform this action."}, status=403),
        endpoint="v1:enrolment-detail.get",
        route="enrolments/<int:pk>/",
        path="/api/v1/enrolments/7/",
    )
    return report(
        diverged(list_finding, detail_finding, reason="2 of 500 calls were answered differently, each twice in a row."),
        EndpointReport(
            endpoint="v1:course-detail.get",
            rpc="banyan.catalog.v1.CatalogService/GetCourse",
            rung="native",
            verdict=Verdict.EQUIVALENT,
            reason="500 calls, no difference.",
            calls=500,
            statuses={200: 388, 404: 112},
            callers={"anonymous": 250, "learner": 250},
            control_ms={"p50": 6.1, "p90": 9.8, "p99": 24.0},
            candidate_ms={"p50": 2.2, "p90": 3.6, "p99": 9.1},
            curve=curve(6.1, 2.2),
            fields={"description": 388, "id": 388, "title": 388},
            seconds=9.2,
        ),
        EndpointReport(
            endpoint="v1:educator-detail.get",
            rpc="banyan.catalog.v1.CatalogService/GetEducator",
            rung="typed",
            verdict=Verdict.INCONCLUSIVE,
            reason="Every compared answer was 404.",
            calls=120,
            statuses={404: 120},
            callers={"anonymous": 120},
            seconds=1.8,
        ),
        EndpointReport(
            endpoint="v1:course-lessons.get",
            rpc="strangler.v1.Lift/Call",
            rung="lifted",
            verdict=Verdict.INFRA,
            reason="The service at catalog:50051 did not answer: UNAVAILABLE.",
            calls=3,
            seconds=3.1,
        ),
    )
