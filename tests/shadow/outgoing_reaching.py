"""The same orders, which may ask the other server."""

import os
from urllib.parse import urlsplit

from tests.shadow.outgoing_settings import *  # noqa: F403
from tests.shadow.outgoing_settings import STRANGLER as ORDERS

STRANGLER = {**ORDERS, "SHADOW": {**ORDERS["SHADOW"], "REACHABLE": [urlsplit(os.environ["OUTGOING_HTTP"]).netloc]}}
