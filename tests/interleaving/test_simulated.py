"""100,000 interleavings of the protocol's own code over a database, a Redis server and a clock within the process."""

import gc
import os
from collections.abc import Iterable, Iterator

import pytest

from tests.interleaving import exploring
from tests.interleaving.exploring import Failure
from tests.interleaving.programs import SMALL, draw
from tests.interleaving.scheduling import order_of
from tests.interleaving.simulation import Simulation

DRAWN = int(os.environ.get("INTERLEAVINGS", "50000"))
FIRST_SEED = int(os.environ.get("INTERLEAVING_SEED", "0"))


def histories(found: Iterable[Failure | None]) -> Iterator[Failure | None]:
    for number, failure in enumerate(found):
        if number % 2000 == 0:
            gc.collect()
        yield failure


@pytest.mark.timeout(600 + DRAWN // 100)
def test_no_read_after_a_commit_shows_older_data_in_histories_drawn_from_seeds(simulation: Simulation) -> None:
    seeds = range(FIRST_SEED, FIRST_SEED + DRAWN)
    attempts = (exploring.attempt(simulation, draw(seed), order_of(seed)) for seed in seeds)
    for seed, failure in zip(seeds, histories(attempts), strict=True):
        if failure is not None:
            pytest.fail(f"Seed {seed}: {exploring.explain(simulation, failure)}")
    print(f"{DRAWN} histories from seed {FIRST_SEED} on")


@pytest.mark.timeout(600)
def test_no_read_after_a_commit_shows_older_data_in_any_order_with_few_interruptions(simulation: Simulation) -> None:
    count = 0
    for program, interruptions in SMALL:
        for failure in histories(exploring.exhaust(simulation, program, interruptions)):
            count += 1
            if failure is not None:
                pytest.fail(exploring.explain(simulation, failure))
    print(f"All {count} orders of {len(SMALL)} programs")
    assert count > 50_000


def test_a_seed_gives_the_same_history_again(simulation: Simulation) -> None:
    for seed in range(50):
        first, again = (simulation.play(draw(seed), order_of(seed)) for _ in range(2))
        assert first == again
