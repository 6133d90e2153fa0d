"""What was seen of an endpoint, and what of the declared never was, as rows of a table."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from strangler_shadow.report import EndpointReport

__all__ = ["Seen", "seen_by_calls", "seen_row"]

NAMES_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One row: names with their counts, None where nobody counted, and those `never` seen.

    `never` is None where nobody declares what there could be; `none` is said where nothing was seen.
    """

    what: str
    counts: tuple[tuple[str, int | None], ...]
    counts_left_out: int = 0
    never: tuple[str, ...] | None = None
    never_left_out: int = 0
    none: str = "none"


def seen_row(
    what: str, counts: Mapping[str, int | None], never: Sequence[str] | None = None, *, none: str = "none"
) -> Seen:
    """A row of at most 60 names a cell, those with the largest counts first."""
    ordered = sorted(counts.items(), key=lambda item: (-(item[1] or 0), item[0]))
    return Seen(
        what=what,
        counts=tuple(ordered[:NAMES_SHOWN]),
        counts_left_out=max(0, len(ordered) - NAMES_SHOWN),
        never=None if never is None else tuple(never[:NAMES_SHOWN]),
        never_left_out=max(0, len(never or ()) - NAMES_SHOWN),
        none=none,
    )


def seen_by_calls(endpoint: EndpointReport) -> Iterator[Seen]:
    """What a verification's calls were, and what their answers held."""
    yield seen_row("Statuses", {str(status): count for status, count in endpoint.statuses.items()})
    yield seen_row("Kinds of caller", endpoint.callers)
    yield _declared("Query parameters", endpoint.parameters)
    yield _declared("Fields with a value", endpoint.fields)
    yield _declared("Choices", endpoint.values)
    if endpoint.skipped:
        yield seen_row("Not compared", endpoint.skipped)


def _declared(what: str, counts: Mapping[str, int]) -> Seen:
    if not counts:
        return seen_row(what, {}, none="not counted")
    reached = {name: count for name, count in counts.items() if count}
    never = [name for name, count in counts.items() if not count]
    return seen_row(what, reached, never)
