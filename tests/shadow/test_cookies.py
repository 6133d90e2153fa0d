"""Cookies are seen in whichever way a service sends them, and without their values."""

from strangler_router.types import Call, Decision, Exchange, Served, Side
from strangler_shadow.cookies import apart
from strangler_shadow.observer import _served

RAW = ("Set-Cookie", "seen=secret; Path=/; Max-Age=10; HttpOnly; Expires=Mon, 02 Mar 2026 09:41:07 GMT; SameSite=Lax")


def test_a_plain_header_becomes_a_cookie_without_its_value():
    headers, cookies = apart((("Vary", "Accept"), RAW), ("csrftoken; path=/",))
    assert headers == (("Vary", "Accept"),)
    assert cookies == ("csrftoken; path=/", "seen; httponly=True; max-age=10; path=/; samesite=Lax")


def test_the_mirror_sees_such_a_cookie_too():
    exchange = Exchange(
        call=Call(endpoint="v1:course-list.get", route="courses/", method="GET", path="/courses/"),
        decision=Decision(side=Side.SERVICE, rung="native", reason="test"),
        served=Served(status=200, headers=(RAW,), cookies=(), body=b"{}", seconds=0.0),
    )
    seen = _served(exchange)
    assert seen.headers == ()
    assert [cookie.partition(";")[0] for cookie in seen.cookies] == ["seen"]
    assert "secret" not in repr(seen)
