"""Dates, times and durations in other words, or other ones."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import Any

from strangler_shadow.seeded.operator import UNTOUCHED, Family, OnNodes

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
DURATION = re.compile(r"(?:(\d+) )?(\d\d):(\d\d):(\d\d)(?:\.(\d{6}))?")
ELSEWHERE = timezone(timedelta(hours=-3, minutes=-30))


class _OfMoments(OnNodes, family=Family.TIME):
    of = (str,)

    def change(self, value: str) -> Any:
        """Leave all other text alone."""
        try:
            return self.change_moment(value) if MOMENT.fullmatch(value) else UNTOUCHED
        except (OverflowError, ValueError):
            return UNTOUCHED

    def change_moment(self, value: str) -> Any:
        """The wrong moment, or the wrong spelling."""
        raise NotImplementedError


class _OfDays(OnNodes, family=Family.TIME):
    of = (str,)

    def change(self, value: str) -> Any:
        """Leave all other text alone."""
        try:
            return self.change_day(value) if DAY.fullmatch(value) else UNTOUCHED
        except (OverflowError, ValueError):
            return UNTOUCHED

    def change_day(self, value: str) -> Any:
        """The wrong day, or the wrong spelling."""
        raise NotImplementedError


class _OfDurations(OnNodes, family=Family.TIME):
    of = (str,)

    def change(self, value: str) -> Any:
        """Leave all other text alone."""
        found = DURATION.fullmatch(value)
        return self.change_duration(*(int(part or 0) for part in found.groups())) if found else UNTOUCHED

    def change_duration(self, days: int, hours: int, minutes: int, seconds: int, micros: int) -> Any:
        """The wrong spelling."""
        raise NotImplementedError


def _moved(value: str, move: Callable[[datetime], datetime]) -> str:
    moved = move(datetime.fromisoformat(value)).isoformat()
    return moved.replace("+00:00", "Z") if value.endswith("Z") else moved


class OffsetChanged(_OfMoments, name="offset-changed"):
    """The same moment is written in another offset."""

    def change_moment(self, value: str) -> Any:
        return datetime.fromisoformat(value).astimezone(ELSEWHERE).isoformat()


class OffsetDropped(_OfMoments, name="offset-dropped"):
    """A moment is written without an offset."""

    def change_moment(self, value: str) -> Any:
        return value.removesuffix("Z") if value.endswith("Z") else value[:-6]


class OffsetIgnored(_OfMoments, name="offset-ignored"):
    """The wall time is kept and called UTC."""

    def change_moment(self, value: str) -> Any:
        return UNTOUCHED if value.endswith("Z") else value[:-6] + "Z"


class ZAsOffset(_OfMoments, name="z-as-zero-offset"):
    """Z is written as +00:00."""

    def change_moment(self, value: str) -> Any:
        return value.replace("Z", "+00:00")


class OffsetAsZ(_OfMoments, name="zero-offset-as-z"):
    """+00:00 is written as Z."""

    def change_moment(self, value: str) -> Any:
        return value.replace("+00:00", "Z")


class HourShifted(_OfMoments, name="hour-shifted"):
    """A moment is an hour late, as where summer time is counted twice."""

    def change_moment(self, value: str) -> Any:
        return _moved(value, lambda moment: moment + timedelta(hours=1))


class MicrosecondsCut(_OfMoments, name="microseconds-cut"):
    """A moment lost the part of its second."""

    def change_moment(self, value: str) -> Any:
        return re.sub(r"\.\d+", "", value)


class Milliseconds(_OfMoments, name="milliseconds"):
    """A moment's part of a second has three digits."""

    def change_moment(self, value: str) -> Any:
        return re.sub(r"\.(\d{3})\d+", r".\1", value)


class MicrosecondsAdded(_OfMoments, name="zero-microseconds-added"):
    """A whole second is written with zeros behind it."""

    def change_moment(self, value: str) -> Any:
        return UNTOUCHED if "." in value else value[:19] + ".000000" + value[19:]


class MicrosecondMore(_OfMoments, name="microsecond-more"):
    """A moment is off by a microsecond."""

    def change_moment(self, value: str) -> Any:
        return _moved(value, lambda moment: moment + timedelta(microseconds=1))


class DayForMoment(_OfMoments, name="date-for-datetime"):
    """A moment lost its time of day."""

    def change_moment(self, value: str) -> Any:
        return value[:10]


class Midnight(_OfMoments, name="time-of-day-lost"):
    """A moment became its day's midnight."""

    def change_moment(self, value: str) -> Any:
        return _moved(value, lambda moment: moment.replace(hour=0, minute=0, second=0, microsecond=0))


class SpaceForT(_OfMoments, name="space-for-t"):
    """A space stands between date and time."""

    def change_moment(self, value: str) -> Any:
        return value.replace("T", " ")


class Epoch(_OfMoments, name="moment-as-seconds"):
    """A moment is written as seconds since 1970."""

    def change_moment(self, value: str) -> Any:
        return int(datetime.fromisoformat(value).timestamp())


class MomentForDay(_OfDays, name="datetime-for-date"):
    """A date got a time of day."""

    def change_day(self, value: str) -> Any:
        return value + "T00:00:00Z"


class DayShifted(_OfDays, name="day-shifted"):
    """A date is a day early, as where midnight was moved to UTC."""

    def change_day(self, value: str) -> Any:
        return (date.fromisoformat(value) - timedelta(days=1)).isoformat()


class MonthAndDaySwapped(_OfDays, name="month-and-day-swapped"):
    """Month and day changed places."""

    def change_day(self, value: str) -> Any:
        year, month, day = value.split("-")
        return date(int(year), int(day), int(month)).isoformat()


class DayLocalised(_OfDays, name="date-localised"):
    """A date is written with points, day first."""

    def change_day(self, value: str) -> Any:
        return ".".join(reversed(value.split("-")))


class DurationIso(_OfDurations, name="duration-iso"):
    """A duration is written as ISO 8601 does."""

    def change_duration(self, days: int, hours: int, minutes: int, seconds: int, micros: int) -> Any:
        return f"P{days}DT{hours:02}H{minutes:02}M{seconds:02}{f'.{micros:06}' if micros else ''}S"


class DurationInSeconds(_OfDurations, name="duration-in-seconds"):
    """A duration is a number of seconds."""

    def change_duration(self, days: int, hours: int, minutes: int, seconds: int, micros: int) -> Any:
        return ((days * 24 + hours) * 60 + minutes) * 60 + seconds + micros / 1_000_000


class DurationInWords(_OfDurations, name="duration-in-python"):
    """A duration is written as Python prints it."""

    def change_duration(self, days: int, hours: int, minutes: int, seconds: int, micros: int) -> Any:
        return str(timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=micros))
