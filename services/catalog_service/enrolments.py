"""Enrolments; this service is the authority on who may see one."""

from typing import Any

from sqlalchemy import Connection, select

from catalog_service.keys import primary_key
from catalog_service.tables import courses, enrolments, learners
from catalog_service.texts import datetime_text, decimal_text, uuid_text
from catalog_service.web import Web
from strangler_protos.v1.identity_pb2 import Identity
from strangler_services import drf_error, text

__all__ = ["enrolment"]


def enrolment(connection: Connection, pk: str, web: Web, identity: Identity) -> dict[str, Any]:
    """One enrolment, for its learner and for staff."""
    query = (
        select(
            enrolments,
            courses.c.slug,
            courses.c.title,
            learners.c.display_name,
            learners.c.user_id,
        )
        .join(courses, courses.c.id == enrolments.c.course_id)
        .join(learners, learners.c.id == enrolments.c.learner_id)
        .where(enrolments.c.id == primary_key(pk, "Enrolment"))
    )
    row = connection.execute(query).first()
    if row is None:
        raise drf_error("NotFound", "No Enrolment matches the given query.")
    if not identity.subject:
        raise drf_error("NotAuthenticated", "Authentication credentials were not provided.")
    if not identity.is_staff and str(row.user_id) != identity.subject:
        detail = text("This enrolment belongs to somebody else.", code="permission_denied")
        raise drf_error("PermissionDenied", detail)
    return {
        "id": row.id,
        "course": row.slug,
        "course_title": row.title,
        "learner": row.learner_id,
        "learner_name": row.display_name,
        "status": row.status,
        "progress": decimal_text(row.progress),
        "enrolled_at": datetime_text(row.enrolled_at, web.timezone),
        "completed_at": datetime_text(row.completed_at, web.timezone),
        "certificate_id": uuid_text(row.certificate_id),
    }
