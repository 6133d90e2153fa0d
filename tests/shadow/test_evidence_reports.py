"""The reports on live pairs: what they say adds up, stays small, and shows hostile text as text."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from strangler_shadow.declared import NeverSeen
from strangler_shadow.models import ShadowDifference
from strangler_shadow.reports import ReportNotWritten
from strangler_shadow.reports.evidence import KINDS, html, json_document, junit, markdown, write_evidence
from strangler_shadow.reports.evidence.found import EndpointEvidence, copies, read_found
from strangler_shadow.verdict import Verdict
from tests.shadow.evidences import NAME, mirrored
from tests.shadow.page import Page
from tests.shadow.sample_gates import NOW, gate, group, million, report, sample
from tests.shadow.test_reports import HOSTILE


def hostile():
    """Evidence with the hostile text everywhere where text may come from outside."""
    found = gate(
        endpoint=HOSTILE,
        verdict=Verdict.DIVERGED,
        reasons=(HOSTILE, HOSTILE),
        reasons_of_counts={f"errored: {HOSTILE}": 1, f"dropped: {HOSTILE}": 866},
        callers={HOSTILE: 12_000},
        never_seen=NeverSeen(fields=(HOSTILE,), values=(HOSTILE,), parameters=(HOSTILE,)),
    )
    one = group(kind=HOSTILE, pattern=HOSTILE, control=HOSTILE, candidate=HOSTILE, only_where=(HOSTILE,))
    return report(EndpointEvidence(gate=found, groups=(one,)))


def rows(found):
    return [[" ".join(cell.split()) for cell in row] for row in Page(html.render(found)).rows]


# Reading


@pytest.mark.django_db
def test_the_differences_of_the_endpoint_and_rung_come_with_the_worst_first():
    found = [("value", 2), ("value", 9), ("status", 1), ("precision", 80), ("value", 9), ("status", 3), ("cookie", 1)]
    sides = {"status": ("403", "404"), "cookie": ("null", "list(1) #0a0a0a0a")}
    for number, (kind, count) in [*enumerate(found), (99, ("value", 500))]:
        control, candidate = sides.get(kind, ("str(1) #00000000", "null"))
        ShadowDifference.objects.create(
            endpoint=gate().endpoint,
            rung="lifted" if number == 99 else "native",
            kind=kind,
            pattern=f"$.{number}",
            count=count,
            first_seen=NOW,
            last_seen=NOW + timedelta(hours=1),
            control=control,
            candidate=candidate,
            traits={"level": {'"advanced"': [9, 0], '"basic"': [0, 400]}},
        )
    known = read_found([gate()], NOW)
    assert known.asked == "2026-11-23T12:30:00+00:00"
    groups = known.endpoints[0].groups
    assert [(each.kind, each.count, each.risk.word) for each in groups] == [
        ("status", 3, "highest"),
        ("status", 1, "highest"),
        ("value", 9, "high"),
        ("value", 9, "high"),
        ("value", 2, "high"),
        ("cookie", 1, "high"),
        ("precision", 80, "medium"),
    ]
    assert [each.pattern for each in groups[2:4]] == ["$.1", "$.4"]
    assert groups[0].only_where == ('level="advanced"',)


@pytest.mark.django_db
def test_what_rules_hide_comes_with_who_answers_for_it(settings):
    rule = {"endpoint": "*", "at": "$.price", "matcher": "number", "within": 0.1}
    rule |= {"owner": "pricing team", "reason": "rates change", "until": "2027-06-30"}
    gone = rule | {"at": "$.title", "until": "2026-11-23"}
    settings.STRANGLER = {**settings.STRANGLER, "SHADOW": {"RULES": [rule, gone]}}
    mirrored(reason="varies: $.joined_at time", times=3)
    (endpoint,) = read_found([gate(endpoint=NAME)], NOW).endpoints
    places = {place.pattern: place for place in endpoint.hides}
    assert (places["$.price"].owner, places["$.price"].reason) == ("pricing team", "rates change")
    assert places["$.price"].until.isoformat() == "2027-06-30"
    assert places["$.joined_at"].words == "another time in the same layout, near it"
    assert places["$.joined_at"].owner == ""
    assert "$.title" not in places


@pytest.mark.parametrize("endpoint", sample().endpoints + million().endpoints)
def test_counts_by_outcome_add_up_and_so_do_their_reasons(endpoint):
    found = copies(endpoint.gate)
    assert sum(each.count for each in found) == sum(endpoint.gate.counts.values())
    for each in found:
        assert not each.reasons or sum(count for _, count in each.reasons) == each.count
    named = {f"{each.outcome}: {name}" for each in found for name, _ in each.reasons if name != "no reason given"}
    assert named == set(endpoint.gate.reasons_of_counts)


# Writing


@pytest.mark.parametrize("kind", KINDS)
def test_the_evidence_is_written_into_folders_that_are_made(kind, tmp_path):
    path = tmp_path / "build" / f"evidence.{kind}"
    write_evidence(sample(), kind, path)
    assert "v1:course-list.get" in path.read_text(encoding="utf-8")


def test_an_unknown_kind_and_a_path_that_cannot_be_written_say_so(tmp_path):
    with pytest.raises(ReportNotWritten, match="no report of kind 'pytest'; choose one of html, json, junit"):
        write_evidence(sample(), "pytest", tmp_path / "x")
    with pytest.raises(ReportNotWritten, match=r"The html report cannot be written to .*: Is a directory"):
        write_evidence(sample(), "html", tmp_path)


# HTML


def test_html_says_the_verdict_with_each_reason_and_the_numbers_that_it_rests_on():
    page = Page(html.render(sample()))
    assert "More pairs of an endpoint differ than further ones can make good." in page.text
    assert "at least 1 in 132 differ, which no further pairs can bring below 1 in 1,000" in page.text
    assert "5 % of the copies were dropped" in page.text
    assert "EQUIVALENT, 412 calls, 2026-11-22, by ci (build a41f9)" in page.text
    table = rows(sample())
    assert ["v1:course-detail.get native, to canary", *table[2][1:]] == table[2]
    assert table[2][2:] == ["3,060", "60", "104,000", "3.1 %", "0.1 %"]


def test_html_draws_the_bound_over_time_with_its_threshold_and_says_it_in_words():
    page = Page(html.render(sample()))
    assert "On 2026-11-10 the bound was 0.685 %, on 2026-11-23 0.0491 %; it has to fall below 0.1 %." in page.text
    assert [line["class"] for line in page.attributes("polyline")].count("trace bound") == 2
    limits = [path for path in page.attributes("path") if path["class"] == "trace limit" and path["d"] != "M0 5H34"]
    assert len(limits) == 2
    assert ["2026-11-23", "12,000", "0", "0.0491 %"] in rows(sample())
    assert "There is no bound over time: no pair was counted in this epoch." in page.text


def test_html_draws_the_latency_of_both_sides_and_says_how_sure_it_is():
    table = rows(sample())
    assert ["p99", "34.08", "7.82", "0.23"] in table
    assert ["p50", "control, served", "14.2", "13.3", "15.2"] in table
    assert ["p99", "candidate, replayed", "13.3", "12.5", "not known"] in table


def test_html_splits_the_copies_by_outcome_and_reason():
    table = rows(sample())
    first = table.index(["matched", "12,000", "92.3 %"])
    assert table[first : first + 3][1:] == [["cached", "310", "2.38 %"], ["no reason given", "11,690", "89.9 %"]]
    assert ["sampled", "13,000", "100 %"] in table


def test_html_lists_what_was_never_seen():
    table = rows(sample())
    assert ["Fields with a value", "all others", "preview_url subtitle"] in table
    assert ["Fields with a value", "all that are declared", "nothing that is declared"] in table
    assert ["Choices", "level=advanced level=beginner", "level=expert"] in table
    assert ["Query parameters", "page 3,400 ordering 210", "level search"] in table
    assert ["Kinds of caller", "anonymous 3,052", "user staff"] in table
    assert ["Fields with a value", "none", "bio name"] in table
    assert ["Answers", "with content 11,520 errors or empty 480", "not known"] in table


def test_html_shows_each_group_of_differences_with_both_sides_beside_each_other():
    assert [
        '$.price only where level="advanced"',
        "precision the number differs in its last digits, or in how many there are",
        "medium",
        "41",
        "2026-11-14 12:30",
        "2026-11-23 12:13",
        "str(12) #a1b2c3d4",
        "str(12) #0f9e8d7c",
    ] in rows(sample())


def test_html_says_what_pairs_say_nothing_about_and_who_answers_for_it():
    table = rows(sample())
    assert [
        "$.results[*].price",
        "a number within 0.1 % (declared)",
        "pricing team",
        "rates are fetched each minute",
        "2027-06-30",
    ] in table
    assert table[[row[0] for row in table].index("$.results[*].viewed_at")][:3] == [
        "$.results[*].viewed_at",
        "another time in the same layout, near it",
        "learnt",
    ]
    assert Page(html.render(sample())).text.count("No rule hides anything.") == 2
    assert "- not seen at <code>&#36;.results&#91;&#42;&#93;.price</code>" in markdown.render(sample())


def test_html_of_a_million_pairs_stays_below_two_megabytes_and_counts_what_it_left_out():
    text = html.render(million())
    assert len(text.encode()) < 2_000_000
    page = Page(text)
    assert "1,000,000" in page.text
    assert "4,800 more groups left out to keep this file small; the JSON report has all." in page.text
    assert "364 more days left out" in page.text
    assert "and 440 more" in page.text


def test_html_of_many_endpoints_stays_below_two_megabytes_and_counts_those_left_out():
    text = html.render(report(*million().endpoints * 300))
    assert len(text.encode()) < 2_000_000
    shown = len(Page(text).attributes("polyline")) // 3
    assert f"{300 - shown} more endpoints left out to keep this file small" in text
    assert shown > 1


def test_html_shows_hostile_text_as_text():
    text = html.render(hostile())
    page = Page(text)
    assert not page.attributes("script")
    assert page.text.count("<script>alert(1)</script> ]]> | `code`") > 8
    assert all(char.isprintable() or char == "\n" for char in text)
    text.encode()


def test_html_needs_no_other_file_and_can_be_used_by_keyboard_and_screen_reader():
    text = html.render(sample())
    page = Page(text)
    assert not page.open
    assert {name for name, _ in page.tags}.isdisjoint({"script", "img", "iframe", "object", "embed", "base", "form"})
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    labels = [attributes["aria-labelledby"] for _, attributes in page.tags if "aria-labelledby" in attributes]
    assert set(" ".join(labels).split()) <= set(ids)
    assert {link["href"][1:] for link in page.attributes("a")} <= set(ids)
    assert len(page.attributes("caption")) == len(page.attributes("table"))
    assert all("scope" in heading for heading in page.attributes("th"))
    levels = [int(name[1]) for name, _ in page.tags if re.fullmatch(r"h[1-6]", name)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


# Markdown


def test_markdown_has_a_row_and_a_section_for_each_endpoint():
    text = markdown.render(sample())
    assert text.startswith("# Evidence: DIVERGED\n")
    assert text.count("\n## ") == 3
    assert "| DIVERGED | 3,060 | 60 | 3.1 % | 0.1 % | 104,000 |" in text
    assert "- 3,233 copies = 3,000 matched + 52 mismatched + 3 transient + 8 errored (deadline exceeded 5," in text
    assert "- never seen with a value: preview_url, subtitle" in text
    assert "- never seen, query parameters: level, search\n- never seen, choices: level=expert" in text
    assert "| precision | medium | <code>&#36;.price</code> | 41 | 2026-11-14 12:30 |" in text


def test_markdown_rows_keep_their_number_of_cells_whatever_is_in_them():
    text = markdown.render(hostile())
    assert {row.count("|") for row in text.splitlines() if row.startswith("|")} == {9, 10}
    assert "`" not in text
    assert "<script" not in text


@pytest.mark.parametrize("found", [million(), report(*million(50).endpoints * 2000)])
def test_markdown_stays_below_200_kilobytes_and_counts_what_it_left_out(found):
    text = markdown.render(found)
    assert len(text.encode()) < 200_000
    assert re.search(r"[\d,]+ more (group|endpoint)s left out to keep this short", text)


# JUnit XML


def test_junit_gives_each_verdict_its_outcome():
    suites = ET.fromstring(junit.render(sample()).encode())
    assert {name: suites.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "3",
        "failures": "1",
        "errors": "0",
        "skipped": "1",
    }
    failure = suites.find(".//failure")
    assert failure.get("message").startswith("DIVERGED: at least 1 in 132 differ")
    assert failure.text.endswith("\n41 x precision at $.price: str(12) #a1b2c3d4 -> str(12) #0f9e8d7c")


def test_junit_of_hostile_text_is_xml_and_long_lists_are_counted():
    case = ET.fromstring(junit.render(hostile()).encode()).find(".//testcase")
    assert "<script>alert(1)</script>" in case.get("name")
    assert "and 4,950 more groups" in junit.render(million())


# JSON


def test_json_holds_every_group_and_day():
    document = json.loads(json_document.render(million()))
    assert (document["schema"], document["verdict"], document["exit_code"]) == ("strangler.evidence/1", "DIVERGED", 1)
    (endpoint,) = document["endpoints"]
    assert len(endpoint["differences"]) == 5_000
    assert len(endpoint["history"]) == 730
    assert endpoint["pairs"] == 1_000_000


def test_json_is_the_same_whatever_order_counts_came_in():
    one = gate()
    other = replace(
        one,
        callers=dict(reversed(one.callers.items())),
        statuses=dict(reversed(one.statuses.items())),
        reasons_of_counts=dict(reversed(one.reasons_of_counts.items())),
    )
    texts = {json_document.render(report(EndpointEvidence(gate=each))) for each in (one, other)}
    assert len(texts) == 1
