"""Evidence to write down: an endpoint that may move, one that differs, one that was never mirrored."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from strangler_shadow.bound import Stratum, upper_bound
from strangler_shadow.declared import NeverSeen
from strangler_shadow.evidence import Verification
from strangler_shadow.gate import GateReport
from strangler_shadow.history import Day
from strangler_shadow.latency import Interval
from strangler_shadow.reports.evidence.found import DifferenceGroup, EndpointEvidence, EvidenceReport, HiddenPlace
from strangler_shadow.risk import Risk
from strangler_shadow.verdict import Verdict
from tests.shadow.sample_reports import curve

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
FIRST = date(2026, 11, 10)


def history(*, days: int, pairs: int, divergent: int = 0) -> tuple[Day, ...]:
    """Days on which the pairs came in evenly, and the divergent ones in the middle."""
    found = []
    for number in range(1, days + 1):
        so_far, differing = pairs * number // days, divergent if 2 * number > days else 0
        bound = upper_bound([Stratum(pairs=so_far, divergent=differing)], alpha=0.0084)
        found.append(Day(day=FIRST + timedelta(number - 1), pairs=so_far, divergent=differing, bound=bound))
    return tuple(found)


def intervals() -> tuple[Interval, ...]:
    """Three quantiles of both sides, the last not bounded yet."""
    return tuple(
        Interval(
            side=side,
            measured=measured,
            quantile=quantile,
            pairs=12_000,
            ms=ms * scale,
            low_ms=ms * scale * 0.94,
            high_ms=None if quantile == 0.99 else ms * scale * 1.07,
        )
        for quantile, scale in ((0.5, 1.0), (0.95, 2.2), (0.99, 3.9))
        for side, measured, ms in (("control", "served", 14.2), ("candidate", "replayed", 3.4))
    )


def gate(**values: Any) -> GateReport:
    """An endpoint that may take its next step; keywords are `GateReport`'s."""
    defaults: dict[str, Any] = {
        "endpoint": "v1:course-list.get",
        "rung": "native",
        "stage": "canary",
        "verdict": Verdict.EQUIVALENT,
        "reasons": ("fewer than 1 in 1,000 differ, at 99 %: 12,000 pairs, 0 divergent",),
        "max_rate": 0.001,
        "confidence": 0.99,
        "epoch": 3,
        "fingerprint": "5f0c1d9ab27e4410",
        "pairs": 12_000,
        "divergent": 0,
        "bound": 0.00049,
        "missing": 0,
        "counts": {
            "matched": 12_000,
            "mismatched": 0,
            "transient": 14,
            "errored": 0,
            "skipped": 120,
            "dropped": 866,
        },
        "reasons_of_counts": {
            "dropped: queue full": 66,
            "dropped: thinned": 800,
            "matched: cached": 310,
            "skipped: writes": 120,
            "transient: lagging": 4,
        },
        "vacuous": 480,
        "statuses": {"200": 11_520, "404": 480},
        "callers": {"anonymous": 8_200, "staff": 20, "user": 3_780},
        "parameters": {"ordering": 210, "page": 3_400},
        "values": ("level=advanced", "level=beginner"),
        "never_seen": NeverSeen(
            fields=("preview_url", "subtitle"), values=("level=expert",), parameters=("level", "search")
        ),
        "verified": Verification(
            at=NOW - timedelta(days=1), verdict=Verdict.EQUIVALENT, calls=412, who="ci", build="a41f9"
        ),
        "latency": intervals(),
        "curve": curve(),
        "history": history(days=14, pairs=12_000),
    }
    return GateReport(**(defaults | values))


def group(number: int = 1, **values: Any) -> DifferenceGroup:
    """One group of differences; keywords are `DifferenceGroup`'s."""
    defaults: dict[str, Any] = {
        "id": number,
        "kind": "value",
        "risk": Risk.HIGH,
        "pattern": f"$.results[*].field_{number}",
        "count": max(1, 9_000 - number),
        "first_seen": NOW - timedelta(days=9),
        "last_seen": NOW - timedelta(minutes=number),
        "control": "str(12) #a1b2c3d4",
        "candidate": "str(12) #0f9e8d7c",
    }
    return DifferenceGroup(**(defaults | values))


