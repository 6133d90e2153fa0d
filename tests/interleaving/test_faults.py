"""A fault in the protocol is found, whichever it is; so that a run without failure says something."""

from collections.abc import Iterator, Sequence

import pytest

from tests.interleaving import exploring
from tests.interleaving.faults import FAULTS
from tests.interleaving.oracle import Stale
from tests.interleaving.programs import SMALL, Program, draw
from tests.interleaving.simulation import MarkLeft, Simulation

BUDGET = 30_000
LEAVES_MARKS = {
    "stamps are not renewed after the commit",
    "a rollback renews nothing",
    "a savepoint that is rolled back takes the marks with it",
    "what another mover left pending is forgotten",
}
"""Faults that cost the cache and no freshness."""


RARE: dict[str, dict[str, Sequence[str]]] = {
    "a pending row is stored": {"themes": ["educators"], "weathers": ["deaths"]},
    "the other writer's mark is dropped": {"themes": ["educators"], "weathers": ["deaths"]},
    "the key does not hold the server's run_id": {"weathers": ["restarts"]},
    "the journal is cleared before it is renewed": {"weathers": ["outages"]},
}
"""Where to look for faults that show in one history of thousands."""


SMALLEST = {
    "nobody asks again after the commit who shows the row": 1,
    "a write without a transaction does not declare its moves": 2,
    "nobody asks again after the commit who showed the row": 3,
}
"""Faults that take two writers who meet on one row, and the small program in which they do."""


def programs_for(name: str) -> Iterator[tuple[int, Program]]:
    for seed in range(BUDGET):
        yield seed, SMALL[SMALLEST[name]][0] if name in SMALLEST else draw(seed, **RARE.get(name, {}))


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.timeout(600)
def test_a_planted_fault_is_found(name: str, simulation: Simulation) -> None:
    wanted = MarkLeft if name in LEAVES_MARKS else Stale
    with FAULTS[name]():
        simulation.warm_up()
        found = exploring.search(simulation, programs_for(name), wanted)
        assert found is not None
        number, seed, failure = found
    print(f"{name}: found after {number} interleavings, seed {seed}: {failure.error}")
