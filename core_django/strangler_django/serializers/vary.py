from collections.abc import Mapping
from hashlib import blake2s
from typing import Any

from django.urls import get_script_prefix
from django.utils import timezone, translation
from rest_framework.settings import api_settings


def vary_digest(context: Mapping[str, Any], *, links: bool) -> str:
    """Names what a shared body may differ by: language, time zone and, where it holds links, their origin."""
    parts: list[Any] = [translation.get_language(), str(timezone.get_current_timezone())]
    request = context.get("request") if links else None
    if request is not None:
        parts += [
            request.scheme,
            request.get_host(),
            get_script_prefix(),
            context.get("format"),
            getattr(request, "version", None),
            request.GET.get(api_settings.URL_FORMAT_OVERRIDE) if api_settings.URL_FORMAT_OVERRIDE else None,
        ]
    return blake2s(repr(parts).encode(), digest_size=8).hexdigest()
