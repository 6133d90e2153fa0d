"""The least that a cached list can cost: keys, the fresh query, one MGET of ready bodies, a join."""

from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.bench.serializers.courses import Request, courses, enrolled

__all__ = ["Floor"]

ANSWERS = {True: b"true}", False: b"false}"}


class Floor:
    """Ready bodies in Redis, cut before the value of their last field, which is fresh; nothing is checked."""

    def __init__(self, url: str) -> None:
        pool = redis.ConnectionPool.from_url(
            f"{url}?db=3", protocol=2, retry=Retry(NoBackoff(), 0), socket_timeout=0.25, socket_read_size=1 << 20
        )
        self.connection: Any = pool.connection_class(**pool.connection_kwargs)

    def store(self, bodies: dict[int, bytes]) -> None:
        """Keep each object's JSON, which must end in `"is_enrolled":true}` or `false}`."""
        for pk, body in bodies.items():
            head, field, _ = body.rpartition(b'"is_enrolled":')
            self._send("SET", b"course:%d" % pk, head + field)

    def read(self, request: Request, size: int) -> bytes:
        """The list as bytes."""
        pks = list(courses(size).values_list("pk", flat=True))
        mine = enrolled(request.user, pks)
        bodies = self._send("MGET", *[b"course:%d" % pk for pk in pks])
        return b"[" + b",".join([body + ANSWERS[pk in mine] for pk, body in zip(pks, bodies, strict=True)]) + b"]"

    def close(self) -> None:
        self.connection.disconnect()

    def _send(self, *command: Any) -> Any:
        self.connection.send_packed_command(self.connection.pack_command(*command), check_health=False)
        return self.connection.read_response()
