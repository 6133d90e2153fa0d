from django.db.models import Count
from rest_framework import serializers

from academy.catalog.models import Course, Educator, Lesson, Topic


class TopicSerializer(serializers.ModelSerializer):
    class Meta:
        model = Topic
        fields = ["slug", "name"]


class CourseEducatorSerializer(serializers.ModelSerializer):
    class Meta:
        model = Educator
        fields = ["id", "name", "photo"]


class CourseSerializer(serializers.ModelSerializer):
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
