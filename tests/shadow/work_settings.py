"""The academy's settings for worker processes: the stream, the services and the crash come from the environment."""

import json
import os

from academy.settings import *  # noqa: F403
from academy.settings import CATALOG, MIDDLEWARE, STRANGLER

MIDDLEWARE = [*MIDDLEWARE, "tests.shadow.work_crash.crash"]
STRANGLER = {
    **STRANGLER,
    "TARGETS": {CATALOG: json.loads(os.environ["WORK_TARGETS"])},
    "REFRESH": 0,
    "POLICY_FILE": "",
    "KILL_FILE": "",
    "SHADOW": {"STREAM": os.environ["WORK_STREAM"]},
}
