"""What users feel of a mirror at 100 % whose service hangs: p99 in stage MONOLITH, against mirror 0."""

import math
import time
from collections.abc import Iterator

from tests.bench.blocks import change_of_p99
from tests.bench.open_loop import open_loop, succeeded
from tests.bench.rows import Row
from tests.end_to_end.demo.processes import Stack

__all__ = ["hung_rows"]

ENDPOINT = "v1:course-detail.get"
BLOCKS, BLOCK_SECONDS, RATE = 12, 5.0, 40


def hung_rows(stack: Stack) -> Iterator[Row]:
    """Blocks of open-loop traffic, mirror 0 and 100 in turn, while the service is stopped by SIGSTOP."""
    stack.suspend("catalog")
    try:
        # The workers' first requests import and connect; they are nobody's.
        _seconds(stack.http_port)
        samples: dict[str, list[list[float]]] = {"0": [], "100": []}
        for block in range(BLOCKS):
            mirror = "0" if block % 4 in {0, 3} else "100"
            stack.command(
                "strangler", "cutover", ENDPOINT, "--mirror", mirror, "--rung", "native", "--why", "benchmark"
            )
            time.sleep(1.2)
            samples[mirror].append(_seconds(stack.http_port))
    finally:
        stack.resume("catalog")
    quiet, mirrored = samples["0"], samples["100"]
    aa = change_of_p99(succeeded(quiet[0::2]), succeeded(quiet[1::2]))
    low, estimate, high = change_of_p99(succeeded(quiet), succeeded(mirrored))
    spread = max(abs(aa[0]), abs(aa[2]))
    bound = max(0.10, 2 * spread)
    yield Row(metric="A/A spread of p99", value=spread * 100, unit="%", against="mirror 0 against itself")
    yield Row(metric="p99, service hung, mirror 100 %: change", value=estimate * 100, unit="%", against="mirror 0")
    yield Row(metric="… lower end of its 95 % interval", value=low * 100, unit="%", against="mirror 0")
    yield Row(
        metric="… upper end",
        value=high * 100,
        unit="%",
        against="mirror 0",
        must=f"<= {bound * 100:.3g} (10 % or twice the A/A spread)",
        holds=high <= bound,
    )


def _seconds(port: int) -> list[float]:
    taken = open_loop(port, seconds=BLOCK_SECONDS, rate=RATE)
    if failed := taken.count(math.inf):
        raise RuntimeError(f"{failed} of {len(taken)} requests failed")
    return taken
