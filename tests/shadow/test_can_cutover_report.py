"""`strangler can-cutover --report` writes files beside what it prints."""

import json
import sys
from xml.etree import ElementTree as ET

import pytest
from django.core.management import call_command

from strangler_django.verb import UsageError
from strangler_shadow.observation import Difference, Kind, Observation
from strangler_shadow.tally import Outcome, Tally
from strangler_shadow.verdict import Verdict
from tests.shadow.evidences import BODY, NAME, ask, exchange, mirrored
from tests.shadow.json_schema import problems
from tests.shadow.test_report_schemas import EVIDENCE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("native_rung")]
NEEDLE = "needle-4711"


def differed():
    """One pair in which a name differs."""
    tally, pair = Tally(), exchange()
    tally.count(pair, Outcome.MISMATCHED, took=(0.010, 0.004))
    places = [Difference(kind=Kind.VALUE, path=f"$.{name}", control=NEEDLE, candidate="x") for name in ("name", NEEDLE)]
    tally.found(pair, Observation(body=BODY), places)
    tally.flush()


def test_each_kind_is_written_with_the_days_and_the_differences_and_no_recorded_value(tmp_path):
    mirrored(times=6_000)
    differed()
    kinds = {"html": "r.html", "markdown": "r.md", "json": "r.json", "junit": "deep/r.xml"}
    code, said = ask(NAME, *(f"--report={kind}={tmp_path / name}" for kind, name in kinds.items()))
    assert code == Verdict.INCONCLUSIVE
    assert f"junit report: {tmp_path / 'deep/r.xml'}" in said
    texts = {kind: (tmp_path / name).read_text() for kind, name in kinds.items()}
    assert not [kind for kind, text in texts.items() if NEEDLE in text]
    assert "$.name" in texts["html"]
    assert "str(11) #" in texts["html"]
    assert texts["markdown"].startswith("# Evidence: INCONCLUSIVE")
    assert ET.fromstring(texts["junit"]).get("skipped") == "1"
    document = json.loads(texts["json"])
    assert problems(document, EVIDENCE) == []
    (endpoint,) = document["endpoints"]
    assert endpoint["history"][-1]["pairs"] == endpoint["pairs"] == 6_001
    assert sum(endpoint["counts"].values()) == 6_001
    assert {each["kind"] for each in endpoint["differences"]} == {"value"}
    assert endpoint["curve"][0]["control_ms"] == pytest.approx(10, rel=0.05)


def test_output_in_json_stays_one_document(tmp_path):
    _, said = ask(NAME, "--format", "json", f"--report=html={tmp_path / 'r.html'}")
    assert json.loads(said)[0]["endpoint"] == NAME
    assert (tmp_path / "r.html").stat().st_size > 5_000


def test_without_jinja_the_page_is_a_usage_error_and_the_rest_is_written(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    for name in ("strangler_django.pages", "strangler_shadow.reports.pages", "strangler_shadow.reports.evidence.html"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    ask(NAME, *(f"--report={kind}={tmp_path / kind}" for kind in ("json", "junit", "markdown")))
    assert len(list(tmp_path.iterdir())) == 3
    with pytest.raises(UsageError, match="The html report needs jinja2: pip install"):
        call_command("strangler_can_cutover", NAME, f"--report=html={tmp_path / 'r.html'}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pdf=x", "--report pdf=x: write KIND=PATH, and KIND is one of html, json, junit, markdown, md"),
        ("html", "--report html: write KIND=PATH"),
        ("html=", "--report html=: write KIND=PATH"),
        ("html=/dev/null/x", "--report html=/dev/null/x: "),
        ("html=/tmp", "--report html=/tmp: Is a directory"),
        (f"html={'x' * 300}", "x: File name too long"),
    ],
)
def test_a_file_that_cannot_be_is_a_usage_error_before_anything_is_asked(text, words):
    with pytest.raises(UsageError) as error:
        call_command("strangler_can_cutover", NAME, "--report", text)
    assert words in str(error.value)
