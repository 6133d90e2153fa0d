from tests.django.cacheops_settings import *  # noqa: F403

CACHEOPS_SERIALIZER = "strangler_django.serializers.json_serializer.JSONSerializer"
CACHEOPS = {
    "catalog.course": {"ops": {"count", "exists", "aggregate"}, "timeout": 60},
    "catalog.course_topics": {"ops": (), "timeout": 60},
}
