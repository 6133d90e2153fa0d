"""Requests that are sent when they are due, however long the ones before them took."""

import http.client
import math
import time

__all__ = ["open_loop", "succeeded"]


def open_loop(port: int, *, seconds: float, rate: int) -> list[float]:
    """Latency of each request of one block, from the moment it was due; infinite where it failed."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    taken = []
    due = time.perf_counter()
    for number in range(int(seconds * rate)):
        due += 1 / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        connection.request("GET", f"/api/v1/courses/{number % 9 + 1}/")
        response = connection.getresponse()
        response.read()
        taken.append(time.perf_counter() - due if response.status == 200 else math.inf)
    connection.close()
    return taken


def succeeded(blocks: list[list[float]]) -> list[float]:
    """The latencies of the requests that did not fail."""
    return [seconds for block in blocks for seconds in block if seconds < math.inf]
