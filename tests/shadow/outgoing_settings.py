"""The academy with orders in the place of its API; what they send goes to servers that the environment names."""

import os

from academy.settings import *  # noqa: F403
from academy.settings import STRANGLER as ACADEMY

ROOT_URLCONF = "tests.shadow.outgoing_urls"
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST, EMAIL_PORT = "127.0.0.1", int(os.environ.get("OUTGOING_SMTP", "1"))
LIFT = "strangler.v1.Lift"
STRANGLER = {
    "LIFTED": {"orders.post": "SERVICE", "quotes.get": "SERVICE"},
    "KEYS": {LIFT: {"demo": "00" * 32}},
    "SHADOW": ACADEMY["SHADOW"],
}
