"""Replies that between them have what every operator needs, and the three forms that a reply comes in."""

import json
from typing import Any

from django.utils.translation import override
from rest_framework import exceptions

from strangler_router.types import EMPTY, Reply

HOST = "http://testserver"


def exact(document: Any, *, status: int = 200, headers: tuple[tuple[str, str], ...] = (), indent: int = 0) -> Reply:
    """A reply with a body as DRF writes it."""
    style: dict[str, Any] = {"separators": (",", ": "), "indent": indent} if indent else {"separators": (",", ":")}
    text = "" if document is EMPTY else json.dumps(document, ensure_ascii=False, **style)
    body = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").encode()
    given = (("Vary", "Accept, Cookie"), ("Allow", "GET, HEAD, OPTIONS"), ("Content-Language", "en"), *headers)
    return Reply(status=status, headers=given, body=body, content_type="application/json")


def page(number: int) -> dict[str, Any]:
    """One page of three, with ordering in its links."""
    link = f"{HOST}/api/v1/courses/?ordering=-price&page="
    rows = [
        {"id": 10 * number + row, "title": f"Course {row}", "rating": [4.333333333333333, None][row % 2], "tags": []}
        for row in range(4)
    ]
    following = f"{link}{number + 1}" if number < 3 else None
    before = {1: None, 2: f"{HOST}/api/v1/courses/?ordering=-price"}.get(number, f"{link}{number - 1}")
    return {"count": 12, "next": following, "previous": before, "results": rows}


COURSE: dict[str, Any] = {
    "id": 41,
    "title": "Étude of <soil> & sky &amp; sea",
    "slug": "soil-and-sky",
    "summary": " A text that is long enough to be shortened,\nwith lines  and spaces\u2028around it ",
    "level": "beginner",
    "level_label": "Beginner",
    "decomposed": "e\u0301",
    "tenant": "north",
    "price": "49.50",
    "ratio": "3.14159265",
    "rating": 4.333333333333333,
    "weight": 2.0,
    "zero": 0.0,
    "balance": 3_000_000_000,
    "huge": 9_007_199_254_740_993,
    "none": 0,
    "digits": "12",
    "is_free": True,
    "is_enrolled": False,
    "published_at": "2025-11-03T08:30:00.125000Z",
    "updated_at": "2025-11-03T14:00:00+05:30",
    "opened_at": "2025-11-03T08:30:00+00:00",
    "starts_on": "2026-02-03",
    "length": "1 02:30:00",
    "external_id": "7f3c1c8e-5b8e-4b52-8a0e-0c1f7d1e2a3b",
    "website": "https://example.com/a/b?c=d",
    "note": None,
    "blank": "",
    "topics": [{"slug": "craft", "name": "Craft"}, {"slug": "nature", "name": "Nature"}],
    "tags": ["one"],
    "empty": [],
    "metadata": {},
    "educator": {"id": 7, "name": "Ada Marsh", "bio": None},
    "learner_email": "ada@example.com",
    "review_count": 5,
}
CACHED = (
    ("ETag", '"abc"'), ("Cache-Control", "private, max-age=60"), ("Last-Modified", "Mon, 02 Mar 2026 09:41:07 GMT"),
    ("Link", f'<{HOST}/?page=2>; rel="next"'), ("Referrer-Policy", "same-origin"),
    ("Content-Disposition", 'attachment; filename="a.csv"'),
    ("Set-Cookie", "seen=1; Max-Age=10; Path=/; HttpOnly; Secure; SameSite=Lax"),
)  # fmt: skip
FIELDS = {"stars": ["Too many.", "No number."], "text": ["This field is required."], "code": "invalid"}

WHOLE: dict[str, Reply] = {
    "a course": exact(COURSE),
    "a cached course": exact(COURSE, headers=CACHED),
    "an indented course": exact(COURSE, indent=4),
    "first page": exact(page(1)),
    "second page": exact(page(2)),
    "last page": exact(page(3)),
    "an array": exact([{"id": 2, "position": 1}, {"id": 1, "position": 2}, {"id": 3, "position": 2}]),
    "created": exact(COURSE, status=201, headers=(("Location", f"{HOST}/api/v1/courses/41/"),)),
    "deleted": exact(EMPTY, status=204),
    "moved": exact(EMPTY, status=302, headers=(("Location", f"{HOST}/api/v1/courses/41/"),)),
    "not modified": exact(EMPTY, status=304, headers=CACHED),
    "wrong fields": exact(FIELDS, status=400),
    "no challenge met": exact({"detail": "Anmeldedaten fehlen."}, status=401, headers=(("WWW-Authenticate", "Token"),)),
    "forbidden": exact({"detail": "You may not."}, status=403),
    "not found": exact({"detail": "Nicht gefunden."}, status=404),
    "another method": exact({"detail": 'Method "PUT" not allowed.'}, status=405),
    "another media type": exact({"detail": "Unsupported."}, status=415),
    "too many": exact({"detail": "Request was throttled."}, status=429, headers=(("Retry-After", "30"),)),
}  # fmt: skip


def raised() -> dict[str, Reply]:
    """Exceptions as backends answer them."""
    with override("de"):
        return {
            kind.__name__: Reply(exception=kind(*arguments))
            for kind, *arguments in [
                (exceptions.NotAuthenticated,), (exceptions.PermissionDenied,), (exceptions.NotFound,),
                (exceptions.Throttled, 30), (exceptions.ValidationError, FIELDS), (exceptions.MethodNotAllowed, "PUT"),
            ]
        }  # fmt: skip


def typed() -> dict[str, Reply]:
    """Replies of documents that the router's renderer writes."""
    return {name: Reply(status=WHOLE[name].status, data=json.loads(WHOLE[name].body)) for name in WHOLE if _typed(name)}


def _typed(name: str) -> bool:
    return bool(WHOLE[name].body) and WHOLE[name].status < 400
