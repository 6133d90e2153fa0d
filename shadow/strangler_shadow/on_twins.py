"""Verify endpoints on copies of the database: those that write, and those that read rows which are generated there."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from strangler_router.pin import Entry
from strangler_router.table import build_table
from strangler_router.types import Call
from strangler_shadow.generated_rows import NO_ROWS, GeneratedRows, generate_rows
from strangler_shadow.profiles import Profile, Verifies, not_reached
from strangler_shadow.report import EndpointReport
from strangler_shadow.twin_service import serving
from strangler_shadow.twins import TwinError, Twins, connected, twins
from strangler_shadow.verify import Verification
from strangler_shadow.writes import WriteVerification

__all__ = ["verify_on_twins"]


def verify_on_twins(
    entries: Iterable[Entry],
    *,
    rung: str,
    command: str,
    profile: Profile,
    rows: int = 0,
    given: Mapping[str, Sequence[tuple[str, Call]]] | None = None,
    on_rows: Callable[[GeneratedRows], None] = lambda _: None,
    on_call: Callable[[], None] = lambda: None,
) -> Iterator[EndpointReport]:
    """Verify endpoints on copies of the database that are made, served and dropped here; those that write first.

    `rows` scenes are generated in the copies for each model behind the endpoints, and told to `on_rows`. `command`
    starts the service (`twin_service.serving`). Without copies or a service each is INCONCLUSIVE.
    """
    left = {entry.binding.id: entry for entry in sorted(entries, key=lambda entry: entry.binding.is_safe)}
    try:
        with twins() as copies:
            generated = _generated(copies, left.values(), rows, profile.seed) if rows else NO_ROWS
            on_rows(generated)
            with serving(copies, rung, command) as service:
                # The router's settings name the service now, so that the table is another.
                table = {entry.binding.id: entry for entry in build_table().values()}
                ready = [table[name] for name in left]
                writing: list[Verifies] = [
                    WriteVerification(
                        entry=entry,
                        rung=rung,
                        twins=copies,
                        service=service,
                        on_call=on_call,
                        fresh=entry is ready[0],
                        given=(given or {}).get(entry.binding.id, ()),
                    )
                    for entry in ready
                    if not entry.binding.is_safe
                ]
                for report in profile.verify(writing):
                    del left[report.endpoint]
                    yield report
                if writing and left:
                    copies.renew()
                    service.renewed()
                reading: list[Verifies] = [
                    _Reading(
                        entry=entry, rung=rung, given=(given or {}).get(entry.binding.id, ()), generated=generated,
                        on_call=on_call, copy=copies.service,
                    )
                    for entry in ready
                    if entry.binding.is_safe
                ]  # fmt: skip
                for report in profile.verify(reading):
                    del left[report.endpoint]
                    yield report
    except TwinError as error:
        for entry in left.values():
            yield replace(not_reached(entry, rung), reason=str(error))


@dataclass(slots=True, kw_only=True)
class _Reading(Verification):
    """On one copy for both sides, so that rows come in the same order."""

    copy: str

    def begin(self) -> None:
        with connected(self.copy):
            Verification.begin(self)

    def search(self, *, examples: int, seed: int) -> None:
        with connected(self.copy):
            Verification.search(self, examples=examples, seed=seed)

    def report(self, *, seed: int) -> EndpointReport:
        with connected(self.copy):
            return Verification.report(self, seed=seed)


def _generated(copies: Twins, entries: Iterable[Entry], count: int, seed: int) -> GeneratedRows:
    with connected(copies.first):
        found = generate_rows(entries, count=count, seed=seed)
    copies.renew()
    return found
