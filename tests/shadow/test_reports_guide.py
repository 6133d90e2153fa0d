"""What shadow/docs/reports.md shows works, and what it says of the reports is so."""

import json
import re
import shlex
from pathlib import Path

import pytest
from django.core.management import load_command_class

from strangler_shadow import reports
from strangler_shadow.reports import KINDS, evidence, json_document, markdown_text, pages
from strangler_shadow.reports.evidence import json_document as evidence_document
from tests.conftest import CATALOG
from tests.shadow.evidences import mirrored
from tests.shadow.json_schema import problems

FOLDER = Path(__file__).parents[2] / "shadow/docs"
GUIDE = (FOLDER / "reports.md").read_text()
COMMANDS = re.findall(r"^\$ strangler (.*)$", GUIDE, re.MULTILINE)
FILES = {"html": "<!DOCTYPE html>", "xml": "<?xml", "md": "# Evidence: ", "json": "{"}

on_a_file = pytest.mark.parametrize("seeded_academy", ["sqlite_file"], indirect=True)


@pytest.fixture
def strangler(own_corpus, academy, settings, tmp_path, monkeypatch):
    """A command of the guide as it is written, in an empty folder: its exit code."""
    monkeypatch.chdir(tmp_path)
    targets = {CATALOG: {"native": academy.targets["native"]}}
    settings.STRANGLER = {**settings.STRANGLER, "TARGETS": targets}

    def run(line):
        verb, *arguments = shlex.split(line)
        name = f"strangler_{verb.replace('-', '_')}"
        with pytest.raises(SystemExit) as ended:
            load_command_class("strangler_shadow", name).run_from_argv(["strangler", name, *arguments])
        return int(ended.value.code or 0)

    return run


@on_a_file
def test_every_command_runs_as_it_is_written_and_its_files_are_there(strangler, tmp_path):
    mirrored(times=6_000)
    assert len(COMMANDS) == 3
    for line in COMMANDS:
        assert strangler(line) == 0
        for name in re.findall(r"--report \w+=(\S+)", line):
            assert (tmp_path / name).read_text().startswith(FILES[Path(name).suffix[1:]])


@on_a_file
def test_a_run_draws_its_latency_and_says_what_it_reached(strangler, tmp_path):
    assert strangler("verify v1:course-list.get --rung native --examples 15 --seed 3 --report json=r.json") == 0
    document = json.loads((tmp_path / "r.json").read_text())
    schema = json.loads((Path(reports.__file__).parent / "report.schema.json").read_text())
    assert problems(document, schema) == []
    (endpoint,) = document["endpoints"]
    assert endpoint["curve"][0]["quantile"] == 0
    assert endpoint["curve"][-1]["quantile"] >= 0.9
    medians = [point["control_ms"] for point in endpoint["curve"] if point["quantile"] == 0.5]
    assert medians == [endpoint["control_ms"]["p50"]]
    assert endpoint["parameters"]["page"] > 0
    assert endpoint["fields"]["title"] > 0
    assert endpoint["values"]["level=beginner"] > 0


def test_every_kind_limit_file_and_version_is_the_one_that_it_names():
    kinds = {
        name for cell in re.findall(r"^\| (`.*?`) \|", GUIDE, re.MULTILINE) for name in re.findall(r"`(\w+)`", cell)
    }
    assert kinds == set(KINDS) == {*evidence.KINDS, "pytest"}
    assert pages.LARGEST < 2_000_000
    assert markdown_text.LARGEST == 200_000
    for link in re.findall(r"\]\((.*?)\)", GUIDE):
        assert (FOLDER / link).exists(), link
    assert f"`{json_document.SCHEMA}` or `{evidence_document.SCHEMA}`" in GUIDE
