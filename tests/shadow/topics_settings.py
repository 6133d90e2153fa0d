"""The academy with topics in the place of its API."""

from academy.settings import *  # noqa: F403
from academy.settings import STRANGLER as ACADEMY

ROOT_URLCONF = "tests.shadow.topics_urls"
NAMES = ("list.get", "list.post", "detail.get", "detail.put", "detail.patch", "detail.delete")
STRANGLER = {
    "LIFTED": {f"topic-{name}": "MONOLITH" if "detail" in name else "SERVICE" for name in NAMES},
    "KEYS": {"strangler.v1.Lift": {"demo": "00" * 32}},
    "SHADOW": ACADEMY["SHADOW"],
}
