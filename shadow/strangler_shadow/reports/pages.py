"""What HTML reports share: templates in which every string is made visible and escaped, and how large a page may be."""

from pathlib import Path
from typing import Any

from strangler_django.pages import Environment, page_templates
from strangler_shadow.reports.charts import bound_chart, latency_chart, percent, quantile_name
from strangler_shadow.reports.words import (
    GATE_VERDICTS,
    KINDS,
    PERCENTILES,
    VERDICTS,
    counted,
    milliseconds,
    request,
    visible,
)
from strangler_shadow.verdict import Verdict

__all__ = ["LARGEST", "SIGNS", "TEXT_SHOWN", "templates"]

# What a browser opens at once and a mail takes; the JSON report has everything.
LARGEST = 1_900_000
TEXT_SHOWN = 4000
MISSES_SHOWN, PLACES_SHOWN = 20, 100
# Before what a project may declare where the monolith varies by itself.
DECLARES = "; to declare it: "

SIGNS = {
    Verdict.EQUIVALENT: "=",
    Verdict.DIVERGED: "≠",
    Verdict.INCONCLUSIVE: "?",
    Verdict.STALE: "↻",
    Verdict.INFRA: "!",
}


def templates() -> Environment:
    """The environment of the page templates; names that it lacks are errors."""
    environment = page_templates(Path(__file__).parent, finalize=_finalize)
    environment.globals |= {
        "GATE_VERDICTS": GATE_VERDICTS,
        "KINDS": KINDS,
        "DECLARES": DECLARES,
        "MISSES_SHOWN": MISSES_SHOWN,
        "PLACES_SHOWN": PLACES_SHOWN,
        "PERCENTILES": PERCENTILES,
        "SIGNS": SIGNS,
        "TEXT_SHOWN": TEXT_SHOWN,
        "VERDICTS": VERDICTS,
        "bound_chart": bound_chart,
        "counted": counted,
        "latency_chart": latency_chart,
        "milliseconds": milliseconds,
        "percent": percent,
        "quantile_name": quantile_name,
        "request": request,
    }
    return environment


def _finalize(value: Any) -> Any:
    # Whatever is printed passes here, so nothing unprintable reaches the file. Markup is not plain `str`.
    return visible(value) if type(value) is str else value
