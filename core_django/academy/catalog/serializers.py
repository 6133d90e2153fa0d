from collections.abc import Collection

from django.db.models import Count
from rest_framework import serializers

from academy.catalog.models import Course, Educator, Lesson, Topic
from academy.learning.models import Enrolment, Review
from strangler_django.serializers import Cache, CachedModelSerializer, batched


class TopicSerializer(serializers.ModelSerializer):
    class Meta:
        model = Topic
        fields = ["slug", "name"]


class CourseEducatorSerializer(serializers.ModelSerializer):
    class Meta:
        model = Educator
        fields = ["id", "name", "photo"]


class CourseSerializer(CachedModelSerializer):
    educator = CourseEducatorSerializer()
    topics = TopicSerializer(many=True)
    level_label = serializers.CharField(source="get_level_display")
    lesson_count = batched(serializers.IntegerField(), default=0, depends_on="lessons")
    review_count = batched(serializers.IntegerField(), default=0, depends_on="reviews")
    is_enrolled = batched(serializers.BooleanField(), default=False, fresh=True)

    class Meta:
        model = Course
        cache = Cache(timeout=3600)
        fields = [
            "id", "title", "slug", "summary", "level", "level_label", "language", "price", "rating", "is_free",
            "published_at", "updated_at", "starts_on", "length", "external_id", "syllabus", "metadata",
            "educator", "topics", "lesson_count", "review_count", "is_enrolled",
        ]  # fmt: skip

    @lesson_count.batch
    def count_lessons(self, pks: Collection[int]) -> dict[int, int]:
        return dict(Lesson.objects.filter(course__in=pks).order_by().values_list("course").annotate(Count("pk")))

    @review_count.batch
    def count_reviews(self, pks: Collection[int]) -> dict[int, int]:
        return dict(Review.objects.filter(course__in=pks).values_list("course").annotate(Count("pk")))

    @is_enrolled.batch
    def find_enrolled(self, pks: Collection[int]) -> set[int]:
        user = self.context["request"].user
        if not user.is_authenticated:
            return set()
        return set(Enrolment.objects.filter(course__in=pks, learner__user=user).values_list("course", flat=True))


class LessonSerializer(serializers.ModelSerializer):
    class Meta:
        model = Lesson
        fields = ["id", "position", "title", "minutes", "video", "is_preview", "created_at"]


class EducatorSerializer(serializers.ModelSerializer):
    course_count = serializers.SerializerMethodField()
    levels = serializers.SerializerMethodField()

    class Meta:
        model = Educator
        fields = ["id", "name", "bio", "photo", "website", "joined_at", "course_count", "levels"]

    def get_course_count(self, educator: Educator) -> int:
        return educator.courses.filter(is_published=True).count()

    def get_levels(self, educator: Educator) -> dict[str, int]:
        rows = educator.courses.filter(is_published=True).order_by("level").values_list("level")
        return dict(rows.annotate(Count("id")))
