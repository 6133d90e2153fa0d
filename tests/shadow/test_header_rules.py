"""Headers that mean the same are no difference, however they are written; any other change of one is."""

import re
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from strangler_shadow.compare import compare
from strangler_shadow.header_rules import HOW, IGNORED, RULES, UNKNOWN, rule_of
from strangler_shadow.observation import Observation

# The machine may be busy with something else.
unhurried = settings(deadline=None)

GUIDE = Path(__file__).parents[2] / "shadow/docs/comparison.md"

SAME = [
    ("Content-Type", ["application/json; charset=utf-8"], ['Application/JSON;Charset="UTF-8"']),
    ("Content-Type", ['multipart/mixed; boundary="a;b"; x=1'], ['multipart/mixed; x=1; boundary="a;b"']),
    ("Content-Language", ["de, en"], ["EN", "de"]),
    ("Content-Disposition", ['attachment; filename="a.csv"'], ["Attachment; Filename=a.csv"]),
    ("Location", ["HTTP://API.example.org:80/a?b=C"], ["http://api.example.org/a?b=C"]),
    ("Location", ["https://api.example.org"], ["https://API.example.org:443/"]),
    ("Link", ['</a?page=2>; rel="next", </a>; rel=first'], ['</a>; rel="first"', "</a?page=2>;REL=next"]),
    ("Link", ['<http://a/>; rel="next last"; title="b, c"'], ['<http://A:80>; title="b, c"; rel="last next"']),
    ("Allow", ["GET, HEAD"], ["HEAD", "GET"]),
    ("Cache-Control", ["private, max-age=0"], ['Max-Age="0"', "Private"]),
    ("Vary", ["Accept, Cookie"], ["cookie,accept"]),
    ("WWW-Authenticate", ['Bearer realm="api", error="invalid_token", Basic realm="x"'],
     ['basic Realm="x"', 'bearer realm="api",error="invalid_token"']),
    ("WWW-Authenticate", ["Negotiate dGVzdA=="], ["negotiate dGVzdA=="]),
    ("Retry-After", ["30"], ["28"]),
    ("Retry-After", ["Mon, 02 Mar 2026 09:41:07 GMT"], ["Mon, 02 Mar 2026 09:41:08 GMT"]),
    ("Expires", ["Mon, 02 Mar 2026 09:41:07 GMT"], ["Mon, 02 Mar 2026 09:41:09 GMT"]),
    ("Access-Control-Allow-Headers", ["X-A, X-B"], ["x-b, x-a"]),
    ("Access-Control-Allow-Methods", ["GET, PUT"], ["PUT, GET"]),
    ("Strict-Transport-Security", ["max-age=60; includeSubDomains"], ["includesubdomains; max-age=60"]),
    ("X-Frame-Options", ["DENY"], ["deny"]),
    ("Date", ["Mon, 02 Mar 2026 09:41:07 GMT"], ["Mon, 02 Mar 2026 09:41:09 GMT"]),
    ("Transfer-Encoding", ["chunked"], None),
]  # fmt: skip

