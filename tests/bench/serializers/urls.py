from django.urls import include, path
from rest_framework.routers import SimpleRouter

from academy.catalog.views import CourseViewSet
from academy.urls import urlpatterns as academy_urlpatterns
from tests.bench.naive import NaiveCourseViewSet


class NaiveTwinViewSet(NaiveCourseViewSet):
    """The academy's view with its filters, written the naive way."""

    filter_backends = CourseViewSet.filter_backends
    filterset_class = CourseViewSet.filterset_class
    search_fields = CourseViewSet.search_fields
    ordering_fields = CourseViewSet.ordering_fields


naive = SimpleRouter()
naive.register("courses", NaiveTwinViewSet, basename="naive-course")

urlpatterns = [*academy_urlpatterns, path("api/naive/", include(naive.urls))]
