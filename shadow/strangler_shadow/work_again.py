"""Ask again for one difference that was kept, and say what is seen now."""

from typing import Any

from strangler_protos.errors import StranglerError
from strangler_shadow.fields import declared_names
from strangler_shadow.models import ShadowDifference
from strangler_shadow.observer import judge
from strangler_shadow.redact import redacted, redacted_pattern
from strangler_shadow.stream import Stream
from strangler_shadow.stream_entries import SealError, open_sealed
from strangler_shadow.work import place_of

__all__ = ["NotKept", "ask_again"]


class NotKept(StranglerError):
    """There is no call that shows the difference any more."""


def ask_again(row: ShadowDifference, stream: Stream) -> dict[str, Any]:
    """The outcome now, whether the row's difference is part of it, and every place that differs; no recorded value.

    Raises `NotKept` and `StreamAway`.
    """
    data = stream.example(place_of(row.endpoint, row.rung, row.kind, row.pattern))
    if data is None:
        raise NotKept(f"difference {row.pk}: its call is not kept any more; a new one is, when it is found again")
    try:
        exchange = open_sealed(data).exchange
    except SealError as error:
        raise NotKept(f"difference {row.pk}: its call was sealed with another SECRET_KEY") from error
    finding = judge(exchange)
    names = declared_names(row.endpoint)
    places = []
    for difference in {(item.kind, item.pattern): item for item in finding.differences}.values():
        control, candidate = redacted(difference, names)
        pattern = redacted_pattern(difference, names)
        places.append({"kind": difference.kind.value, "pattern": pattern, "control": control, "candidate": candidate})
    return {
        "endpoint": row.endpoint,
        "kind": row.kind,
        "pattern": row.pattern,
        "outcome": finding.outcome.value,
        "reason": finding.reason,
        "still there": any((place["kind"], place["pattern"]) == (row.kind, row.pattern) for place in places),
        "differences": places,
    }
