"""The evidence as JUnit XML, in the dialect that Jenkins, GitLab and GitHub actions read: a testcase per endpoint."""

from xml.etree import ElementTree as ET

from strangler_shadow.reports.evidence.found import DifferenceGroup, EndpointEvidence, EvidenceReport
from strangler_shadow.reports.junit import OUTCOMES, suites_of, xml_text
from strangler_shadow.reports.words import counted, visible

__all__ = ["render"]

GROUPS_SHOWN = 50


def render(report: EvidenceReport) -> str:
    """The report as XML text; what XML cannot hold, such as control characters, is written as an escape."""
    verdicts = [endpoint.gate.verdict for endpoint in report.endpoints]
    facts = {"verdict": report.verdict.name}
    suites, suite = suites_of("strangler can-cutover", verdicts, started=report.asked, seconds=0.0, facts=facts)
    for endpoint in report.endpoints:
        _testcase(suite, endpoint)
    return xml_text(suites)


def _testcase(suite: ET.Element, endpoint: EndpointEvidence) -> None:
    gate = endpoint.gate
    name = visible(gate.endpoint)
    case = ET.SubElement(suite, "testcase", classname=visible(f"strangler.{gate.rung}.{gate.stage}"), name=name)
    outcome = OUTCOMES[gate.verdict]
    if not outcome:
        return
    reason = visible(f"{gate.verdict.name}: {'; '.join(gate.reasons)}")
    element = ET.SubElement(case, outcome, message=reason, type=gate.verdict.name)
    lines = [_line(group) for group in endpoint.groups[:GROUPS_SHOWN]]
    if len(endpoint.groups) > GROUPS_SHOWN:
        lines.append(f"and {counted(len(endpoint.groups) - GROUPS_SHOWN, 'more group')}")
    element.text = visible("\n".join(lines)) or None


def _line(group: DifferenceGroup) -> str:
    return f"{group.count:,} x {group.kind} at {group.pattern}: {group.control} -> {group.candidate}"
