"""A run: tables, Redis, episodes one after the other, and what it all came to."""

import itertools
import logging
import warnings

from django.core.management import call_command
from django.db import connection

from strangler_django.serializers import store
from tests.fuzz import callers, comparing, models
from tests.fuzz.comparing import Tally
from tests.fuzz.episodes import play, random_episode
from tests.fuzz.reporting import report
from tests.fuzz.server import running
from tests.fuzz.shrinking import shrunk

LEAST_HITS = 0.6
TABLES = [
    models.Region, models.Badge, models.Tag, models.Maker, models.Item, models.Gadget, models.Part, models.Passport,
    models.Warranty, models.Note, models.Award,
]  # fmt: skip


def run(*, seed: int, cases: int, first: int = 0) -> int:
    """0 if every byte was equal and enough of the warm reads came from the cache."""
    print(f"seed {seed}: python -m tests.fuzz --seed {seed} --cases {cases}", flush=True)
    prepare()
    tally = Tally()
    with running() as server:
        for number in itertools.count(first):
            if tally.cases >= cases:
                break
            episode = random_episode(f"{seed}:{number}")
            mismatch = play(episode, server, tally)
            if mismatch is not None:
                print(f"episode {number} of seed {seed} (--first {number}): {mismatch.kind}; shrinking", flush=True)
                print(report(*shrunk(episode, mismatch, server)))
                return 1
    return _conclude(tally)


def prepare() -> None:
    logger = logging.getLogger("strangler_django")
    logger.addHandler(comparing.warnings)
    logger.propagate = False
    warnings.simplefilter("error")
    store.LONGEST_WAIT = 10
    callers.register()
    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        for model in TABLES:
            editor.create_model(model)


def _conclude(tally: Tally) -> int:
    print(f"{tally.cases} cases, {tally.serializers} serializers")
    print(f"{tally.hits} of {tally.warm} warm reads came from the cache ({tally.hit_rate:.0%})")
    for title, counts in (("refused", tally.refused), ("bypassed", tally.bypasses), ("raised by both", tally.raised)):
        print(f"{title}: {sum(counts.values())}")
        for reason, count in counts.most_common():
            print(f"  {count}  {reason}")
    if tally.hit_rate < LEAST_HITS:
        print(f"Fewer than {LEAST_HITS:.0%} of the warm reads came from the cache: this run proves too little.")
        return 1
    return 0
