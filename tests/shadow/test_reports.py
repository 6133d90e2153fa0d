"""Each kind of report reads back, keeps hostile values harmless, stays small, and says why it was not written."""

import base64
import io
import json
import os
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from strangler_protos.errors import StranglerError
from strangler_router.types import Call
from strangler_shadow.observation import Difference, Kind, Observation
from strangler_shadow.report import EndpointReport, Finding, Report
from strangler_shadow.reports import (
    KINDS,
    ReportNotWritten,
    html,
    json_document,
    junit,
    markdown,
    pages,
    words,
    write_report,
)
from strangler_shadow.reports.side_by_side import Fold, align
from strangler_shadow.reports.text import print_report
from strangler_shadow.verdict import Verdict
from tests.shadow.page import Page
from tests.shadow.sample_reports import courses, curve, diverged, finding, observation, report, sample

HOSTILE = "<script>alert(1)</script> ]]> | `code` \\ \x00\x1b[31m \u202e \ud800 \ufffe\u2028 {{ 7*7 }} & \"'"


def hostile() -> Report:
    """A report with the hostile text everywhere where text comes from outside."""
    control = observation({HOSTILE: 1, "a": HOSTILE}, headers=(("X-Note", HOSTILE),), cookies=(f"seen={HOSTILE}",))
    candidate = Observation(status=500, headers=((HOSTILE, "x"),), body=HOSTILE.encode("utf-8", "surrogatepass"))
    asked = Call(
        endpoint=HOSTILE, route="x", method="GET", path=f"/{HOSTILE}", query=HOSTILE, headers=((HOSTILE, HOSTILE),)
    )
    differences = [
        Difference(kind=kind, path=HOSTILE, control=[HOSTILE], candidate=[f"{HOSTILE}!"])
        for kind in (Kind.VALUE, Kind.HEADER, Kind.COOKIE, Kind.TYPE)
    ]
    differences += [Difference(kind=kind, path="$", control=HOSTILE, candidate="") for kind in (Kind.BODY, Kind.ERROR)]
    found = Finding(
        call=asked,
        caller=HOSTILE,
        curl=f"curl {HOSTILE}\n```\n# not a heading",
        control=control,
        candidate=candidate,
        differences=tuple(differences),
    )
    broken = EndpointReport(endpoint=HOSTILE, rpc=HOSTILE, rung=HOSTILE, verdict=Verdict.INFRA, reason=HOSTILE)
    return report(diverged(found, endpoint=HOSTILE, reason=HOSTILE), broken)


def many(number: int, *, size: int = 200) -> Report:
    """A report with so many findings, in each of which a page of `size` values differs."""
    control, candidate = (observation({"results": [{"price": start + i} for i in range(size)]}) for start in (0, 1000))
    one = finding(control, candidate, query="page=1")
    return report(diverged(*[one] * number))


def printed(found: Report) -> str:
    console = Console(file=io.StringIO(), width=120)
    print_report(found, console)
    return console.file.getvalue()


# Writing


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_is_written_into_folders_that_it_makes_and_replaces_an_older_one(kind, tmp_path):
    path = tmp_path / "build" / "reports" / f"verify.{kind}"
    write_report(sample(), kind, path)
    write_report(sample(), kind, path)
    assert "v1:course-list.get" in path.read_text(encoding="utf-8")


def test_an_unknown_kind_names_the_kinds_there_are(tmp_path):
    with pytest.raises(
        ReportNotWritten, match="no report of kind 'pdf'; choose one of html, json, junit, markdown, md"
    ):
        write_report(sample(), "pdf", tmp_path / "x")
    assert issubclass(ReportNotWritten, StranglerError)


