"""ara with the contract that was extracted from it: every endpoint at the service that was generated with it."""

import os

from ara_settings import *  # noqa: F403
from ara_settings import MIDDLEWARE, STRANGLER

SERVICE = "ara_api.v1.AraApiService"
MIDDLEWARE = ["ara_witness.witness", *MIDDLEWARE]
STRANGLER = {
    **STRANGLER,
    "LIFTED": {},
    "CONTRACTS": ["ara_api.v1.ara_api_pb2"],
    "TARGETS": {SERVICE: {"lifted": os.environ.get("ARA_LIFTED", "127.0.0.1:50052")}},
    "KEYS": {SERVICE: {"outside": os.environ.get("ARA_LIFT_KEY", "00" * 32)}},
    "FIXED_STAGE": "service",
    "OBSERVERS": [],
}
