"""Epochs of an endpoint and rung: what is counted belongs to the one of the present fingerprint."""

from dataclasses import asdict

from django.db.models import Max
from django.utils import timezone

from strangler_shadow.coverage import Coverage
from strangler_shadow.fingerprint import Fingerprint, fingerprint_of
from strangler_shadow.latency import Latencies
from strangler_shadow.models import ShadowEpoch

__all__ = ["add_to_epoch"]


def add_to_epoch(
    endpoint: str, rung: str, coverage: Coverage, latencies: Latencies | None = None, *, has_pairs: bool = True
) -> str:
    """Note in the present epoch, within the caller's transaction, that copies were counted; returns its fingerprint.

    Copies that were never compared leave the epoch as old as it is, which is why `has_pairs` is asked.
    `IntegrityError` where two processes begin an epoch of the same number at once: one of them has to come again.
    """
    fingerprint = fingerprint_of(endpoint, rung)
    now = timezone.now()
    row = _locked(endpoint, rung, fingerprint)
    if row is None:
        ShadowEpoch.objects.create(
            endpoint=endpoint,
            rung=rung,
            fingerprint=fingerprint.digest,
            parts=asdict(fingerprint),
            number=_numbers(endpoint, rung) + 1,
            began=now,
            latest=now,
            coverage=coverage.to_json(),
            latency=latencies.to_json() if latencies else {},
        )
        return fingerprint.digest
    total = Coverage.from_json(row.coverage)
    total.merge(coverage)
    row.coverage, row.latest = total.to_json(), max(now, row.latest) if has_pairs else row.latest
    if latencies:
        durations = Latencies.from_json(row.latency)
        durations.merge(latencies)
        row.latency = durations.to_json()
    row.save(update_fields=["coverage", "latency", "latest"])
    return fingerprint.digest


def _locked(endpoint: str, rung: str, fingerprint: Fingerprint) -> ShadowEpoch | None:
    rows = ShadowEpoch.objects.select_for_update()
    return rows.filter(endpoint=endpoint, rung=rung, fingerprint=fingerprint.digest).first()


def _numbers(endpoint: str, rung: str) -> int:
    found = ShadowEpoch.objects.filter(endpoint=endpoint, rung=rung).aggregate(highest=Max("number"))
    return found["highest"] or 0
