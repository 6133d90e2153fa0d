"""The academy after somebody moved a route."""

from django.urls import include, path

from academy.learning.views import EnrolmentDetail
from academy.urls import EducatorDetail, router

api = [
    *router.urls,
    path("teachers/<int:pk>/", EducatorDetail.as_view(), name="educator-detail"),
    path("enrolments/<int:pk>/", EnrolmentDetail.as_view(), name="enrolment-detail"),
]

urlpatterns = [path("api/v1/", include((api, "v1")))]
