import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangler_protos.identity import Caller
from strangler_router.types import Call
from strangler_shadow.curl import curl_line

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


def call(**fields):
    return Call(**({"endpoint": "x.get", "route": "x/", "method": "GET", "path": "/x/"} | fields))


CALLS = [
    (call(), "curl -sS http://localhost/x/"),
    (call(query="a=1&b=%20"), "curl -sS 'http://localhost/x/?a=1&b=%20'"),
    (call(query="a[]=1"), "curl -sS --globoff 'http://localhost/x/?a[]=1'"),
    (call(method="HEAD"), "curl -sS -I http://localhost/x/"),
    (call(method="POST"), "curl -sS -X POST http://localhost/x/"),
    (call(scheme="https", host="api.example.org:8443"), "curl -sS https://api.example.org:8443/x/"),
    (call(headers=(("Accept-Language", "de"),)), "curl -sS -H 'Accept-Language: de' http://localhost/x/"),
    (call(caller=Caller(subject="7")), 'curl -sS -H "Authorization: Token $TOKEN" http://localhost/x/'),
]


@pytest.mark.parametrize(("given_call", "line"), CALLS)
def test_a_call_is_one_shell_line(given_call, line):
    assert curl_line(given_call) == line


@given(value=texts, query=texts)
def test_whatever_a_call_holds_stays_one_argument(value, query):
    words = shlex.split(curl_line(call(query=query, headers=(("X-Any", value),))))
    assert [word for word in words if word != "--globoff"][:4] == ["curl", "-sS", "-H", f"X-Any: {value}"]
    assert words[-1] == f"http://localhost/x/{'?' * bool(query)}{query}"


@pytest.mark.parametrize("value", ["`id`", "$(id)", '"; id; "', "$TOKEN", "$TOKEN`id`", '$TOKEN"; id; "', "\\", "'"])
def test_a_shell_runs_nothing_but_curl(value):
    line = curl_line(call(caller=Caller(subject="7"), headers=(("X-Any", value),), query=value))
    script = f'curl() {{ printf "%s\\0" "$@"; }}; TOKEN=secret; {line}'
    printed = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout.split("\0")
    assert printed[1:3] == ["-H", "Authorization: Token secret"]
    assert f"X-Any: {value}" in printed
    assert printed[-2].endswith(f"?{value}")
