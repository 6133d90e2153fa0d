"""Carry what CI verified into production, where it counts for the very same contract, code, packages and build.

Counts of live pairs are never carried: the bound on the divergence rate is a claim about the traffic of the deployment
that mirrored it.
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from strangler_shadow.evidence_file import EvidenceFile, Verified
from strangler_shadow.fingerprint import entry_of, fingerprint_of
from strangler_shadow.models import ShadowVerification
from strangler_shadow.verdict import Verdict

__all__ = ["Taken", "collect", "take"]

# Clocks differ; a word from next week would silence all that come before.
CLOCKS = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One verification of a file, and why it was left, or nothing where it was taken."""

    verified: Verified
    why_left: str = ""


def collect(endpoints: Collection[str] = ()) -> tuple[Verified, ...]:
    """What this deployment itself verified of these endpoints, or of all, as they are now."""
    rows = ShadowVerification.objects.filter(who="", build="").order_by("endpoint", "rung")
    return tuple(filter(None, map(_verified, rows.filter(endpoint__in=endpoints) if endpoints else rows)))


def take(content: EvidenceFile) -> list[Taken]:
    """Keep what is of the endpoints as they are here, and newer than what is known; the order is the file's."""
    now = timezone.now()
    with transaction.atomic():
        return [Taken(verified=item, why_left=_why_left(item, content, now)) for item in content.verified]


def _verified(row: ShadowVerification) -> Verified | None:
    now = fingerprint_of(row.endpoint, row.rung)
    if row.fingerprint != now.digest:
        return None
    return Verified(
        endpoint=row.endpoint,
        rung=row.rung,
        fingerprint=row.fingerprint,
        parts=asdict(now),
        at=row.at,
        verdict=Verdict(row.verdict),
        calls=row.calls,
    )


def _why_left(verified: Verified, content: EvidenceFile, now: datetime) -> str:
    if entry_of(verified.endpoint) is None:
        return "it is not bound here"
    here = fingerprint_of(verified.endpoint, verified.rung)
    if here.digest != verified.fingerprint:
        parts = here.changed_since(dict(verified.parts))
        return f"here these differ: {', '.join(parts) or 'parts that this release does not know'}"
    if verified.at > now + CLOCKS:
        return f"it is dated {verified.at:%Y-%m-%d %H:%M}, which is still to come"
    return _keep(verified, content)


def _keep(verified: Verified, content: EvidenceFile) -> str:
    values: dict[str, Any] = {"at": verified.at, "verdict": verified.verdict.value, "calls": verified.calls}
    values |= {"who": content.who, "build": content.build}
    row, is_new = ShadowVerification.objects.select_for_update().get_or_create(
        endpoint=verified.endpoint, rung=verified.rung, fingerprint=verified.fingerprint, defaults=values
    )
    if not is_new and row.at >= verified.at:
        return "it is known already" if row.at == verified.at else f"there is a newer one, of {row.at:%Y-%m-%d %H:%M}"
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=[*values])
    return ""
