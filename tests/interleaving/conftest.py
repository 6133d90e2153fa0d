import gc
from collections.abc import Iterator

import pytest

from tests.interleaving.simulation import Simulation, simulated


@pytest.fixture
def simulation() -> Iterator[Simulation]:
    # Actors that end leave circles behind; counting objects at each of them costs a sixth of the time.
    gc.disable()
    try:
        with simulated() as made:
            yield made
    finally:
        gc.enable()
