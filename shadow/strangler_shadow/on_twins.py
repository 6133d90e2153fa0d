"""Verify endpoints on copies of the database: those that write, and those that read rows which are generated there."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from strangler_router.pin import Entry
from strangler_router.table import build_table
from strangler_router.types import Call
from strangler_shadow.generated_rows import NO_ROWS, GeneratedRows, generate_rows
from strangler_shadow.report import EndpointReport
from strangler_shadow.twin_service import TwinService, serving
from strangler_shadow.twins import TwinError, Twins, connected, twins
from strangler_shadow.verdict import Verdict
from strangler_shadow.verify import verify_endpoint
from strangler_shadow.writes import verify_writes

__all__ = ["verify_on_twins"]


def verify_on_twins(
    entries: Iterable[Entry],
    *,
    rung: str,
    command: str,
    examples: int,
    seed: int,
    rows: int = 0,
    given: Mapping[str, Sequence[tuple[str, Call]]] | None = None,
    on_rows: Callable[[GeneratedRows], None] = lambda _: None,
    on_call: Callable[[], None] = lambda: None,
) -> Iterator[EndpointReport]:
    """Verify endpoints on copies of the database that are made, served and dropped here; those that write first.

    `rows` scenes are generated in the copies for each model behind the endpoints, and told to `on_rows`. `command`
    starts the service (`twin_service.serving`). Without copies or a service each is INCONCLUSIVE.
    """
    left = sorted(entries, key=lambda entry: entry.binding.is_safe)
    try:
        with twins() as copies:
            generated = _generated(copies, left, rows, seed) if rows else NO_ROWS
            on_rows(generated)
            with serving(copies, rung, command) as service:
                # The router's settings name the service now, so that the table is another.
                table = {entry.binding.id: entry for entry in build_table().values()}
                written = False
                while left:
                    entry = table[left[0].binding.id]
                    if not entry.binding.is_safe:
                        written = True
                        yield verify_writes(
                            entry, copies, service, rung=rung, examples=examples, seed=seed, on_call=on_call
                        )
                    else:
                        written = written and _renewed(copies, service)
                        asked = (given or {}).get(entry.binding.id, ())
                        # Both sides read the same copy, so that rows come in the same order.
                        with connected(copies.service):
                            report = verify_endpoint(
                                entry, rung=rung, examples=examples, seed=seed, given=asked, rows=generated,
                                on_call=on_call,
                            )  # fmt: skip
                        yield report
                    left.pop(0)
    except TwinError as error:
        for entry in left:
            yield EndpointReport(
                endpoint=entry.binding.id,
                rpc=entry.binding.rpc,
                rung=rung,
                verdict=Verdict.INCONCLUSIVE,
                reason=str(error),
            )


def _generated(copies: Twins, entries: Iterable[Entry], count: int, seed: int) -> GeneratedRows:
    with connected(copies.first):
        found = generate_rows(entries, count=count, seed=seed)
    copies.renew()
    return found


def _renewed(copies: Twins, service: TwinService) -> bool:
    """Take back what was written; nothing is, from then on."""
    copies.renew()
    service.renewed()
    return False