def test_a_path_below_a_file_says_so(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(ReportNotWritten, match=r"The md report cannot be written to .*/taken/r\.md: .*Name a file"):
        write_report(sample(), "md", tmp_path / "taken" / "r.md")


def test_a_path_that_is_a_folder_says_so(tmp_path):
    with pytest.raises(ReportNotWritten, match="Is a directory"):
        write_report(sample(), "json", tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_says_so(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ReportNotWritten, match="Permission denied"):
        write_report(sample(), "json", tmp_path / "r.json")


def test_a_full_disk_says_so():
    with pytest.raises(ReportNotWritten, match="cannot be written to /dev/full: No space left on device"):
        write_report(sample(), "json", Path("/dev/full"))


def test_a_name_that_is_too_long_says_so(tmp_path):
    with pytest.raises(ReportNotWritten, match="File name too long"):
        write_report(sample(), "json", tmp_path / ("x" * 300))


# JSON


def test_json_holds_all_of_the_report():
    document = json.loads(json_document.render(sample()))
    assert document["schema"] == "strangler.report/1"
    assert (document["verdict"], document["exit_code"], document["seed"]) == ("DIVERGED", 1, 20260302)
    first = document["endpoints"][0]
    assert first["statuses"] == {"200": 410, "400": 52, "404": 38}
    assert first["control_ms"] == {"p50": 14.21, "p90": 31.7, "p99": 88.04}
    found = first["findings"][0]
    assert found["call"]["caller"] == "learner"
    assert found["call"]["query"] == "ordering=-price&page=1"
    assert "$TOKEN" in found["curl"]
    assert json.loads(found["candidate"]["body"])["next"] is None
    assert {
        "kind": "type",
        "risk": "high",
        "path": "$.results[5].price",
        "pattern": "$.results[*].price",
        "control": "129.50",
        "candidate": 49.0,
    } in found["differences"]


def test_json_holds_bytes_that_are_not_text_as_base64_and_spells_out_what_is_no_number():
    control, candidate = observation(body=b"[NaN, 1e999]"), observation(body=b"[1, 2]")
    infinite = finding(control, candidate)
    binary = finding(observation(body=b"\xff\x00"), candidate)
    text = json_document.render(report(diverged(infinite, binary)))
    document = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    first, second = document["endpoints"][0]["findings"]
    assert [difference["control"] for difference in first["differences"]] == ["NaN", "Infinity"]
    assert base64.b64decode(second["control"]["body"]) == b"\xff\x00"
    assert second["control"]["body_encoding"] == "base64"


def test_json_keeps_hostile_text_exactly_and_is_ascii():
    text = json_document.render(hostile())
    assert text.isascii()
    first = json.loads(text)["endpoints"][0]
    assert first["reason"] == HOSTILE
    assert first["findings"][0]["differences"][0]["control"] == [HOSTILE]


# JUnit XML


def test_junit_gives_each_verdict_its_outcome():
    suites = ET.fromstring(junit.render(sample()))
    suite = suites[0]
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4",
        "failures": "1",
        "errors": "1",
        "skipped": "1",
    }
    outcomes = {case.get("name"): [child.tag for child in case] for case in suite.iter("testcase")}
    assert outcomes == {
        "v1:course-list.get": ["failure"],
        "v1:course-detail.get": [],
        "v1:educator-detail.get": ["skipped"],
        "v1:course-lessons.get": ["error"],
    }
    failure = suite.find("testcase/failure")
    assert "curl -sS 'http://127.0.0.1:8000/api/v1/courses/?ordering=-price&page=1'" in failure.text
    assert '  type $.results[5].price: "129.50" -> 49.0' in failure.text
    assert suite.find("testcase/skipped").get("message") == "INCONCLUSIVE: Every compared answer was 404."


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_has_an_outcome_and_words(verdict):
    assert verdict in junit.OUTCOMES
    assert verdict in words.VERDICTS
    assert verdict in pages.SIGNS


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_difference_has_words(kind):
    assert kind in words.KINDS


def test_junit_writes_what_xml_forbids_as_escapes():
    text = junit.render(hostile())
    failure = ET.fromstring(text.encode()).find(".//failure")
    assert "\\x00\\x1b[31m \\u202e \\ud800 \\ufffe\\u2028" in failure.get("message")
    assert "<script>alert(1)</script> ]]>" in failure.text
    assert "]]>" not in text.replace("]]&gt;", "")


@given(st.text(st.characters(exclude_categories=[])))
def test_junit_of_any_text_is_xml(text):
    value = EndpointReport(endpoint=text, rpc="", rung=text, verdict=Verdict.INFRA, reason=text)
    case = ET.fromstring(junit.render(report(value)).encode()).find(".//testcase")
    # A line break in an attribute becomes a reference, so it survives.
    assert case.get("name") == words.visible(text)


# Markdown


def test_markdown_has_a_table_and_a_section_for_each_finding():
    text = markdown.render(sample())
    assert text.startswith("# Verification: DIVERGED\n")
    assert text.count("\n## ") == 2
    assert "| <code>v1:educator-detail.get</code> | typed | INCONCLUSIVE | 120 | 0 | - / - / - |" in text
    assert "14.2 / 31.7 / 88.0 | 3.4 / 6.9 / 15.5" in text
    assert "```sh\ncurl -sS 'http://127.0.0.1:8000/api/v1/courses/?ordering=-price&page=1'" in text


def test_markdown_rows_keep_their_number_of_cells_whatever_is_in_them():
    text = markdown.render(hostile())
    # A fence ends at a line of at least as many backticks as opened it.
    outside = re.sub(r"^(`{3,})sh\n.*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)
    rows = [line for line in outside.splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} == {6, 9}
    assert "`" not in outside
    assert "<script" not in outside
    assert "not a heading" not in outside
    assert outside.count("\n## ") == 1


def test_markdown_shows_the_first_twenty_differences_and_counts_the_rest():
    text = markdown.render(many(1))
    assert text.count("| value |") == 20
    assert "180 more differences left out" in text


@pytest.mark.parametrize("found", [many(2000), report(*[diverged(endpoint="x" * 900, reason="é" * 5000)] * 3000)])
def test_markdown_stays_below_200_kilobytes_and_says_what_it_left_out(found):
    text = markdown.render(found)
    assert len(text.encode()) < 200_000
    assert re.search(r"[\d,]+ more (finding|endpoint)s left out to keep this short", text)


def test_markdown_of_one_enormous_finding_stays_below_200_kilobytes():
    huge = "`|é" * 100_000
    one = finding(observation({"a": huge}), observation({"a": huge + "!"}), path="/" + huge)
    assert len(markdown.render(report(diverged(one))).encode()) < 200_000


# HTML


def test_html_needs_no_other_file_and_runs_no_script():
    text = html.render(sample())
    page = Page(text)
    assert not page.open
    assert {name for name, _ in page.tags}.isdisjoint({"script", "img", "iframe", "object", "embed", "base", "form"})
    assert not [attributes for _, attributes in page.tags if {"src", "srcset", "style", "onclick"} & set(attributes)]
    assert [link["href"] for link in page.attributes("link")] == ["data:,"]
    assert all(link["href"].startswith("#") for link in page.attributes("a"))
    css = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in css
    assert "@import" not in css


def test_html_can_be_used_by_keyboard_and_screen_reader():
    page = Page(html.render(sample()))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    references = [link["href"][1:] for link in page.attributes("a")]
    labels = [attributes["aria-labelledby"] for _, attributes in page.tags if "aria-labelledby" in attributes]
    references += " ".join(labels).split()
    assert set(references) <= set(ids)
    assert page.attributes("html") == [{"lang": "en"}]
    assert len(page.attributes("caption")) == len(page.attributes("table"))
    assert all("scope" in heading for heading in page.attributes("th"))
    levels = [int(name[1]) for name, _ in page.tags if re.fullmatch(r"h[1-6]", name)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.attributes("a")[0] == {"class": "skip", "href": "#findings"}


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours (WCAG 2.2, 1.4.3)."""

    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_html_has_contrast_in_both_modes(mode):
    css = (Path(html.__file__).parent / "report.css").read_text()
    palette = dict(re.findall(r"--([\w-]+): (#\w{6});", re.findall(r":root \{(.*?)\}", css, re.DOTALL)[mode]))
    for ink in ("ink", "soft", "link", "good", "bad", "doubt", "broken", "control", "candidate"):
        for ground in ("paper", "card", "wash"):
            assert contrast(palette[ink], palette[ground]) >= 4.5, (ink, ground)
    for ground in ("old-wash", "new-wash", "old-mark", "new-mark"):
        assert contrast(palette["ink"], palette[ground]) >= 4.5, ground


def test_html_shows_hostile_text_as_text():
    text = html.render(hostile())
    page = Page(text)
    assert not page.attributes("script")
    assert "<script>alert(1)</script> ]]> | `code`" in page.text
    assert "{{ 7*7 }}" in page.text
    assert "\\x00\\x1b[31m \\u202e \\ud800 \\ufffe\\u2028" in page.text
    assert all(char.isprintable() or char == "\n" for char in text)
    text.encode()


def test_html_says_in_two_sentences_what_was_compared():
    page = Page(html.render(sample()))
    lede = page.text[page.text.index("1,123 generated calls") : page.text.index("At least one call")]
    assert "4 endpoints went to both sides: the control, which is the monolith, and the candidate" in lede
    assert "they differed on 1 of 4 endpoints" in lede
    assert "no difference was found" in Page(html.render(report())).text


def test_html_groups_the_differences_of_a_finding_by_pattern_and_kind():
    page = Page(html.render(many(1)))
    assert "200 differences in 1 group of one kind and place" in page.text
    assert "$.results[*].price" in page.text


def test_html_stays_small_with_many_findings_and_says_what_it_left_out():
    text = html.render(many(1000))
    assert len(text.encode()) < 2_000_000
    assert re.search(r"9\d\d more findings left out to keep this file small; the JSON report has all", text)


def test_html_has_a_latency_curve_of_both_sides_in_words_as_a_picture_and_as_a_table():
    page = Page(html.render(sample()))
    pictures = [picture for picture in page.attributes("svg") if picture.get("role") == "img"]
    assert [picture["aria-labelledby"] for picture in pictures] == [
        "endpoint-1-title",
        "endpoint-2-title",
    ]
    assert "Control and candidate took at p50 12.4 and 3.2 ms, at p90" in page.text
    lines = [line["class"] for line in page.attributes("polyline")]
    assert lines == ["trace control", "trace candidate"] * 2
    assert ["p99", "34.08", "7.82", "0.23"] in page.rows
    assert page.text.count("No latency curve was kept.") == 2
    css = (Path(html.__file__).parent / "report.css").read_text()
    assert re.search(r"\.trace\.candidate \{[^}]*stroke-dasharray", css)


def test_html_lists_what_calls_reached_and_what_they_never_did():
    page = Page(html.render(sample()))
    rows = {row[0]: [" ".join(cell.split()) for cell in row[1:]] for row in page.rows[::-1] if len(row) == 3}
    assert rows["Statuses"] == ["200 410 400 52 404 38", "not known"]
    assert rows["Query parameters"] == ["ordering 131 page 122 search 64", "level"]
    assert rows["Choices"] == ["level=advanced 402 level=beginner 211", "level=expert"]
    assert rows["Fields with a value"] == ["educator 402 id 402 price 402 title 402 rating 377", "preview_url"]
    assert "caught 40 of 41 seeded divergences" in page.text
    assert "$.results[*].viewed_at not seen there: times within 2 s of each other" in page.text
    line = "{'endpoint': '*', 'at': '$.token'}"
    assert f"$.token not seen there: another text of the same make; a line that declares it: {line}" in page.text


def test_html_of_three_thousand_endpoints_stays_below_two_megabytes_and_counts_what_it_left_out():
    each = replace(
        diverged(finding(observation(1), observation(2)), endpoint="x" * 900, reason="é" * 5000), curve=curve()
    )
    text = html.render(report(*[each] * 3000))
    assert len(text.encode()) < 2_000_000
    page = Page(text)
    assert len(re.findall(r"[\d,]+ more endpoints left out to keep this file small", page.text)) == 2
    assert len(re.findall(r"[\d,]+ more endpoints with findings left out", page.text)) == 1


def test_html_of_an_endpoint_with_a_thousand_places_that_vary_shows_a_hundred():
    hides = {f"$.field_{number}": "<" * 5000 for number in range(1000)}
    text = html.render(report(replace(diverged(), hides=hides)))
    assert len(text.encode()) < 2_000_000
    assert "900 more places left out" in text


def test_html_of_a_very_large_finding_shows_it_without_its_bodies():
    control, candidate = (observation({str(n): f"{n + start}<" * 90 for n in range(400)}) for start in (0, 1000))
    page = Page(html.render(report(diverged(finding(control, candidate)))))
    assert "The bodies are left out to keep this file small; the JSON report has them." in page.text
    assert "400 differences in 400 groups" in page.text


# Side by side


def test_equal_stretches_are_folded_and_the_change_in_a_line_is_marked():
    rows = align(observation(courses(drift=False)).body, observation(courses(drift=True)).body).rows
    changed = [row for row in rows if not isinstance(row, Fold) and row.mark == "differs"]
    assert changed[0].control == ('  "next": ', '"http://localhost/api/v1/courses/?page=2"', "")
    assert changed[0].candidate == ('  "next": ', "null", "")
    assert sum(row.length for row in rows if isinstance(row, Fold)) > 50
    assert [row.candidate[1] for row in rows if not isinstance(row, Fold) and row.mark == "candidate"] == [
        '        "unlisted"'
    ]


@given(st.lists(st.sampled_from("abcd"), max_size=40), st.lists(st.sampled_from("abcd"), max_size=40))
def test_the_rows_of_each_side_are_its_lines_in_order(left, right):
    control, candidate = (json.dumps(lines).encode() for lines in (left, right))
    rows = align(control, candidate).rows
    for side, body in (("control", control), ("candidate", candidate)):
        lines = []
        for row in rows:
            if isinstance(row, Fold):
                lines += row.lines
            elif getattr(row, side):
                lines.append("".join(getattr(row, side)))
        assert "\n".join(lines) == json.dumps(json.loads(body), indent=2).replace(",", "")


@pytest.mark.parametrize(
    ("control", "candidate", "note"),
    [
        (b"[1.0]", b"[1.00]", "The values are equal; the bodies are shown as they were sent"),
        (b"<p>one</p>", b"<p>two</p>", "Not both bodies are JSON"),
        (b"[" * 5000, b"{}", "Not both bodies are JSON"),
        (b"x" * 1_000_001, b"", "A body of 1,000,001 bytes is not shown here"),
        (json.dumps(list(range(9000))).encode(), json.dumps(list(range(1, 9001))).encode(), "the first 300 rows"),
    ],
)
def test_what_cannot_be_shown_line_by_line_carries_a_note(control, candidate, note):
    shown = align(control, candidate)
    assert note in shown.notes[0]
    assert shown.size < 300_000


def test_long_lines_are_cut_around_their_change():
    control, candidate = (json.dumps("x" * 5000 + middle + "y" * 5000).encode() for middle in ("old", "new"))
    (row,) = align(control, candidate).rows
    assert row.control[1] == "old"
    assert row.control[0].startswith("…xxx")
    assert row.control[2].endswith("yyy…")
    assert len("".join(row.control)) < 200


# Words


@pytest.mark.parametrize(
    ("difference", "expected"),
    [
        (Difference(kind=Kind.MISSING, path="$.a", control=None), ("null", "absent")),
        (Difference(kind=Kind.EXTRA, path="$.a", candidate="absent"), ("absent", '"absent"')),
        (Difference(kind=Kind.HEADER, path="etag", control=['"a"'], candidate=None), ('"\\"a\\""', "absent")),
        (Difference(kind=Kind.HEADER, path="link", control=["a", "b"], candidate=["a"]), ('["a", "b"]', '"a"')),
        (Difference(kind=Kind.LENGTH, path="$", control=1, candidate=2000), ("1 element", "2,000 elements")),
        (Difference(kind=Kind.ERROR, path="$", control="", candidate="UNAVAILABLE"), ("an answer", "UNAVAILABLE")),
        (Difference(kind=Kind.TYPE, path="$", control=1, candidate=1.0), ("1", "1.0")),
        (Difference(kind=Kind.VALUE, path="$", control="a b", candidate="a\xa0b"), ('"a b"', '"a\\xa0b"')),
        (Difference(kind=Kind.VALUE, path="$", control="é", candidate="e\u0301"), ('"\\xe9"', '"e\\u0301"')),
        (Difference(kind=Kind.BODY, path="$", control="a\r\nb", candidate=""), ("a\\r\\nb", "")),
    ],
)
def test_both_sides_of_a_difference_can_be_told_apart(difference, expected):
    assert words.sides(difference) == expected


@given(st.text(max_size=600), st.text(max_size=600))
def test_two_texts_that_differ_are_shown_differently(one, other):
    control, candidate = words.sides(Difference(kind=Kind.VALUE, path="$", control=one, candidate=other), limit=60)
    assert (control == candidate) == (one == other)
    assert len(control) <= 62
    assert (control + candidate).isprintable()


# Terminal


def test_the_terminal_shows_the_smallest_call_its_curl_line_and_ten_differences():
    text = printed(many(1))
    assert "GET /api/v1/courses/?page=1 as anonymous" in text
    assert "  curl -sS 'http://127.0.0.1:8000/api/v1/courses/?page=1' -H 'Authorization: Token $TOKEN'\n" in text
    assert text.count("    value $.results[") == 10
    assert "    value $.results[0].price: 0 -> 1000 (high risk)\n" in text
    assert "and 190 more differences" in text
    assert "DIVERGED  exit code 1, seed 20260302" in text


@pytest.mark.parametrize("show", [printed, junit.render, markdown.render], ids=["terminal", "junit", "markdown"])
def test_what_risks_most_comes_first(show):
    spelled = [Difference(kind=Kind.SPELLING, path=f"$.{i}", control="1", candidate="1.0") for i in range(30)]
    shown = Difference(kind=Kind.STATUS, path="status", control=403, candidate=200)
    one = replace(finding(observation({"a": 1}), observation({"a": 2})), differences=(*spelled, shown))
    text = show(report(diverged(one)))
    assert text.index("403") < text.index("spelling")
    assert "highest" in text


def test_the_terminal_shows_hostile_text_as_text():
    text = printed(hostile())
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "<script>alert(1)</script> ]]> | `code`" in text
    text.encode()


def test_markup_of_the_terminal_in_a_value_is_text():
    one = finding(observation({"a": "[bold]x[/bold] :smile:"}), observation({"a": "[/]"}))
    assert '$.a: "[bold]x[/bold] :smile:" -> "[/]"' in printed(report(diverged(one)))
