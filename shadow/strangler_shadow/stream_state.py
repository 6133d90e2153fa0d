"""Where every streamed copy is: what `strangler shadow stats` and `watch` say of the stream."""

import time
from collections import Counter
from typing import Any

from django.db.models import Sum

from strangler_shadow.models import ShadowSent
from strangler_shadow.stream import Stream

__all__ = ["stream_state"]

ALIVE_SECONDS = 60.0


def stream_state(stream: Stream) -> dict[str, Any]:
    """Numbers of entries, seconds, workers, and the weight of each stratum that is thinned; raises `StreamAway`.

    lost: what the server did not have any more when it came back. unaccounted: sent, neither counted nor waiting; while
    traffic flows it may show what is on its way, at rest it is 0.
    """
    now = time.time()
    backlog = stream.backlog(now)
    totals = ShadowSent.objects.values_list("generation").annotate(Sum("sent"), Sum("settled")).order_by()
    missing: Counter[bool] = Counter()
    for generation, sent, settled in totals:
        missing[generation == backlog.generation] += sent - settled
    return {
        "waiting": backlog.waiting,
        "pending": backlog.pending,
        "oldest": round(backlog.oldest, 1),
        "aside": backlog.aside,
        "workers": sum(now - state["at"] < ALIVE_SECONDS for state in backlog.workers.values()),
        "lost": max(0, missing[False]),
        "unaccounted": max(0, missing[True] - backlog.waiting),
        "weights": {stratum: 2**halved for stratum, halved in sorted(backlog.halvings.items())},
    }
