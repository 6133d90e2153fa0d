"""What shadow/docs/gate.md shows works, and its numbers are the bound's."""

import re
import shlex
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import call_command

from strangler_router.types import Side
from strangler_shadow.bound import Stratum, alpha_of_epoch, pairs_missing
from strangler_shadow.choices import MOST_CHOICES
from strangler_shadow.evidence import record_verification
from strangler_shadow.gate_rules import GateRules, read_rules
from strangler_shadow.histogram import ERROR
from strangler_shadow.latency import ENOUGH
from strangler_shadow.objections import odds
from strangler_shadow.verdict import Verdict
from tests.shadow.evidences import NAME, mirrored

GUIDE = (Path(__file__).parents[2] / "shadow/docs/gate.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", GUIDE, re.DOTALL)


def pairs(divergent=0, *, epoch=1, rate=0.001):
    begun = [Stratum(pairs=divergent, divergent=divergent)]
    return divergent + pairs_missing(begun, rate=rate, alpha=alpha_of_epoch(epoch, 0.01))


ENVIRONMENT = {"CATALOG_BUILD": "1", "STRANGLER_EVIDENCE_KEY": f"{'k' * 32},{'o' * 32}"}
COMMANDS = [line for kind, text in BLOCKS if kind == "console" for line in text.splitlines()]


def configured():
    """The guide's own settings."""
    strangler = {"SHADOW": {}}
    names = {"STRANGLER": strangler, "os": SimpleNamespace(environ=ENVIRONMENT)}
    for kind, text in BLOCKS:
        if kind == "python":
            exec(text, names)
    return strangler


@pytest.mark.django_db
def test_every_command_runs_as_it_is_written(settings, tmp_path, monkeypatch):
    mirrored(times=6_000)
    mirrored(times=6_000, side=Side.SERVICE)
    record_verification(NAME, "native", verdict=Verdict.EQUIVALENT, calls=120)
    monkeypatch.chdir(tmp_path)
    settings.STRANGLER = {
        **settings.STRANGLER,
        "SHADOW": {"EVIDENCE_KEY": configured()["SHADOW"]["EVIDENCE_KEY"]},
    }
    assert len(COMMANDS) == 6
    for line in COMMANDS:
        _, _, verb, *arguments = shlex.split(line)
        command = partial(call_command, f"strangler_{verb.replace('-', '_')}", *arguments)
        if verb != "can-cutover":
            command()
            continue
        with pytest.raises(SystemExit) as ended:
            command()
        assert ended.value.code == 0


def test_every_number_of_pairs_is_the_bound_s():
    for words in (
        f"Without a difference it takes {pairs():,} pairs",
        f"with one divergent pair among them {pairs(1):,}",
        f"the second asks for {pairs(epoch=2):,} pairs",
        f"the twentieth for {pairs(epoch=20):,}",
        f"below {odds(0.02)}, which takes {pairs(rate=0.02):,} pairs",
    ):
        assert words in GUIDE


def test_every_setting_is_one():
    strangler = configured()
    assert strangler["GATE"] == "strangler_shadow.gate.may_cutover"
    assert strangler["SHADOW"]["BUILDS"]
    rules = read_rules(strangler["SHADOW"]["GATE"], "canary")
    assert (rules.max_rate, rules.little_traffic_rate) == (0.01, 0.02)


def test_every_default_is_the_one_that_it_names():
    rules = GateRules()
    for words in (
        f"may be more than {rules.transient:.0%}".replace("%", " %"),
        f"more than {rules.left_out:.0%}".replace("%", " %"),
        f"more than {rules.vacuous:.0%}".replace("%", " %"),
        f"`CONFIDENCE` ({rules.confidence})",
        f"`MAX_AGE` (days, {rules.max_age})",
        f"`SLOWER` ({rules.slower})",
        f"off by at most {ERROR:.0%}".replace("%", " %"),
        f"up to {MOST_CHOICES} of a field",
        f"from {ENOUGH:,} answers of each on",
    ):
        assert words in GUIDE
