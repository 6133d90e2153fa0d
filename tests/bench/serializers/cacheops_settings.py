"""The academy with cacheops caching every operation of every model; for a process of its own, since it patches all."""

import os

from academy.settings import *  # noqa: F403
from academy.settings import INSTALLED_APPS

INSTALLED_APPS = ["cacheops", *INSTALLED_APPS]
CACHEOPS = {"*.*": {"ops": "all", "timeout": 3600}}
CACHEOPS_REDIS = os.environ["ACADEMY_REDIS"]
