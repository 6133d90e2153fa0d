"""ara under its own tests: every bound endpoint at the service, which is in the same process but behind bytes."""

from ara_settings import *  # noqa: F403
from ara_settings import MIDDLEWARE, STRANGLER

MIDDLEWARE = ["ara_witness.witness", *MIDDLEWARE]
STRANGLER = {**STRANGLER, "FIXED_STAGE": "service", "BACKEND": "ara_witness.counted_backend"}
