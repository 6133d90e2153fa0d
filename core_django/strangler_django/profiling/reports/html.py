"""The profile as one HTML page that needs nothing else: no network, no script, no other file."""

from collections.abc import Sequence
from pathlib import Path

from strangler_django.pages import page_templates
from strangler_django.profiling.report import Report, Sized, State
from strangler_django.profiling.reports.words import (
    PARTS,
    counted,
    growth_words,
    request_name,
    share_words,
    split_words,
    unshared,
)

__all__ = ["render"]

TEMPLATE = "profile.html.j2"
STEPS_SHOWN = 30
WIDTH, HEIGHT, EDGE = 120, 34, 4


def render(report: Report) -> str:
    """The report as an HTML page."""
    environment = page_templates(Path(__file__).parent)
    environment.globals |= {
        "PARTS": PARTS,
        "HEIGHT": HEIGHT,
        "WIDTH": WIDTH,
        "counted": counted,
        "curve": _curve,
        "growth_words": growth_words,
        "request_name": request_name,
        "share_words": share_words,
        "split_words": split_words,
        "unshared": unshared,
    }
    page = environment.get_template(TEMPLATE).render(
        report=report,
        steps=report.ranking[:STEPS_SHOWN],
        steps_left_out=max(0, len(report.ranking) - STEPS_SHOWN),
        anchors={id(found): f"endpoint-{number}" for number, found in enumerate(report.profiled, 1)},
        identity=id,
        left_out=[found for found in report.endpoints if found.state is not State.PROFILED],
    )
    return page.lstrip()


def _curve(growth: Sequence[Sized]) -> str:
    """Points of a line through the numbers of queries, within WIDTH x HEIGHT; from 0 up."""
    longest = max(point.size for point in growth) or 1
    most = max(point.queries for point in growth) or 1
    across, up = WIDTH - 2 * EDGE, HEIGHT - 2 * EDGE
    points = (
        f"{EDGE + across * point.size / longest:.1f},{HEIGHT - EDGE - up * point.queries / most:.1f}"
        for point in growth
    )
    return " ".join(points)
