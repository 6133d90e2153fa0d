"""Run DRF's own tests with our serializers in place of its, cache off and on, and compare every answer with DRF's."""

import sys

from distribution import Unavailable, unpack
from environment import OWN

NOT_REACHABLE = 69


def main() -> int:
    """Install and go on inside of the new environment; exits 0 only if every claim holds, 69 without DRF's source."""
    OWN.enter()
    from server import NoServer, valkey
    from suite import prove

    try:
        with valkey() as address:
            return prove(unpack(), address)
    except (Unavailable, NoServer) as error:
        print(error, file=sys.stderr)
        return NOT_REACHABLE


if __name__ == "__main__":
    sys.exit(main())
