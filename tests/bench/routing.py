"""The routing decision and `offer()`, as the user's path pays for them."""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import resolve
from rest_framework.request import Request

from strangler_router.calls import call_of, subject_of
from strangler_router.middleware import RouterMiddleware
from strangler_router.pin import decide, take
from strangler_shadow.mirror import Mirror
from strangler_shadow.observer import Finding
from strangler_shadow.tally import Outcome
from tests.bench.blocks import microseconds, timed
from tests.bench.rows import Row, at_most

__all__ = ["decision_rows", "offer_rows"]

PATH = "/api/v1/courses/1/"
BODY = b'{"id": 1, "title": "' + b"x" * 2500 + b'"}'


def decision_rows() -> Iterator[Row]:
    """From `process_view` to the decision: table, policy, kill switch, subject, bucket."""
    middleware, request, match = _bound_request()
    middleware.snapshot.current()

    def route() -> None:
        request._request.resolver_match = match
        middleware.process_view(request._request, None, (), {})
        pin = take(request._request, request._request.strangler_pin.entry.owner)
        assert pin is not None
        decide(pin, request, subject_of)

    timed(route, 2_000)
    seconds = timed(route, 20_000)
    yield at_most("routing decision p50", microseconds(seconds, 50), "µs", must=10, aim=5, against="not routing")
    yield Row(metric="routing decision p99", value=microseconds(seconds, 99), unit="µs", against="not routing")


def offer_rows() -> Iterator[Row]:
    """Taking a copy of a 2.5 kB answer, exchange included, with room in the queue and a worker that keeps up."""
    middleware, request, _ = _bound_request()
    middleware.process_view(request._request, None, (), {})
    pin = request._request.strangler_pin
    decide(pin, request, subject_of)
    pin.call = call_of(request, pin)
    response = HttpResponse(BODY, content_type="application/json")
    matched = Finding(outcome=Outcome.MATCHED)
    mirror = Mirror(items=1_000_000, size=10**12, judge=lambda _exchange: matched)
    middleware.observers = [mirror.offer]

    def offer() -> None:
        middleware._observe(request._request, response, pin)

    timed(offer, 2_000)
    seconds = timed(offer, 20_000)
    yield at_most("offer() p50", microseconds(seconds, 50), "µs", must=20, against="mirror 0")
    yield at_most("offer() p99", microseconds(seconds, 99), "µs", must=200, against="mirror 0")


def _bound_request() -> tuple[RouterMiddleware, Any, Any]:
    middleware = RouterMiddleware(lambda _request: HttpResponse())
    http: Any = RequestFactory().get(PATH, headers={"accept": "application/json", "user-agent": "bench"})
    http.session = _Session()
    http.resolver_match = match = resolve(PATH)
    request: Any = Request(http)
    request.user = User(pk=1)
    return middleware, request, match


class _Session:
    accessed = False