def million(groups: int = 5_000) -> EvidenceReport:
    """A million pairs of one endpoint, with so many groups of differences over two years."""
    counts = {"matched": 990_000, "mismatched": 9_000, "transient": 200, "errored": 1_000, "skipped": 0, "dropped": 0}
    days = tuple(
        Day(day=FIRST + timedelta(number), pairs=1370 * (number + 1), divergent=13 * number, bound=0.013)
        for number in range(730)
    )
    found = gate(
        verdict=Verdict.DIVERGED,
        reasons=("1 in 100 pairs differ",),
        pairs=1_000_000,
        divergent=10_000,
        bound=0.0103,
        counts=counts,
        reasons_of_counts={f"errored: reason {number}": 10 for number in range(100)},
        history=days,
        never_seen=NeverSeen(fields=tuple(f"never_{number}" for number in range(500))),
    )
    long = "x" * 400 + "é<&"
    rows = tuple(group(number, pattern=f"$.results[*].{long}_{number}", control=long * 3) for number in range(groups))
    return report(EndpointEvidence(gate=found, groups=rows))


def report(*endpoints: EndpointEvidence) -> EvidenceReport:
    """What was asked about these endpoints."""
    return EvidenceReport(asked=NOW.isoformat(timespec="seconds"), endpoints=endpoints)


def sample() -> EvidenceReport:
    """One endpoint that may move, one that differs, one without any pair."""
    differing = gate(
        endpoint="v1:course-detail.get",
        verdict=Verdict.DIVERGED,
        reasons=(
            "at least 1 in 132 differ, which no further pairs can bring below 1 in 1,000",
            "5 % of the copies were dropped",
        ),
        pairs=3_060,
        divergent=60,
        bound=0.031,
        missing=104_000,
        counts={"matched": 3_000, "mismatched": 52, "transient": 3, "errored": 8, "skipped": 0, "dropped": 170},
        reasons_of_counts={"dropped: queue full": 170, "errored: deadline exceeded": 5, "errored: unavailable": 3},
        statuses={"200": 2_700, "401": 12, "404": 340},
        callers={"anonymous": 3_052},
        never_seen=NeverSeen(callers=("user", "staff")),
        verified=None,
        history=history(days=6, pairs=3_060, divergent=60),
        curve=curve(6.1, 13.7),
    )
    groups = (
        group(21, kind="status", risk=Risk.HIGHEST, pattern="status", count=2, control="401", candidate="403"),
        group(18, kind="null", pattern="$.educator.bio", count=9, control="null", candidate="str(0) #77aa01fe"),
        group(17, kind="precision", risk=Risk.MEDIUM, pattern="$.price", count=41, only_where=('level="advanced"',)),
    )
    silent = gate(
        endpoint="v1:educator-detail.get",
        verdict=Verdict.INCONCLUSIVE,
        reasons=("nothing was compared yet",),
        epoch=0,
        pairs=0,
        bound=1.0,
        missing=5_891,
        counts=dict.fromkeys(("matched", "mismatched", "transient", "errored", "skipped", "dropped"), 0),
        reasons_of_counts={},
        vacuous=0,
        statuses={},
        callers={},
        parameters={},
        values=(),
        never_seen=NeverSeen(fields=("bio", "name"), callers=("anonymous", "user", "staff")),
        verified=None,
        latency=(),
        curve=(),
        history=(),
    )
    hides = (
        HiddenPlace(
            pattern="$.results[*].price",
            words="a number within 0.1 % (declared)",
            owner="pricing team",
            reason="rates are fetched each minute",
            until=date(2027, 6, 30),
        ),
        HiddenPlace(pattern="$.results[*].viewed_at", words="another time in the same layout, near it"),
    )
    return report(
        EndpointEvidence(gate=gate(), hides=hides),
        EndpointEvidence(gate=differing, groups=groups),
        EndpointEvidence(gate=silent),
    )
