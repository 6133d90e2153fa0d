import json
import subprocess
import sys
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from strangler_django.profiling.reports.json_document import SCHEMA
from strangler_django.verb import UsageError
from strangler_protos.exit_codes import USAGE
from tests.shadow.page import Page


def run(*words):
    out = StringIO()
    call_command("strangler_profile", *words, stdout=out)
    return out.getvalue()


def refusal(*words):
    with pytest.raises(UsageError) as caught:
        run(*words)
    assert caught.value.returncode == USAGE
    return str(caught.value)


def test_an_endpoint_is_printed_with_its_n_plus_ones_and_what_removes_them(library):
    library.fill(12)
    said = run("chain.get", "select-chain.get")
    assert "1: 3, 10: 21, 12: 25" in said
    assert "1: 1, 10: 1, 12: 1" in said
    assert "N+1 found of Chain, tests/django/profiling/library/planted.py:" in said
    assert 'select_related: select_related("author__country"); removes 24 queries, leaves 0' in said
    assert "1 N+1 in 2 profiled endpoints, as nobody" in said
    assert "measured at sizes 1, 10, 12: there are no more rows: chain.get, select-chain.get" in said


def test_json_is_all_that_is_printed_and_reports_go_to_files(library, tmp_path):
    library.fill(3)
    files = {kind: tmp_path / "new" / f"profile.{kind}" for kind in ("html", "json", "text")}
    words = [word for kind, path in files.items() for word in ("--report", f"{kind}={path}")]
    document = json.loads(run("count.get", "--format", "json", *words))
    assert document["schema"] == SCHEMA
    assert json.loads(files["json"].read_text()) == document
    assert "N+1 found of Counted" in files["text"].read_text()
    [endpoint] = document["endpoints"]
    assert endpoint["growth"] == [{"size": 1, "queries": 2}, {"size": 3, "queries": 4}]
    [finding] = endpoint["findings"]
    assert finding["advice"][0]["remedy"] == "batched"
    assert document["ranking"][0]["work"] in {"fix", "peel"}
    assert {step["work"] for step in document["ranking"]} == {"fix", "peel"}


def test_the_page_shows_all_and_asks_nobody_for_anything(library, tmp_path):
    library.fill(3)
    run("count.get", "template.get", "--report", f"html={tmp_path / 'page.html'}")
    page = Page((tmp_path / "page.html").read_text())
    assert "return book.chapters.count()  # planted: count" in page.text
    assert "library/page.html:3" in page.text
    assert [tag for tag, _ in page.tags if tag in {"script", "img", "iframe"}] == []
    addresses = [value for _, attributes in page.tags for name, value in attributes.items() if name in {"src", "href"}]
    assert all(value.startswith(("#", "data:")) for value in addresses)
    targets = {attributes.get("id") for _, attributes in page.tags}
    assert {value[1:] for value in addresses if value.startswith("#")} <= targets
    assert all("tabindex" in attributes for attributes in page.attributes("div") if attributes.get("class") == "scroll")


def test_requests_of_a_file_weigh_the_ranking(library, tmp_path):
    library.fill(3)
    User.objects.create(username="ada")
    file = tmp_path / "requests"
    file.write_text(
        "GET /planted/count/ ada\n" * 40
        + "GET /planted/chain/?secret=value\nPOST /planted/chain/\n/clean/select/ eve\n"
    )
    said = run("--requests", str(file))
    assert "count.get x40" in said
    assert "chain.get ?secret" in said
    assert "value" not in said.replace("without values", "")
    assert "1 request of the file: POST is not safe" in said
    assert "1 request of the file: by a user who is not there" in said
    document = json.loads(run("--requests", str(file), "--format", "json"))
    assert [(found["endpoint"], found["weight"]) for found in document["endpoints"]] == [
        ("chain.get", 1),
        ("count.get", 40),
    ]
    [fix] = [step for step in document["ranking"] if (step["work"], step["endpoint"]) == ("fix", "count.get")]
    [finding] = document["endpoints"][1]["findings"]
    assert fix["saves"] == pytest.approx(40 * finding["milliseconds"])
    assert fix["queries"] == 40 * 2
    only = json.loads(run("chain.get", "--requests", str(file), "--format", "json"))
    assert only["skipped"] == {"POST is not safe": 1, "of other endpoints": 41}


def test_words_that_are_wrong_are_refused_with_what_would_be_right(library, tmp_path):
    assert refusal("chian.get") == "'chian.get' is no GET endpoint; did you mean 'chain.get'?"
    assert refusal("--user", "nobody") == "there is no user 'nobody'"
    assert "KIND is one of html, json, text" in refusal("--report", "pdf=x")
    assert "No such file" in refusal("--requests", str(tmp_path / "none"))
    (tmp_path / "bad").write_text("GET nothing\n")
    assert "line 1 has no path" in refusal("--requests", str(tmp_path / "bad"))
    (tmp_path / "empty").write_text("POST /planted/chain/\n")
    assert "no line is a GET of these endpoints" in refusal("--requests", str(tmp_path / "empty"))
    with pytest.raises(CommandError):
        run("--format", "yaml")


def test_without_jinja2_the_page_says_what_to_install():
    program = """
import sys
sys.modules["jinja2"] = None
import django; django.setup()
from strangler_django.profiling.report import Report
from strangler_django.profiling.reports import ReportNotWritten, render_report
report = Report(started="", caller="nobody", endpoints=(), ranking=())
assert render_report(report, "json") and render_report(report, "text")
try:
    render_report(report, "html")
except ReportNotWritten as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "pip install 'django-strangler[verify]'" in done.stdout
