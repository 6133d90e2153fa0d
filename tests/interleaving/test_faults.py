"""A fault in the protocol is found, whichever it is; so that a run without failure says something."""

import pytest

from tests.interleaving import exploring
from tests.interleaving.faults import FAULTS
from tests.interleaving.oracle import Stale
from tests.interleaving.simulation import MarkLeft, Simulation

BUDGET = 30_000
FIRST_SEED = 10_000_000
LEAVES_MARKS = {
    "stamps are not renewed after the commit",
    "a rollback renews nothing",
    "a savepoint that is rolled back takes the marks with it",
    "what another mover left pending is forgotten",
}
"""Faults that cost the cache and no freshness."""


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.timeout(600)
def test_a_planted_fault_is_found(name: str, simulation: Simulation) -> None:
    wanted = MarkLeft if name in LEAVES_MARKS else Stale
    with FAULTS[name]():
        simulation.warm_up()
        found = exploring.search(simulation, range(FIRST_SEED, FIRST_SEED + BUDGET), wanted)
        assert found is not None
        number, seed, failure = found
    print(f"{name}: found after {number} interleavings, seed {seed}: {failure.error}")