OTHER = [
    ("Content-Type", ["application/json"], ["application/json; charset=utf-8"]),
    ("Content-Type", ["application/json"], ["application/problem+json"]),
    ("Content-Type", ["text/html; boundary=A"], ["text/html; boundary=a"]),
    ("Content-Type", ["text/html"], ["text/html", "text/html"]),
    ("Content-Encoding", ["gzip"], None),
    ("Content-Disposition", ['attachment; filename="a.csv"'], ['attachment; filename="A.csv"']),
    ("Content-Disposition", ["attachment"], ["inline"]),
    ("Location", ["http://api.example.org/a"], ["http://catalog:50051/a"]),
    ("Location", ["http://api.example.org/a"], ["https://api.example.org/a"]),
    ("Location", ["http://api.example.org:8080/a"], ["http://api.example.org/a"]),
    ("Location", ["http://api.example.org/a"], ["http://api.example.org/A"]),
    ("Location", ["http://api.example.org/a"], ["/a"]),
    ("Link", ['</a>; rel="next"'], ['</a>; rel="prev"']),
    ("Link", ['</a>; rel="next", </b>; rel="prev"'], ['</a>; rel="prev", </b>; rel="next"']),
    ("Link", ['</a,b>; rel="next"'], ['</a>; rel="next"']),
    ("Allow", ["GET"], ["get"]),
    ("Allow", ["GET, HEAD"], ["GET"]),
    ("Cache-Control", ["private, max-age=0"], ["max-age=0"]),
    ("Cache-Control", ["max-age=60"], ["max-age=600"]),
    ("Vary", ["Accept, Cookie"], ["Accept"]),
    ("Vary", ["Accept"], None),
    ("ETag", ['"a"'], ['W/"a"']),
    ("ETag", ['"a"'], ['"A"']),
    ("Last-Modified", ["Mon, 02 Mar 2026 09:41:07 GMT"], ["Mon, 02 Mar 2026 09:41:08 GMT"]),
    ("WWW-Authenticate", ['Bearer realm="api"'], ['Basic realm="api"']),
    ("WWW-Authenticate", ['Bearer realm="api"'], ['Bearer realm="API"']),
    ("WWW-Authenticate", ["Negotiate dGVzdA=="], ["Negotiate dGVzdB=="]),
    ("Retry-After", ["30"], ["27"]),
    ("Retry-After", ["30"], ["Mon, 02 Mar 2026 09:41:08 GMT"]),
    ("Retry-After", ["soon"], ["later"]),
    ("Retry-After", ["30"], ["30", "30"]),
    ("Access-Control-Allow-Origin", ["https://a.example"], ["*"]),
    ("Strict-Transport-Security", ["max-age=60; includeSubDomains"], ["max-age=60"]),
    ("X-Served-By", None, ["catalog"]),
    ("X-Total", ["1", "2"], ["2", "1"]),
]  # fmt: skip


def found(name: str, control: list[str] | None, candidate: list[str] | None) -> list[str]:
    left, right = (Observation(headers=tuple((name, line) for line in lines or ())) for lines in (control, candidate))
    forth, back = compare(left, right), compare(right, left)
    assert [each.path for each in forth] == [each.path for each in back]
    return [each.path for each in forth]


@pytest.mark.parametrize(("name", "control", "candidate"), SAME)
def test_values_that_mean_the_same_are_no_difference(name, control, candidate):
    assert control != candidate
    assert found(name, control, candidate) == []


@pytest.mark.parametrize(("name", "control", "candidate"), OTHER)
def test_values_that_mean_something_else_are_one(name, control, candidate):
    assert found(name, control, candidate) == [name.lower()]


def test_every_way_to_compare_is_shown_to_be_the_same_and_to_differ():
    for cases in (SAME, OTHER):
        used = {rule_of(name).how for name, *_ in cases} | {IGNORED}
        missing = {how for how in HOW if how not in used and not (cases is SAME and HOW[how] == "as written")}
        assert not missing


compared = st.sampled_from([rule.name for rule in RULES.values() if rule.how is not IGNORED] + ["X-Own"])
printable = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=15)
nasty = st.sampled_from(
    ["", ",", ";", '"', '"a', "<", "<a", "a=", '="', "\\", '"\\"', "a;b=c;", "http://[", "http://a:b/", "9999999999999",
     "²", "Mon, 99 Mar 2026 09:41:07 GMT", "Mon, 02 Mar 99999 09:41:07 GMT", "<>;rel", "W/", "a, , b"]
)  # fmt: skip


@unhurried
@given(compared, st.lists(printable | nasty, max_size=3), st.lists(printable | nasty, max_size=3))
def test_no_value_stops_the_comparison_and_what_is_lost_or_longer_is_found(name, one, other):
    found(name, one, other)
    assert found(name, one, list(one)) == []
    kept = [line for line in one if line.strip(" ,;")]
    assert found(name, one, None) == ([name.lower()] if one else [])
    assume(kept)
    assert found(name, one, [*one, "quite-another"]) == [name.lower()]


def test_the_guide_prints_this_table():
    rows = re.findall(r"^\| `([^`]+)` \| ([^|]+) \| ([^|]*) \| ([^|]+) \| ([^|]+) \|$", GUIDE.read_text(), re.MULTILINE)
    table = [
        (rule.name, rule.words, "" if rule.how is IGNORED else rule.risk.word, rule.source, rule.reason)
        for rule in (*RULES.values(), UNKNOWN)
    ]
    assert [tuple(cell.strip() for cell in row) for row in rows] == table
