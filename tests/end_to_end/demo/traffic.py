"""HTTP traffic at a steady rate, counted by endpoint."""

import http.client
import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

__all__ = ["ENDPOINTS", "Answers", "Traffic"]

ENDPOINTS = {
    "v1:course-list.get": lambda random: f"/api/v1/courses/?page={random.randint(1, 5)}&page_size=20",
    "v1:course-detail.get": lambda random: f"/api/v1/courses/{_published(random)}/",
    "v1:course-lessons.get": lambda random: f"/api/v1/courses/{_published(random)}/lessons/",
    "v1:educator-detail.get": lambda random: f"/api/v1/educators/{random.randint(1, 20)}/",
    "v1:enrolment-detail.get": lambda random: f"/api/v1/enrolments/{random.randint(1, 5000)}/",
}
EXPECTED = {200, 401, 403}


def _published(source: random.Random) -> int:
    # Every tenth course is a draft.
    return source.randint(0, 40) * 10 + source.randint(1, 9)


@dataclass(slots=True)
class Answers:
    """What clients saw of one endpoint: seconds of each answer, and how many were failures."""

    seconds: list[float] = field(default_factory=list)
    failed: int = 0


class Traffic:
    """A few clients that ask all endpoints in turn, `rate` times a second together, as users and anonymously."""

    def __init__(self, port: int, *, rate: float = 60, clients: int = 4, users: int = 200) -> None:
        self._port = port
        self._pause = clients / rate
        self._clients = clients
        self._users = users
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.phases: dict[str, dict[str, Answers]] = {}

    @contextmanager
    def during(self, phase: str) -> Iterator[None]:
        """Traffic while the block runs; its answers are filed under the phase."""
        answers = self.phases.setdefault(phase, defaultdict(Answers))
        self._stop.clear()
        threads = [
            threading.Thread(target=self._client, args=(number, answers), daemon=True)
            for number in range(self._clients)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join(30)

    @property
    def failed(self) -> int:
        """Answers that no client should see, in all phases."""
        return sum(answers.failed for phase in self.phases.values() for answers in phase.values())

    def _client(self, number: int, answers: dict[str, Answers]) -> None:
        source = random.Random(number)
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        while not self._stop.is_set():
            for endpoint, path in ENDPOINTS.items():
                began = time.perf_counter()
                ok = self._ask(connection, path(source), source.randint(0, self._users))
                taken = time.perf_counter() - began
                with self._lock:
                    answers[endpoint].seconds.append(taken)
                    answers[endpoint].failed += not ok
                if self._stop.wait(max(0.0, self._pause - taken)):
                    return

    def _ask(self, connection: http.client.HTTPConnection, path: str, user: int) -> bool:
        # Every twentieth learner is inactive, and user 0 is anonymous.
        headers = {"Authorization": f"Token demo-only-learner-{user:05}"} if user % 20 else {}
        try:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return False
        return response.status in EXPECTED
