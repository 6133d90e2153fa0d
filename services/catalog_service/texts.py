"""Values as DRF writes them into JSON."""

from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

__all__ = ["date_text", "datetime_text", "decimal_text", "duration_text", "uuid_text"]


def datetime_text(value: datetime | None, zone: tzinfo) -> str | None:
    """ISO 8601 in the active zone, with Z for UTC (rest_framework.fields.DateTimeField)."""
    if value is None:
        return None
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    text = aware.astimezone(zone).isoformat()
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


def date_text(value: Any) -> str | None:
    """ISO 8601."""
    return None if value is None else value.isoformat()


def decimal_text(value: Decimal | None) -> str | None:
    """Two places, as all decimals of this service have."""
    return None if value is None else f"{value.quantize(Decimal('0.01')):f}"


def duration_text(value: timedelta | int | None) -> str | None:
    """`[days ]HH:MM:SS[.ffffff]` (django.utils.duration.duration_string); an integer counts microseconds."""
    if value is None:
        return None
    length = value if isinstance(value, timedelta) else timedelta(microseconds=value)
    minutes, seconds = divmod(length.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days = f"{length.days} " if length.days else ""
    fraction = f".{length.microseconds:06d}" if length.microseconds else ""
    return f"{days}{hours:02d}:{minutes:02d}:{seconds:02d}{fraction}"


def uuid_text(value: Any) -> str | None:
    """With hyphens."""
    return None if value is None else str(value)
