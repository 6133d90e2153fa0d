"""The course list as it is written before anybody counts its queries: the twin that ours is measured against."""

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.viewsets import ReadOnlyModelViewSet

from academy.catalog.models import Course
from academy.catalog.pagination import CoursePagination
from academy.catalog.serializers import CourseEducatorSerializer, TopicSerializer


class NaiveCourseSerializer(serializers.ModelSerializer):
    educator = CourseEducatorSerializer()
    topics = TopicSerializer(many=True)
    level_label = serializers.CharField(source="get_level_display")
    lesson_count = serializers.SerializerMethodField()
    review_count = serializers.SerializerMethodField()
    is_enrolled = serializers.SerializerMethodField()

    class Meta:
        model = Course
        fields = [
            "id", "title", "slug", "summary", "level", "level_label", "language", "price", "rating", "is_free",
            "published_at", "updated_at", "starts_on", "length", "external_id", "syllabus", "metadata",
            "educator", "topics", "lesson_count", "review_count", "is_enrolled",
        ]  # fmt: skip

    def get_lesson_count(self, course: Course) -> int:
        return course.lessons.count()

    def get_review_count(self, course: Course) -> int:
        return course.reviews.count()

    def get_is_enrolled(self, course: Course) -> bool:
        user = self.context["request"].user
        return user.is_authenticated and course.enrolments.filter(learner__user=user).exists()


class NaiveCourseViewSet(ReadOnlyModelViewSet):
    serializer_class = NaiveCourseSerializer
    pagination_class = CoursePagination

    def get_queryset(self) -> QuerySet[Course]:
        return Course.objects.filter(is_published=True)
