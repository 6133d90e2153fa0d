from academy.settings import *  # noqa: F403
from academy.settings import INSTALLED_APPS

INSTALLED_APPS = ["cacheops", *INSTALLED_APPS]
CACHEOPS_DEGRADE_ON_FAILURE = True
# Educators are unprofiled; the journal is profiled, so that what we write there comes back as an event.
CACHEOPS = {
    "catalog.course": {"ops": {"get"}, "timeout": 60},
    "catalog.lesson": {"ops": (), "timeout": 60},
    "strangler_django.journalrow": {"ops": (), "timeout": 60},
}
