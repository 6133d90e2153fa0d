"""The RPCs of banyan.catalog.v1.CatalogService."""

from collections.abc import Callable
from typing import Any

import grpc
from sqlalchemy import Engine

from banyan.catalog.v1 import catalog_codec, catalog_pb2, catalog_pb2_grpc
from catalog_service.bodies import request_data
from catalog_service.courses import course, course_lessons, course_page, visible_course
from catalog_service.educators import educator
from catalog_service.enrolments import enrolment
from catalog_service.reviews import Reviews, valid_review
from catalog_service.web import Web
from strangler_services import caller, drf_error

__all__ = ["CatalogService"]


class CatalogService(catalog_pb2_grpc.CatalogServiceServicer):
    """Answers from the monolith's database; plain methods, so that each runs in a thread of the server.

    Without `reviews` it only reads, and CreateReview is not implemented.
    """

    def __init__(self, engine: Engine, *, media_url: str = "/media/", reviews: Reviews | None = None) -> None:
        self.engine = engine
        self.media_url = media_url
        self.reviews = reviews

    def register(self, server: grpc.aio.Server) -> None:
        """Add the RPCs to a server."""
        catalog_pb2_grpc.add_CatalogServiceServicer_to_server(self, server)

    def ListCourses(self, request: Any, context: Any) -> Any:  # noqa: N802  the RPC's name
        web = Web.of(request, self.media_url)
        with self.engine.connect() as connection:
            document = course_page(connection, web, caller())
        return _encoded(catalog_codec.encode_list_courses_response, document, catalog_pb2.ListCoursesResponse())

    def GetCourse(self, request: Any, context: Any) -> Any:  # noqa: N802
        web = Web.of(request, self.media_url)
        with self.engine.connect() as connection:
            document = course(connection, request.pk, web, caller())
        return _encoded(catalog_codec.encode_course, document, catalog_pb2.Course())

    def ListLessons(self, request: Any, context: Any) -> Any:  # noqa: N802
        web = Web.of(request, self.media_url)
        with self.engine.connect() as connection:
            items = course_lessons(connection, request.pk, web, caller())
        return _encoded(catalog_codec.encode_list_lessons_response, {"items": items}, catalog_pb2.ListLessonsResponse())

    def CreateReview(self, request: Any, context: Any) -> Any:  # noqa: N802
        if self.reviews is None:
            return super().CreateReview(request, context)
        identity, web = caller(), Web.of(request, self.media_url)
        if not identity.subject:
            raise drf_error("NotAuthenticated", "Authentication credentials were not provided.")
        data = request_data(request.strangler_http)
        with self.engine.connect() as connection:
            course_id = visible_course(connection, request.pk, web, identity).id
        document = self.reviews.create(course_id, valid_review(data), web, identity)
        return _encoded(catalog_codec.encode_review, document, catalog_pb2.Review())

    def GetEducator(self, request: Any, context: Any) -> Any:  # noqa: N802
        with self.engine.connect() as connection:
            document = educator(connection, request.pk, Web.of(request, self.media_url))
        return _encoded(catalog_codec.encode_educator, document, catalog_pb2.Educator())

    def GetEnrolment(self, request: Any, context: Any) -> Any:  # noqa: N802
        with self.engine.connect() as connection:
            document = enrolment(connection, request.pk, Web.of(request, self.media_url), caller())
        return _encoded(catalog_codec.encode_enrolment, document, catalog_pb2.Enrolment())


def _encoded(encode: Callable[[Any, Any], None], document: Any, message: Any) -> Any:
    encode(document, message)
    return message
