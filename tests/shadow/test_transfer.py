"""What CI verified counts in production where it is of the very same endpoint, and nowhere else."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from strangler_django.verb import UsageError
from strangler_shadow import transfer
from strangler_shadow.evidence import read_evidence, record_verification
from strangler_shadow.fingerprint import fingerprint_of
from strangler_shadow.gate import ask_gate
from strangler_shadow.models import ShadowCount, ShadowEpoch, ShadowVerification
from strangler_shadow.verdict import Verdict
from tests.shadow.evidences import NAME, mirrored

OTHER = "v1:course-list.get"
KEY, OLD_KEY = "k" * 32, "o" * 32
ROOT = Path(__file__).parents[2]


@pytest.fixture
def use(settings):
    """Configure these keys."""

    def keys(value):
        settings.STRANGLER = {**settings.STRANGLER, "SHADOW": {"EVIDENCE_KEY": value}}

    keys(KEY)
    return keys


@pytest.fixture
def file(tmp_path):
    return tmp_path / "evidence.json"


def run(*arguments):
    out = StringIO()
    call_command("strangler_evidence", *map(str, arguments), stdout=out)
    return out.getvalue()


def refused(*arguments):
    with pytest.raises(UsageError) as error:
        run(*arguments)
    assert error.value.returncode == 64
    return str(error.value)


def exported(file, *, who="ci", build="4f2a", **values):
    """A file of one verification, and a database that does not know it."""
    record_verification(NAME, "native", verdict=Verdict.EQUIVALENT, calls=120)
    ShadowVerification.objects.update(**values)
    words = run("export", file, "--who", who, "--build", build)
    ShadowVerification.objects.all().delete()
    return words


@pytest.mark.django_db
@pytest.mark.usefixtures("use")
class TestWithinOneDeployment:
    def test_what_was_exported_is_taken_with_who_and_build_and_the_gate_knows_it(self, file):
        assert f"exported {NAME} native" in exported(file)
        text = run("import", file)
        assert f"{file}: by ci, build 4f2a\n  taken: {NAME} native" in text
        assert text.strip().endswith("EQUIVALENT, 120 calls")
        found = ask_gate(NAME, stage="canary", rung="native").verified
        assert (found.verdict, found.calls, found.who, found.build) == (Verdict.EQUIVALENT, 120, "ci", "4f2a")

    def test_to_import_again_changes_nothing(self, file):
        exported(file)
        run("import", file)
        before = ShadowVerification.objects.values().get()
        assert f"left, since it is known already: {NAME}" in run("import", file)
        assert ShadowVerification.objects.values().get() == before

    def test_an_older_word_never_replaces_a_newer_one_and_a_newer_one_does(self, file, tmp_path):
        exported(file)
        newer = tmp_path / "newer.json"
        record_verification(NAME, "native", verdict=Verdict.DIVERGED, calls=3)
        run("export", newer)
        assert "left, since there is a newer one" in run("import", file)
        assert not read_evidence(NAME, "native").is_verified
        ShadowVerification.objects.all().delete()
        run("import", file)
        assert "  taken: " in run("import", newer)
        assert read_evidence(NAME, "native").verified.verdict is Verdict.DIVERGED

    def test_another_fingerprint_is_left_and_the_parts_that_differ_are_named(self, file, monkeypatch):
        exported(file)
        here = replace(fingerprint_of(NAME, "native"), build="other", contract="other")
        monkeypatch.setattr(transfer, "fingerprint_of", lambda *_: here)
        assert "left, since here these differ: contract, build: " in run("import", file)
        assert not ShadowVerification.objects.exists()

    def test_what_is_not_bound_here_or_of_the_future_is_left(self, file, tmp_path, settings):
        exported(file, at=timezone.now() + timedelta(hours=2))
        assert "which is still to come" in run("import", file)
        other = tmp_path / "other.json"
        exported(other)
        settings.STRANGLER = {**settings.STRANGLER, "CONTRACTS": ()}
        assert "left, since it is not bound here" in run("import", other)
        assert not ShadowVerification.objects.exists()

    def test_counts_of_live_pairs_are_never_in_the_file(self, file):
        mirrored(times=6_000)
        exported(file)
        assert set(json.loads(file.read_text())["evidence"]["verified"][0]) == {
            "endpoint", "rung", "fingerprint", "parts", "at", "verdict", "calls",
        }  # fmt: skip
        ShadowCount.objects.all().delete()
        ShadowEpoch.objects.all().delete()
        run("import", file)
        assert read_evidence(NAME, "native").pairs == 0

    def test_only_what_was_verified_here_and_of_the_present_code_is_exported(self, file):
        assert "did not end here with the present code of any endpoint" in refused("export", file)
        exported(file)
        run("import", file)
        assert "did not end here" in refused("export", file)
        record_verification(NAME, "native", verdict=Verdict.EQUIVALENT, calls=1)
        assert f"present code of: {OTHER}" in refused("export", file, NAME, OTHER)
        ShadowVerification.objects.update(fingerprint="older")
        assert f"present code of: {NAME}" in refused("export", file, NAME)

    def test_keys_are_changed_one_process_at_a_time(self, file, use):
        exported(file)
        use([OLD_KEY, KEY])
        assert "  taken: " in run("import", file)
        run_again = exported(file)
        assert run_again
        use(KEY)
        assert "was changed, or signed with a key that is not in" in refused("import", file)
        use([KEY, OLD_KEY])
        assert "  taken: " in run("import", file)

    @pytest.mark.parametrize(
        ("keys", "words"),
        [
            ("", "EVIDENCE_KEY'] is not set"),
            (None, "EVIDENCE_KEY'] is not set"),
            ([], "EVIDENCE_KEY'] is not set"),
            ("short", "fewer than 32 characters"),
            ([KEY, "short"], "fewer than 32 characters"),
            ([KEY, None], "fewer than 32 characters"),
        ],
    )
    def test_without_a_good_key_nothing_is_written_or_read(self, file, use, keys, words):
        exported(file)
        use(keys)
        assert words in refused("import", file)
        use(KEY)
        record_verification(NAME, "native", verdict=Verdict.EQUIVALENT, calls=1)
        file.unlink()
        use(keys)
        assert words in refused("export", file)
        assert not file.exists()


def changed(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.django_db
@pytest.mark.usefixtures("use")
@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda path: changed(path, '"calls": 120', '"calls": 9999'), "was changed"),
        (lambda path: changed(path, '"who": "ci"', '"who": "boss"'), "was changed"),
        (lambda path: changed(path, '"signature": "', '"signature": "x:'), "was changed"),
        (lambda path: changed(path, '"version": 1', '"version": 2'), "is of version 2, and this release reads 1"),
        (lambda path: path.write_text(path.read_text()[:200]), "is no JSON, or not all of it"),
        (lambda path: path.write_bytes(b"\xff\xfe"), "is no JSON"),
        (lambda path: path.write_text("[" * 200_000), "is no JSON"),
        (lambda path: path.write_text(""), "is no JSON"),
        (lambda path: path.write_text("[]"), "is no evidence"),
        (lambda path: path.write_text('{"evidence": [], "signature": ""}'), "is no evidence"),
        (lambda path: path.write_text('{"evidence": {"version": 1}, "signature": 3}'), "is no evidence"),
        (lambda path: path.unlink(), "cannot be read: No such file"),
        (lambda path: (path.unlink(), path.mkdir()), "cannot be read: Is a directory"),
    ],
)
def test_a_file_that_is_not_as_it_was_written_is_refused_as_a_whole(file, harm, words):
    exported(file)
    harm(file)
    assert words in refused("import", file)
    assert not ShadowVerification.objects.exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("use")
def test_a_file_that_cannot_be_written_is_a_usage_error(tmp_path):
    record_verification(NAME, "native", verdict=Verdict.EQUIVALENT, calls=1)
    assert "cannot be written: No such file" in refused("export", tmp_path / "no" / "evidence.json")


PRODUCTION = """
from academy.settings import *
SECRET_KEY = "another one entirely"
ALLOWED_HOSTS = ["academy.example"]
CSRF_TRUSTED_ORIGINS = ["https://academy.example"]
"""
RECORD = """
import django; django.setup()
from strangler_shadow.evidence import record_verification
from strangler_shadow.verdict import Verdict
record_verification("v1:course-list.get", "native", verdict=Verdict.EQUIVALENT, calls=120)
"""
KEYED = f"""
STRANGLER = {{**STRANGLER, "SHADOW": {{"EVIDENCE_KEY": "{KEY}"}}}}
"""
ROOTS = ("core_django", "protos", "protos/gen", "services", "router", "shadow")


class Deployment:
    """A folder with the project's source, its own database and settings, and processes that run there."""

    def __init__(self, folder, source, settings):
        (folder / "conf").mkdir(parents=True)
        (folder / "conf" / "production.py").write_text(settings)
        path = [folder / "conf", *(source / root for root in ROOTS)]
        self.folder = folder
        self.env = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, path)),
            "DJANGO_SETTINGS_MODULE": "production",
            "ACADEMY_STATE": str(folder / "state"),
            "ACADEMY_DATABASE": str(folder / f"{folder.name}.sqlite3"),
        }
        self.run("-m", "django", "migrate", "--verbosity", "0")

    def run(self, *arguments):
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, env=self.env, cwd=self.folder, capture_output=True, text=True, timeout=100, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def evidence(self, *arguments):
        return self.run("-m", "django", "strangler_evidence", *map(str, arguments))


def test_a_checkout_of_ci_and_a_deployment_elsewhere_have_one_fingerprint_until_the_code_differs(tmp_path):
    """Two folders, databases, secrets, hosts: the same code is the same endpoint, and another line of it is not."""
    source = tmp_path / "source"
    for root in ("core_django", "protos", "services", "router", "shadow"):
        shutil.copytree(ROOT / root, source / root, ignore=shutil.ignore_patterns("__pycache__", "docs", ".strangler"))
    ci = Deployment(tmp_path / "ci", ROOT, "from academy.settings import *" + KEYED)
    production = Deployment(tmp_path / "production", source, PRODUCTION + KEYED)
    ci.run("-c", RECORD)
    file = tmp_path / "evidence.json"
    ci.evidence("export", file, "--who", "ci", "--build", "4f2a")
    assert f"  taken: {OTHER} native" in production.evidence("import", file)
    with (source / "core_django/academy/catalog/serializers.py").open("a") as serializers:
        serializers.write("# Another line.\n")
    assert f"left, since here these differ: code: {OTHER}" in production.evidence("import", file)
