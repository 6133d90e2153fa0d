"""What `strangler extract` wrote for a whole project."""

import re
import subprocess
import sys

pytest_plugins = ["tests.extract.bazaar.fixtures"]


def test_extracting_again_changes_nothing_whatever_the_seed_of_hashes(bazaar):
    folders = [word for name in ("root", "services", "tests") for word in (f"--{name}", str(bazaar.folder / name))]
    assert bazaar.strangler("extract", "--service", "bazaar_api.v1.BazaarService", *folders, "--check", seed="7") == ""


def test_the_check_needs_no_rows_for_what_samples_once_told(bazaar):
    folders = [word for name in ("root", "services", "tests") for word in (f"--{name}", str(bazaar.folder / name))]
    named = ("--service", "bazaar_api.v1.BazaarService", *folders, "--no-samples", "--check")
    assert "observed in" in bazaar.proto()
    assert bazaar.strangler("extract", *named) == ""


def test_the_generated_test_passes(bazaar):
    line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(bazaar.folder / "tests")]
    done = subprocess.run(
        line, env=bazaar.environment("service"), cwd=bazaar.folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:]
    passed = int(re.search(r"(\d+) passed", done.stdout)[1])
    extracted = [one for one in bazaar.inspected.values() if one["verdict"] != "refused"]
    assert passed == 6 * len(extracted)


def test_most_fields_of_its_answers_have_types(bazaar):
    blocks = re.findall(r"^message (\w+) \{(.*?)^\}", bazaar.proto(), re.MULTILINE | re.DOTALL)
    answers = [text for name, text in blocks if not name.endswith(("Request", "Entry"))]
    fields = sum(len(re.findall(r" = \d{1,3} \[", text)) for text in answers)
    untyped = sum(text.count("SLOT_JSON") for text in answers)
    assert fields > 150
    assert untyped / fields < 0.1


def test_each_field_says_what_decided_its_type(bazaar):
    good = bazaar.proto().partition("message Good {")[2].partition("\n}")[0]
    for decided, field in (
        ("BigIntegerField", "int64 id"),
        ("choices of ChoiceField", "string kind"),
        ("DecimalField", "string price"),
        ("FloatField", "double weight"),
        ("column Stall.id", "int64 stall"),
        ("column Tag.id", "int64 tags"),
    ):
        assert re.search(rf"// {decided}\n  (optional|repeated) {field} ", good)
