"""The findings as a pytest file that fails until they are mended; it needs `strangler_shadow.pytest_plugin`."""

import re
from collections.abc import Iterator
from pprint import pformat

from strangler_shadow.corpus import document_of
from strangler_shadow.report import EndpointReport, Finding, Report

__all__ = ["render"]

HEAD = '''"""Calls that monolith and service answered differently, as `strangler verify` found them (seed {seed}).

Rows have to be there: fixtures of the suite make them.{rows}
"""
{imports}
'''
ROWS = """
Those with values at the edge are made here: `rows` has them by the key that the call has for them."""
NOTHING = "# Nothing was found that differs.\n"
TEST = """
def {name}(strangler):
    # {words}
    call = {call}{made}
    strangler.check(call, rung={rung!r}{rows})
"""
# What the source of a value begins with, and what has to be imported for it.
IMPORTS = {
    "datetime.": "import datetime",
    "Decimal(": "from decimal import Decimal",
    "UUID(": "from uuid import UUID",
    "Scene(": "\nfrom strangler_shadow.scenes import Scene",
}


def render(report: Report) -> str:
    """Python source, one test for each finding."""
    tests = "\n".join(test for endpoint in report.endpoints for test in _tests(endpoint))
    makes_rows = any(finding.rows for endpoint in report.endpoints for finding in endpoint.findings)
    imports = "".join(f"\n{line}" for beginning, line in IMPORTS.items() if beginning in tests) + "\n"
    made = {"rows": ROWS, "imports": imports} if makes_rows else {"rows": "", "imports": ""}
    head = HEAD.format(seed=report.seed, **made)
    return head + (tests or NOTHING)


def _tests(endpoint: EndpointReport) -> Iterator[str]:
    for number, finding in enumerate(endpoint.findings, 1):
        yield TEST.format(
            name=f"test_{re.sub(r'[^0-9a-z]+', '_', endpoint.endpoint.lower()).strip('_')}_{number}",
            words=_words(finding),
            call=pformat(document_of(finding.call), sort_dicts=False, width=110).replace("\n", "\n    "),
            made=_made(finding),
            rung=endpoint.rung,
            rows=", rows=rows" if finding.rows else "",
        )


def _made(finding: Finding) -> str:
    """The generated rows that have to be there, each in a line, by key; empty where there are none."""
    lines = []
    for key, scene in finding.rows.items():
        tie = f", tie={scene.tie!r}" if scene.tie else ""
        lines.append(f"        {key!a}: Scene(model={scene.model!r}{tie}, values={dict(scene.values)!a}),")
    return "\n    rows = {\n" + "\n".join(lines) + "\n    }" if lines else ""


def _words(finding: Finding) -> str:
    places = sorted({f"{each.kind} at {each.pattern}" for each in finding.differences})
    # A pattern may hold what a client sent; a comment ends with its line.
    return "; ".join(places[:3]).encode("ascii", "backslashreplace").decode().replace("\n", " ").replace("\r", " ")
