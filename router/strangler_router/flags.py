"""Read and append flags in the database."""

from collections.abc import Iterable
from types import MappingProxyType

from django.db.models import Max

from strangler_router.conf import settings
from strangler_router.models import FlagChange
from strangler_router.policy import Flag, Policy, Stage

__all__ = ["append", "lock", "read_policy"]


def read_policy() -> Policy:
    """All flags as they stand, in one query; with a fixed stage there are none, and no query."""
    if fixed := settings().fixed_stage:
        return Policy(default=Stage(fixed))
    newest = FlagChange.objects.values("endpoint").annotate(newest=Max("id")).values("newest")
    changes = list(FlagChange.objects.filter(id__in=newest).order_by("id"))
    flags = {change.endpoint: change.flag for change in changes}
    return Policy(revision=changes[-1].pk if changes else 0, flags=MappingProxyType(flags))


def lock(endpoints: Iterable[str]) -> None:
    """Let nobody else change these flags until the transaction ends."""
    list(FlagChange.objects.select_for_update().filter(endpoint__in=endpoints).values_list("id"))


def append(flag: Flag, *, who: str, why: str, evidence: str = "") -> FlagChange:
    """Make this the endpoint's flag; `ValidationError` where a value is out of range."""
    change = FlagChange(
        endpoint=flag.endpoint,
        stage=flag.stage,
        basis_points=flag.basis_points,
        mirror=flag.mirror,
        rung=flag.rung,
        seed=flag.seed,
        who=who,
        why=why,
        evidence=evidence,
    )
    change.full_clean()
    change.save()
    return change
