"""ara's own settings with the router plugged in; ara itself reads its environment, and not a line of it is edited."""

import json
import os
from pathlib import Path

from ara.server.settings import *  # noqa: F403
from ara.server.settings import DATABASES, INSTALLED_APPS, MIDDLEWARE

STATE = Path(os.environ["ARA_BASE_DIR"])
ENDPOINTS = json.loads(Path(__file__).with_name("ara_endpoints.json").read_text())

INSTALLED_APPS = [*INSTALLED_APPS, "strangler_django", "strangler_extract", "strangler_router", "strangler_shadow"]
MIDDLEWARE = [*MIDDLEWARE, "strangler_router.middleware.RouterMiddleware"]
DATABASES["default"]["OPTIONS"] = {
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000",
    "transaction_mode": "IMMEDIATE",
}

STRANGLER = {
    # ara's filters, permissions and querysets run with the hosted view, so that the service is the authority.
    "LIFTED": dict.fromkeys([*ENDPOINTS["bound"], *os.environ.get("ARA_WRITES", "").split()], "SERVICE"),
    "TARGETS": {"strangler.v1.Lift": {"lifted": os.environ.get("ARA_LIFTED", "127.0.0.1:50052")}},
    "KEYS": {"strangler.v1.Lift": {"outside": os.environ.get("ARA_LIFT_KEY", "00" * 32)}},
    "OBSERVERS": ["strangler_shadow.mirror.offer"],
    "SHADOW": {"CORPUS": str(STATE / "corpus")},
    "POLICY_FILE": STATE / "policy.json",
    "KILL_FILE": STATE / "kill",
    "RPC_TIMEOUT": 5.0,
}
