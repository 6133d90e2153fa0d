from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.decorators import action
from rest_framework.filters import OrderingFilter, SearchFilter
from rest_framework.generics import RetrieveAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from academy.catalog.filters import CourseFilter
from academy.catalog.models import Course, Educator
from academy.catalog.pagination import CoursePagination
from academy.catalog.serializers import CourseSerializer, EducatorSerializer, LessonSerializer
from academy.learning.serializers import ReviewSerializer
from strangler_django.serializers import CachedDetailMixin, CachedListMixin


class CourseViewSet(CachedListMixin, CachedDetailMixin, GenericViewSet):
    """Published courses; staff also see drafts."""

    serializer_class = CourseSerializer
    pagination_class = CoursePagination
    filter_backends = [DjangoFilterBackend, SearchFilter, OrderingFilter]
    filterset_class = CourseFilter
    search_fields = ["title", "summary"]
    ordering_fields = ["id", "price", "rating", "published_at"]

    def get_queryset(self) -> QuerySet[Course]:
        courses = Course.objects.select_related("educator").prefetch_related("topics")
        return courses if self.request.user.is_staff else courses.filter(is_published=True)

    @action(detail=True)
    def lessons(self, request: Request, pk: str) -> Response:
        lessons = self.get_object().lessons.all()
        return Response(LessonSerializer(lessons, many=True, context=self.get_serializer_context()).data)

    @action(detail=True, methods=["post"], permission_classes=[IsAuthenticated], serializer_class=ReviewSerializer)
    def reviews(self, request: Request, pk: str) -> Response:
        serializer = self.get_serializer(data=request.data, context={"course": self.get_object(), "request": request})
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data, status=201)


class EducatorDetail(RetrieveAPIView):
    queryset = Educator.objects.all()
    serializer_class = EducatorSerializer
