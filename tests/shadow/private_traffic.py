"""The monolith of `private_settings`: serves calls that hold private texts everywhere, mirrored whole, and ends.

`python -m tests.shadow.private_traffic STAGE USER`, with the stage of every endpoint's flag.
"""

import sys
import time

import django
from prometheus_client import generate_latest


def main() -> None:
    stage, user = sys.argv[1:]
    django.setup()
    from django.contrib.auth import get_user_model
    from django.test import Client

    from strangler_router import flags
    from strangler_router.policy import Flag, Rung, Stage
    from strangler_shadow import mirror
    from tests.shadow.urls_private import IDS

    for endpoint in IDS:
        flag = Flag(endpoint=endpoint, stage=Stage(stage), rung=Rung.LIFTED, mirror=10_000)
        flags.append(flag, who="test", why="test")
    headers = {
        "Authorization": "Own zanzibar-authorization",
        "Accept-Language": "de",
        "User-Agent": "zanzibar-agent",
        "Referer": "http://zanzibar-referer/",
        "X-Own": "zanzibar-request-header",
        "X-Forwarded-For": "zanzibar-address",
    }
    client = Client(headers=headers, raise_request_exception=False)
    client.cookies["tracking"] = "zanzibar-request-cookie"
    client.force_login(get_user_model().objects.get(username=user))
    statuses = []
    for endpoint in IDS:
        path = f"/{endpoint.removesuffix('.get')}/zanzibar-path/?q=zanzibar-query&zanzibar_name=1&token=zanzibar-token"
        response = client.generic("GET", path, b'{"zanzibar-body": "zanzibar-body"}', "application/json")
        statuses.append(response.status_code)
        response.close()
    assert mirror._mirror is not None
    assert mirror._mirror.drain(30)
    mirror._mirror.stop()
    # The recording is written by a thread, once a second.
    time.sleep(1.2)
    sys.stdout.write(f"{statuses}\n{generate_latest().decode()}")


if __name__ == "__main__":
    main()
