"""A project whose every place holds a text that nobody else may read; the environment says which process it is."""

import os
from logging import Formatter

from academy.settings import *  # noqa: F403
from academy.settings import MIDDLEWARE
from tests.shadow.urls_private import IDS

ROOT_URLCONF = "tests.shadow.urls_private"
LIFT = "strangler.v1.Lift"
if os.environ.get("PRIVATE_RECORDING"):
    MIDDLEWARE = [*MIDDLEWARE, "strangler_shadow.recording.RecordingMiddleware"]

STRANGLER = {
    "LIFTED": dict.fromkeys(IDS, "SERVICE"),
    "TARGETS": {LIFT: {"lifted": os.environ["PRIVATE_HOST"]}},
    "KEYS": {LIFT: {"k": "00" * 32}},
    "OBSERVERS": ["strangler_shadow.mirror.offer"],
    "REFRESH": 0,
    "SHADOW": {
        "CORPUS": os.environ["ACADEMY_STATE"] + "/corpus",
        "SHOW": ["$.shown"],
        **({"STREAM": os.environ["PRIVATE_STREAM"]} if os.environ.get("PRIVATE_STREAM") else {}),
        "RECORD": {
            "FILE": os.environ.get("PRIVATE_RECORDING", ""),
            "KEY": os.environ.get("RECORDING_KEY", ""),
            "SHARE": 1.0,
        },
    },
}


class OneLine(Formatter):
    """A record with its traceback and all that hangs on it on one line, behind its logger's name."""

    def format(self, record):
        return f"{record.name}|{super().format(record)}|{vars(record)}".replace("\n", "\\n")


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"one": {"()": OneLine}},
    "handlers": {"all": {"class": "logging.StreamHandler", "formatter": "one", "level": "DEBUG"}},
    "root": {"handlers": ["all"], "level": "DEBUG"},
    "loggers": {"django": {"handlers": [], "propagate": True, "level": "DEBUG"}},
}
