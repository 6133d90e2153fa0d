import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers

# Reading them walks the disk.
ZONES = frozenset(zoneinfo.available_timezones())


class TimezoneMiddleware:
    """Answers in the zone that the `Time-Zone` header names; UTC where it names none that exists."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = request.headers.get("Time-Zone", "")
        with timezone.override(name if name in ZONES else "UTC"):
            response = self.get_response(request)
        patch_vary_headers(response, ["Time-Zone"])
        return response
