from typing import Any

from django.utils import timezone
from rest_framework import serializers

from academy.learning.models import Enrolment, Learner, Review


class EnrolmentSerializer(serializers.ModelSerializer):
    course = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    course_title = serializers.CharField(source="course.title")
    learner_name = serializers.CharField(source="learner.display_name")

    class Meta:
        model = Enrolment
        fields = [
            "id", "course", "course_title", "learner", "learner_name", "status", "progress", "enrolled_at",
            "completed_at", "certificate_id",
        ]  # fmt: skip


class ReviewSerializer(serializers.ModelSerializer):
    stars = serializers.IntegerField(min_value=1, max_value=5)

    class Meta:
        model = Review
        fields = ["id", "stars", "text", "created_at"]
        read_only_fields = ["created_at"]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        learner = Learner.objects.filter(user=self.context["request"].user).first()
        if learner is None or not learner.enrolments.filter(course=self.context["course"]).exists():
            raise serializers.ValidationError("Only learners of this course may review it.")
        if learner.reviews.filter(course=self.context["course"]).exists():
            raise serializers.ValidationError("You have reviewed this course already.")
        return attrs | {"learner": learner, "course": self.context["course"], "created_at": timezone.now()}
