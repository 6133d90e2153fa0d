"""Follows the page about CI in a clone: a planted bug is red and named, and green once it is mended."""

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.end_to_end.demo.processes import free_port

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "shadow/docs/ci.md").read_text()
FILES = dict(re.findall(r"```\w+ file=(\S+)\n(.*?)```", PAGE, re.DOTALL))
RIGHT, WRONG = '"price": decimal_text(row.price),', '"price": decimal_text(row.price).rstrip("0"),'


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clone")
    subprocess.run(["git", "clone", "-q", str(ROOT), str(folder)], check=True)
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def verified(clone):
    roots = ("core_django", "protos", "protos/gen", "router", "services", "shadow")
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": ":".join(str(clone / name) for name in roots),
        "ACADEMY_CATALOG": f"127.0.0.1:{free_port()}",
        "EXAMPLES": "15",
    }
    for name in ("DJANGO_SETTINGS_MODULE", "ACADEMY_STATE", "ACADEMY_DATABASE"):
        environment.pop(name, None)
    line = ["sh", "ci/verify.sh"]
    done = subprocess.run(line, cwd=clone, env=environment, capture_output=True, text=True, timeout=110, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_planted_bug_is_red_by_its_field_s_name_and_green_once_it_is_mended(clone):
    source = clone / "services/catalog_service/courses.py"
    assert RIGHT in source.read_text()
    source.write_text(source.read_text().replace(RIGHT, WRONG))
    code, said = verified(clone)
    assert code == 1, said
    summary = (clone / "build/verify.md").read_text()
    assert summary.startswith("# Verification: DIVERGED")
    assert "price" in summary
    assert "precision at $.results[*].price" in said
    [failed] = [
        case for case in ET.parse(clone / "build/verify.xml").iter("testcase") if case.find("failure") is not None
    ]
    assert failed.get("name") == "v1:course-list.get"
    source.write_text(source.read_text().replace(WRONG, RIGHT))
    code, said = verified(clone)
    assert code == 0, said
    assert (clone / "build/verify.md").read_text().startswith("# Verification: EQUIVALENT")


def test_the_workflow_runs_what_the_page_has():
    workflow = FILES[".github/workflows/verify.yml"]
    assert "run: sh ci/verify.sh\n" in workflow
    written = set(re.findall(r"build/verify\.\w+", FILES["ci/verify.sh"]))
    assert set(re.findall(r"build/verify\.(?!\*)\w+", workflow)) <= written
