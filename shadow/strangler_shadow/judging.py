"""What differences are called in a verdict's reason, and which kinds of caller a verdict needs."""

from collections.abc import Container, Iterable

from strangler_protos.bindings import Authority
from strangler_router.conf import settings
from strangler_router.pin import Entry
from strangler_shadow.callers import KindOfCaller
from strangler_shadow.observation import Difference, Kind
from strangler_shadow.report import Finding
from strangler_shadow.traits import Traits, add_traits, common_traits, traits_of

__all__ = ["INFRASTRUCTURE", "Group", "group_of", "missing_kinds", "words"]

# The service did not get to say anything; what is wrong lies between the router and it.
INFRASTRUCTURE = (
    "unavailable", "deadline exceeded", "breaker open", "in-flight cap", "configuration", "unauthenticated",
    "unimplemented", "cancelled",
)  # fmt: skip
MOST_NAMED = 5

Group = tuple[Kind, str]


def group_of(difference: Difference) -> Group:
    """Differences of one kind at one pattern are one."""
    return difference.kind, difference.pattern


def words(findings: Iterable[Finding]) -> str:
    """`value at $.results[*].price, only where level="advanced"; …`, of at most five groups."""
    found = list(findings)
    groups = sorted({group_of(difference) for finding in found for difference in finding.differences})
    more = f" and {len(groups) - MOST_NAMED} more" if len(groups) > MOST_NAMED else ""
    return "; ".join(_words(group, found) for group in groups[:MOST_NAMED]) + more


def missing_kinds(entry: Entry, rung: str, kinds: list[KindOfCaller], seen: Container[str]) -> list[str]:
    """Kinds of caller that the project has and that were not seen, where the service is the authority on objects."""
    if entry.authority(rung) is not Authority.SERVICE:
        return []
    wanted = [label for label, _ in kinds]
    missing = [label for label in wanted if label not in seen]
    ordinary = [label for label in wanted if label.startswith("user ")]
    missing += ["another user"] if len(ordinary) == 1 else []
    # Callers are not chosen by tenant yet.
    return missing + (["another tenant"] if settings().tenant else [])


def _words(group: Group, findings: list[Finding]) -> str:
    traits: Traits = {}
    for finding in findings:
        add_traits(traits, traits_of(finding.control, group[1], list(finding.differences)))
    common = common_traits(traits)
    return f"{group[0]} at {group[1]}" + (f", only where {' and '.join(common)}" if common else "")
