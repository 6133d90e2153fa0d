"""Rules that a project declares: read strictly, applied narrowly, each with an owner, a reason and an end."""

from datetime import UTC, datetime, timedelta

import pytest

from strangler_router.errors import ConfigurationError
from strangler_shadow.checks import check_rules
from strangler_shadow.fingerprint import fingerprint_of
from strangler_shadow.noise import differences_beyond
from strangler_shadow.observation import Kind, Observation
from strangler_shadow.rules import UnownedRule, WideRule, declared_noise, read_rules
from tests.shadow.volatile import answer

LIST = "v1:course-list.get"
COMMON = {"endpoint": LIST, "owner": "catalog", "reason": "the clock", "until": "2999-01-01"}


def rule(at, matcher, **options):
    return {**COMMON, "at": at, "matcher": matcher, **options}


@pytest.fixture
def declare(settings):
    def declare(*rules):
        settings.STRANGLER = {**settings.STRANGLER, "SHADOW": {"RULES": list(rules)}}

    return declare


@pytest.mark.parametrize(
    ("declared", "control", "accepted", "refused"),
    [
        (rule("$.at", "time", within=5), {"at": "2026-01-01T00:00:01Z"}, ["2026-01-01T00:00:06Z"],
         ["2026-01-01T00:00:07Z", "2026-01-01T00:00:01", "2026-01-01T00:00:01.0Z", None, 1, ""]),
        (rule("$.at", "number", within=2), {"at": 10}, [8, 12], [13, 10.5, "11", None, True]),
        (rule("$.at", "number", relative=0.1), {"at": 100.0}, [95.0, 111.0], [80.0, 100, None]),
        (rule("$.at", "number", within=1), {"at": "12.50"}, ["13.25"], ["13.75", "12.5", "twelve", 12.5]),
        (rule("$.at", "token"), {"at": "0a1b2c3d-77"}, ["99999999-zz"], ["99999999zz", "", None, 7]),
        (rule("$.at", "any", type="str"), {"at": "a b"}, ["other words"], ["", None, 3]),
        (rule("$.at", "any", type="bool"), {"at": True}, [False], [0, None]),
        (rule("$.at", "url", parameters=["v"]), {"at": "/x?v=1&n=1"}, ["/x?v=2&n=1"],
         ["/x?v=2&n=2", "/y?v=1&n=1", None]),
        (rule("$.at", "cursor"), {"at": "/x?cursor=abc"}, ["/x?cursor=q"], ["/x", "/y?cursor=q", None]),
    ],
)  # fmt: skip
def test_a_declared_rule_accepts_what_it_says_and_nothing_else(declare, declared, control, accepted, refused):
    declare(declared)
    noise = declared_noise(LIST)
    for value in accepted:
        assert differences_beyond(noise, answer(control), answer({"at": value})) == []
    for value in refused:
        assert differences_beyond(noise, answer(control), answer({"at": value}))
    assert differences_beyond(noise, answer(control), answer({}))
    assert differences_beyond(declared_noise("v1:course-detail.get"), answer(control), answer({"at": accepted[0]}))


def test_a_rule_may_be_about_a_header(declare):
    declare({**rule("header ETag", "token"), "endpoint": "*"})

    def tagged(*values):
        return Observation(status=200, headers=tuple(("ETag", value) for value in values))

    noise = declared_noise("v1:course-detail.get")
    assert differences_beyond(noise, tagged('"0a1b2c3d"'), tagged('"99999999"')) == []
    assert differences_beyond(noise, tagged('"0a1b2c3d"'), tagged())
    assert differences_beyond(noise, tagged('"0a1b2c3d"'), tagged('"99999999"', '"99999998"'))
    assert differences_beyond(noise, tagged('"0a1b2c3d"'), tagged("0a1b2c3d"))


def test_rows_may_come_in_any_order_and_none_may_be_lost_or_doubled(declare):
    declare(rule("$.rows", "rows"))
    noise, rows = declared_noise(LIST), ["a", "b", "b", "c"]
    assert differences_beyond(noise, answer({"rows": rows}), answer({"rows": ["c", "b", "a", "b"]})) == []
    for wrong in (["a", "b", "b", "c", "c"], ["a", "b", "c", "c"]):
        assert differences_beyond(noise, answer({"rows": rows}), answer({"rows": wrong}))
    found = differences_beyond(noise, answer({"rows": rows}), answer({"rows": ["c", "b", "a"]}))
    assert [(item.kind, item.path, item.control) for item in found] == [
        (Kind.LENGTH, "$.rows", 4),
        (Kind.MISSING, "$.rows[2]", "b"),
    ]


def test_rows_are_told_apart_by_the_field_that_the_rule_names(declare):
    declare(rule("$[*].rows", "rows", by="code"), rule("$[*].rows[*].at", "number", within=1))
    noise = declared_noise(LIST)
    control = [{"rows": [{"code": code, "at": 1, "n": n} for n, code in enumerate("abc")]}]
    turned = [{"rows": [{"code": code, "at": 2, "n": n} for n, code in enumerate("abc")][::-1]}]
    assert differences_beyond(noise, answer(control), answer(turned)) == []
    turned[0]["rows"][0]["n"] = 7
    [found] = differences_beyond(noise, answer(control), answer(turned))
    assert (found.path, found.control, found.candidate) == ("$[0].rows[2].n", 2, 7)
    del turned[0]["rows"][0]
    assert differences_beyond(noise, answer(control), answer(turned))


