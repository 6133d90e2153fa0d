from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from academy.learning.models import Enrolment


class IsOwnEnrolment(IsAuthenticated):
    """A learner sees their own enrolments; staff see all."""

    message = "This enrolment belongs to somebody else."

    def has_object_permission(self, request: Request, view: APIView, obj: Enrolment) -> bool:
        return request.user.is_staff or obj.learner.user_id == request.user.pk
