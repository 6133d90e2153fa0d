"""Shapes that a body rarely has: a path that returns over a one-to-one, and a detail that is no object."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework import serializers

from academy.catalog.models import Course
from academy.learning.models import Enrolment, Learner
from strangler_django.serializers import Cache, CachedModelSerializer
from tests.django.conftest import NOON, Redis, make_course


class ThereAndBackSerializer(CachedModelSerializer):
    name = serializers.CharField(source="learner.user.learner.user.username")

    class Meta:
        model = Enrolment
        fields = ["id", "name"]
        cache = Cache(timeout=3600)


class TitleSerializer(CachedModelSerializer):
    class Meta:
        model = Course
        fields = ["id", "title"]
        cache = Cache(timeout=3600)

    def to_representation(self, instance: Any) -> Any:
        return super().to_representation(instance)["title"]


def test_a_path_may_go_back_over_a_one_to_one(cached: Redis) -> None:
    user = User.objects.create_user("ada")
    learner = Learner.objects.create(user=user, display_name="Ada", joined_at=NOON)
    enrolment = Enrolment.objects.create(course=make_course(title="one"), learner=learner, progress=0, enrolled_at=NOON)
    for _ in range(2):
        shown = ThereAndBackSerializer(Enrolment.objects.all(), many=True).json()
        assert shown == b'[{"id":%d,"name":"ada"}]' % enrolment.pk


def test_a_detail_that_is_no_object_fails_as_it_does_in_drf(cached: Redis) -> None:
    course = make_course(title="one")
    for _ in range(2):
        assert TitleSerializer(Course.objects.all(), many=True).json() == b'["one"]'
        with pytest.raises(ValueError, match="dictionary"):
            TitleSerializer(course).json()
