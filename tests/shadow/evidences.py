"""Live pairs as a mirror would have counted them, and what `strangler can-cutover` says of them."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import call_command

from strangler_protos.identity import Caller
from strangler_router.types import Call, Decision, Exchange, Served, Side
from strangler_shadow.coverage import Coverage
from strangler_shadow.evidence import Evidence
from strangler_shadow.models import ShadowCount
from strangler_shadow.tally import Outcome, Tally

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NAME = "v1:educator-detail.get"
BODY = b'{"id": 1, "name": "Ada", "bio": null}'


def evidence(*, matched=6_000, statuses=None, coverage=None, weight=1, **values):
    """Evidence of the first epoch; outcomes by name, anything else as `Evidence` has it."""
    counts = {Outcome.MATCHED: matched}
    counts |= {Outcome(name): values.pop(name) for name in [*values] if name in {outcome.value for outcome in Outcome}}
    if coverage is None:
        coverage = Coverage()
        coverage.statuses["200"] = matched
    defaults = {"epoch": 1, "began": NOW, "latest": NOW} | values
    return Evidence(
        endpoint=NAME,
        rung="native",
        fingerprint="ab12",
        counts={(outcome, weight): count for outcome, count in counts.items()},
        coverage=coverage,
        **defaults,
    )


def exchange(
    *, endpoint=NAME, status=200, body=BODY, rung="native", query="", side=Side.MONOLITH, fell_back=False, **caller
):
    """One call and its answer; keywords are the caller's."""
    return Exchange(
        call=Call(endpoint=endpoint, route="", method="GET", path="/", query=query, caller=Caller(**caller)),
        decision=Decision(side=side, rung=rung, reason="", mirrored=True),
        served=Served(status=status, headers=(), cookies=(), body=body, seconds=0.1, fell_back=fell_back),
    )


def mirrored(outcome=Outcome.MATCHED, *, times=1, reason="", took=None, **values):
    """Write so many copies with this outcome, of which the last one alone went through the tally."""
    tally = Tally()
    tally.count(exchange(**values), outcome, reason=reason, took=took)
    tally.flush()
    # The monolith's own trouble is no error of the service, and has another reason.
    rows = ShadowCount.objects.order_by("-pk")
    row = rows.filter(outcome=outcome, reason=reason).first() or rows.get(reason__endswith=f": {reason}")
    row.count += times - 1
    row.save()


def ask(*arguments):
    """Exit code and output of `strangler can-cutover`."""
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("strangler_can_cutover", *arguments, stdout=out)
    return ended.value.code, out.getvalue()
