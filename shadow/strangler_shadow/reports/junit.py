"""The report as JUnit XML, in the dialect that Jenkins, GitLab and GitHub actions read: a testcase per endpoint."""

from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as ET

from strangler_shadow.report import EndpointReport, Finding, Report
from strangler_shadow.reports.words import counted, described, differences_in, request, visible, worst_first
from strangler_shadow.verdict import Verdict

__all__ = ["OUTCOMES", "render", "suites_of", "xml_text"]

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
OUTCOMES = {
    Verdict.EQUIVALENT: "",
    Verdict.DIVERGED: "failure",
    Verdict.INCONCLUSIVE: "skipped",
    Verdict.STALE: "skipped",
    Verdict.INFRA: "error",
}
# CI servers hold a whole suite in memory.
FINDINGS_SHOWN = 50
DIFFERENCES_SHOWN = 20
TEXT_SHOWN = 4000


def render(report: Report) -> str:
    """The report as XML text; what XML cannot hold, such as control characters, is written as an escape."""
    suites, suite = suites_of(
        "strangler verify",
        [endpoint.verdict for endpoint in report.endpoints],
        started=report.started,
        seconds=sum(endpoint.seconds for endpoint in report.endpoints),
        facts={"seed": report.seed, "examples": report.examples, "verdict": report.verdict.name},
    )
    for endpoint in report.endpoints:
        _testcase(suite, endpoint)
    return xml_text(suites)


def suites_of(
    name: str, verdicts: Sequence[Verdict], *, started: str, seconds: float, facts: Mapping[str, object]
) -> tuple[ET.Element, ET.Element]:
    """The root and the one suite in it, with totals and properties; testcases go into the suite."""
    outcomes = [OUTCOMES[verdict] for verdict in verdicts]
    totals = {
        "tests": str(len(outcomes)),
        "failures": str(outcomes.count("failure")),
        "errors": str(outcomes.count("error")),
        "skipped": str(outcomes.count("skipped")),
        "time": f"{seconds:.3f}",
    }
    suites = ET.Element("testsuites", {"name": "strangler", **totals})
    # The dialect's timestamps have no zone.
    suite = ET.SubElement(suites, "testsuite", {"name": name, "timestamp": started[:19], **totals})
    properties = ET.SubElement(suite, "properties")
    for key, value in facts.items():
        ET.SubElement(properties, "property", name=key, value=str(value))
    return suites, suite


def xml_text(suites: ET.Element) -> str:
    """The document, indented."""
    ET.indent(suites)
    return f"{DECLARATION}\n{ET.tostring(suites, encoding='unicode')}\n"


def _testcase(suite: ET.Element, endpoint: EndpointReport) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        classname=visible(f"strangler.{endpoint.rung}"),
        name=visible(endpoint.endpoint),
        time=f"{endpoint.seconds:.3f}",
    )
    outcome = OUTCOMES[endpoint.verdict]
    if not outcome:
        return
    reason = visible(f"{endpoint.verdict.name}: {endpoint.reason}")
    element = ET.SubElement(case, outcome, message=reason, type=endpoint.verdict.name)
    if endpoint.findings:
        element.text = visible(_text(endpoint))


def _text(endpoint: EndpointReport) -> str:
    found = f"{counted(differences_in(endpoint), 'difference')} in {counted(len(endpoint.findings), 'finding')}"
    parts = [found, *(_finding(finding) for finding in endpoint.findings[:FINDINGS_SHOWN])]
    if len(endpoint.findings) > FINDINGS_SHOWN:
        parts.append(f"and {counted(len(endpoint.findings) - FINDINGS_SHOWN, 'more finding')}")
    return "\n\n".join(parts)


def _finding(finding: Finding) -> str:
    lines = [request(finding)[:TEXT_SHOWN], finding.curl[:TEXT_SHOWN]]
    lines += [f"  {described(each)}" for each in worst_first(finding.differences)[:DIFFERENCES_SHOWN]]
    if len(finding.differences) > DIFFERENCES_SHOWN:
        lines.append(f"  and {counted(len(finding.differences) - DIFFERENCES_SHOWN, 'more difference')}")
    return "\n".join(lines)
