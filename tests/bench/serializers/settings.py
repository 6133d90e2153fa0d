"""The academy with its naive twin beside it, and without throttles, whose bookkeeping grows with each request."""

from academy.settings import *  # noqa: F403
from academy.settings import REST_FRAMEWORK

ROOT_URLCONF = "tests.bench.serializers.urls"
REST_FRAMEWORK = {**REST_FRAMEWORK, "DEFAULT_THROTTLE_CLASSES": []}
