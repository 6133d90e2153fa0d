"""What shadow/docs/noise.md shows works, and its numbers are the code's."""

import re
from pathlib import Path

from strangler_shadow import checks, cursors, learning, observer, proposals
from strangler_shadow.checks import check_rules
from strangler_shadow.noise import differences_beyond
from strangler_shadow.rules import MATCHERS, PLAIN, TYPES, declared_noise, declared_rules
from tests.shadow.volatile import answer

GUIDE = (Path(__file__).parents[2] / "shadow/docs/noise.md").read_text()
[CODE] = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
LIST = "v1:course-list.get"


def test_the_rules_that_it_shows_are_read_and_apply(settings):
    strangler = {**settings.STRANGLER, "SHADOW": {}}
    exec(CODE.replace("2027-", "2999-"), {"STRANGLER": strangler})
    settings.STRANGLER = strangler
    assert check_rules() == []
    assert len(declared_rules()) == 2
    priced, other, wrong = (answer({"results": [{"price": price}]}) for price in ("1000.00", "1000.90", "1001.10"))
    assert differences_beyond(declared_noise(LIST), priced, other) == []
    assert differences_beyond(declared_noise(LIST), priced, wrong)
    assert list(declared_noise("v1:course-detail.get").matchers) == ["x-trace"]


def test_every_matcher_option_and_check_is_listed():
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", GUIDE, re.MULTILINE))
    del rows["matcher"]
    assert set(rows) == set(MATCHERS)
    for name, (options, _) in MATCHERS.items():
        assert all(f"`{option}`" in rows[name] for option in options)
    assert all(f"`{name}`" in rows["any"] for name in TYPES)
    assert all(f"`{key}`" in GUIDE for key in PLAIN)
    ids = set(re.findall(r"strangler_shadow\.[EW]\d+", Path(checks.__file__).read_text()))
    assert set(re.findall(r"^\| `(strangler_shadow\.[EW]\d+)`", GUIDE, re.MULTILINE)) == ids


def test_its_numbers_are_the_code_s():
    assert learning.SHARE == 1 / 5
    assert learning.FOLLOWED == 10
    for words in (
        f"It takes {learning.PROVEN} such calls",
        f"One in {learning.CHECKED} of these pairs",
        f"did not vary in {learning.STEADY} of these in a row",
        f"at least {proposals.LEAST.total_seconds():g} s",
        f"again after {learning.CLOCK_SECONDS} s, twice, at most {learning.WAITS} times",
        f"for {cursors.MOST_PAGES} pages, by the mirror for {observer.PAGES} pages",
    ):
        assert words in GUIDE
