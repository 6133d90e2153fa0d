"""ara with the contract that was extracted from it: every endpoint at the service, in the same process behind bytes."""

from ara_settings import *  # noqa: F403
from ara_settings import MIDDLEWARE, STRANGLER

MIDDLEWARE = ["ara_witness.witness", *MIDDLEWARE]
STRANGLER = {
    **STRANGLER,
    "LIFTED": {},
    "CONTRACTS": ["ara_api.v1.ara_api_pb2"],
    "FIXED_STAGE": "service",
    "BACKEND": "ara_witness.counted_backend",
    "OBSERVERS": [],
}
