"""What a call that writes made of both copies, and where that differs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from strangler_router.effects import Effect
from strangler_router.types import Call
from strangler_shadow.curl import curl_line
from strangler_shadow.observation import Difference, Observation
from strangler_shadow.report import Finding
from strangler_shadow.row_differences import RowDifference, as_difference
from strangler_shadow.rows import Rows

__all__ = ["Outcome", "Sides", "created_by"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Both answers to a call, the rows after it, and what each side would have sent."""

    control: Observation
    candidate: Observation
    left: Rows
    right: Rows
    sent: list[Effect]
    would_send: list[Effect]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Where a sequence showed a difference: its calls so far, and both sides of the last."""

    label: str
    calls: tuple[Call, ...]
    control: Observation
    candidate: Observation
    replies: tuple[Difference, ...]
    rows: tuple[RowDifference, ...]
    stamps: tuple[Difference, ...] = ()
    effects: tuple[Difference, ...] = ()

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Of replies, of rows and effects, with stand-ins for their values, and stamps that stayed."""
        return (*self.replies, *map(as_difference, self.rows), *self.stamps, *self.effects)

    def finding(self) -> Finding:
        """As a report has it; the curl line makes all calls of the sequence."""
        return Finding(
            call=self.calls[-1],
            caller=self.label,
            curl=" && ".join(map(curl_line, self.calls)),
            control=self.control,
            candidate=self.candidate,
            differences=self.differences,
        )


def created_by(call: Call, control: Observation) -> Mapping[str, Any] | None:
    """What a call created, as its answer has it."""
    if control.status != 201 and (control.status != 200 or call.method != "POST"):
        return None
    try:
        document: Any = json.loads(control.body)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