def test_a_token_stands_for_one_thing_in_the_whole_document(declare):
    declare(rule("$.author", "token"), rule("$.editor", "token"))
    noise, control = declared_noise(LIST), answer({"author": "aaaaaaa1", "editor": "bbbbbbb2"})
    assert differences_beyond(noise, control, answer({"author": "abababa1", "editor": "cdcdcdc2"})) == []
    assert differences_beyond(noise, control, answer({"author": "abababa1", "editor": "abababa1"}))


def test_an_expired_rule_does_not_apply(declare):
    day = datetime.now(tz=UTC).date()
    one, other = answer({"at": 1}), answer({"at": 2})
    declare({**rule("$.at", "number", within=5), "until": (day + timedelta(days=2)).isoformat()})
    assert differences_beyond(declared_noise(LIST), one, other) == []
    declare({**rule("$.at", "number", within=5), "until": day.isoformat()})
    assert differences_beyond(declared_noise(LIST), one, other)
    assert [message.id for message in check_rules()] == ["strangler_shadow.W001", "strangler_shadow.W003"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({**rule("$.a", "time", within=1), "ownr": "x"}, "no key 'ownr' with the matcher 'time'; did you mean 'owner'"),
        (rule("$.a", "tokn"), "the matcher 'tokn'; did you mean 'token'?"),
        (rule("$.a", "token", within=1), "no key 'within'"),
        (rule("$.a", "time"), "the matcher 'time' needs 'within'"),
        (rule("$.a", "number"), "the matcher 'number' needs 'within or relative'"),
        (rule("$.a", "time", within=-1), "within is -1; it must be a number above 0"),
        (rule("$.a", "number", relative=2), "it must be a number above 0 and below 1"),
        (rule("$.a", "url", parameters="v"), "parameters is 'v'; it must be a list"),
        (rule("$.a", "any", type="list"), "type is 'list'; it must be one of bool, float, int, str"),
        (rule("$.a", "rows", by=3), "by is 3; it must be the name of a field"),
        (rule("results.a", "token"), "'results.a' is no place such as"),
        (rule("$..a", "token"), "'$..a' is no place"),
        (rule("$.*", "token"), "'$.*' is no place"),
        (rule("$.a[0]", "token"), "'$.a[0]' is no place"),
        (rule("header ", "token"), "names no header"),
        (rule("header ETag", "rows"), "has no rows"),
        ({**rule("$.a", "token"), "until": "soon"}, "until is 'soon'; it must be a day"),
        ("$.a", "it must be a mapping"),
    ],
)  # fmt: skip
def test_an_impossible_rule_is_refused_with_the_remedy(declare, wrong, words):
    with pytest.raises(ConfigurationError) as caught:
        read_rules([wrong])
    assert words in str(caught.value)
    assert "['RULES'][0]" in str(caught.value)
    declare(wrong)
    assert [message.id for message in check_rules()] == ["strangler_shadow.E001"]


@pytest.mark.parametrize("key", ["owner", "reason", "until"])
def test_a_rule_without_somebody_to_answer_for_it_is_refused(declare, key):
    for missing in ({}, {key: " "}):
        wrong = {name: value for name, value in rule("$.a", "token").items() if name != key} | missing
        with pytest.raises(UnownedRule, match=f"has no '{key}'"):
            read_rules([wrong])
        declare(wrong)
        assert [message.id for message in check_rules()] == ["strangler_shadow.E002"]


@pytest.mark.parametrize("at", ["$", "$[*]"])
def test_a_rule_on_everything_is_refused(declare, at):
    with pytest.raises(WideRule, match="is on everything"):
        read_rules([rule(at, "token")])
    declare(rule(at, "token"))
    assert [message.id for message in check_rules()] == ["strangler_shadow.E003"]
    assert read_rules([rule(at, "rows")])


@pytest.mark.parametrize(
    ("declared", "ids", "words"),
    [
        (rule("$.results[*].titel", "token"), ["W003"], "declares no field 'titel'; did you mean 'title'?"),
        (rule("$.results[*].title", "token"), [], ""),
        (rule("$.results[*].educator.anything", "token"), [], ""),
        (rule("$.next", "cursor"), [], ""),
        (rule("header ETag", "token"), [], ""),
        ({**rule("$.any", "token"), "endpoint": "*"}, [], ""),
        ({**rule("$.a", "token"), "endpoint": "v1:course-lst.get"}, ["W002"], f"did you mean '{LIST}'?"),
    ],
)  # fmt: skip
def test_a_rule_about_what_is_not_there_is_named(declare, declared, ids, words):
    declare(declared)
    found = check_rules()
    assert [message.id for message in found] == [f"strangler_shadow.{number}" for number in ids]
    assert words in "".join(message.msg for message in found)


def test_settings_that_the_router_refuses_are_left_to_it(settings):
    for wrong in ([], {"SHADOW": []}, {"FIXED_STAGE": "both"}):
        settings.STRANGLER = wrong
        assert check_rules() == []


def test_a_changed_rule_begins_a_new_epoch_for_its_endpoint_and_no_other(declare):
    def digests():
        return fingerprint_of(LIST, "native").rules, fingerprint_of("v1:course-detail.get", "native").rules

    declare()
    none = digests()
    declare(rule("$.a", "time", within=5))
    five = digests()
    declare(rule("$.a", "time", within=6))
    six = digests()
    assert len({none[0], five[0], six[0]}) == 3
    assert none[1] == five[1] == six[1]
    declare({**rule("$.a", "time", within=6), "owner": "somebody else", "reason": "another"})
    assert digests() == six
    declare({**rule("$.a", "time", within=6), "until": "2020-01-01"})
    assert digests() == none
