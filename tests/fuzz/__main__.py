"""Plays random episodes until so many cases were compared; prints the seed that plays them again."""

import argparse
import os
import secrets
import sys
import time

import django


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    options.add_argument("--seed", type=int, default=None, help="fresh without it")
    options.add_argument("--cases", type=int, default=10_000)
    options.add_argument("--first", type=int, default=0, help="the episode to begin with")
    given = options.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.fuzz.settings"
    django.setup()
    from tests.fuzz.running import run

    seed = secrets.randbelow(10**9) if given.seed is None else given.seed
    started = time.monotonic()
    failed = run(seed=seed, cases=given.cases, first=given.first)
    print(f"{time.monotonic() - started:.0f} s")
    return failed


if __name__ == "__main__":
    sys.exit(main())
