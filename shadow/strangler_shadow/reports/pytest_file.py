"""The findings as a pytest file that fails until they are mended; it needs `strangler_shadow.pytest_plugin`."""

import re
from collections.abc import Iterator
from pprint import pformat

from strangler_shadow.corpus import document_of
from strangler_shadow.report import EndpointReport, Finding, Report

__all__ = ["render"]

HEAD = '''"""Calls that monolith and service answered differently, as `strangler verify` found them (seed {seed}).

Rows have to be there: fixtures of the suite make them.
"""

'''
NOTHING = "# Nothing was found that differs.\n"
TEST = """
def {name}(strangler):
    # {words}
    call = {call}
    strangler.check(call, rung={rung!r})
"""


def render(report: Report) -> str:
    """Python source, one test for each finding."""
    tests = [test for endpoint in report.endpoints for test in _tests(endpoint)]
    return HEAD.format(seed=report.seed) + ("\n".join(tests) if tests else NOTHING)


def _tests(endpoint: EndpointReport) -> Iterator[str]:
    for number, finding in enumerate(endpoint.findings, 1):
        yield TEST.format(
            name=f"test_{re.sub(r'[^0-9a-z]+', '_', endpoint.endpoint.lower()).strip('_')}_{number}",
            words=_words(finding),
            call=pformat(document_of(finding.call), sort_dicts=False, width=110).replace("\n", "\n    "),
            rung=endpoint.rung,
        )


def _words(finding: Finding) -> str:
    places = sorted({f"{each.kind} at {each.pattern}" for each in finding.differences})
    # A pattern may hold what a client sent; a comment ends with its line.
    return "; ".join(places[:3]).encode("ascii", "backslashreplace").decode().replace("\n", " ").replace("\r", " ")
