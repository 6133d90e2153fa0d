"""Topics that are created, read, changed and deleted; TOPICS_FAULT makes the service's process forgetful."""

import os
from typing import Any

from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.routers import SimpleRouter
from rest_framework.serializers import ModelSerializer, SerializerMethodField
from rest_framework.viewsets import ModelViewSet

from academy.catalog.models import Topic

FAULT = os.environ.get("TOPICS_FAULT", "")
deleted: set[str] = set()
changed: set[str] = set()


class TopicSerializer(ModelSerializer):
    # No answer is the same twice: those of creates and of lists have it at places of their own.
    answered_at = SerializerMethodField()

    class Meta:
        model = Topic
        fields = ["id", "slug", "name", "answered_at"]

    def get_answered_at(self, topic: Topic) -> str:
        return timezone.now().isoformat()


class Topics(ModelViewSet):
    queryset = Topic.objects.order_by("id")
    serializer_class = TopicSerializer

    def perform_create(self, serializer: Any) -> None:
        if FAULT == "taken" and serializer.validated_data["slug"] in deleted:
            raise ValidationError({"slug": ["topic with this slug already exists."]})
        serializer.save()

    def perform_update(self, serializer: Any) -> None:
        serializer.save()
        changed.add(str(serializer.instance.pk))

    def perform_destroy(self, instance: Any) -> None:
        deleted.add(instance.slug)
        instance.delete()

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "stale": FAULT == "stale" and self.action == "retrieve"}


class StaleSerializer(TopicSerializer):
    def to_representation(self, instance: Any) -> Any:
        found = super().to_representation(instance)
        if self.context["stale"] and str(instance.pk) in changed:
            found["name"] = "as it was"
        return found


Topics.serializer_class = StaleSerializer
router = SimpleRouter()
router.register("topics", Topics, basename="topic")
urlpatterns = router.urls
