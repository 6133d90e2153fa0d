"""How often an endpoint that diverges would be promoted, with a look after every pair."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from strangler_shadow.bound import ON_EQUAL, Stratum, alpha_of_epoch, pairs_missing, rules_out
from tests.bench.rows import Row, at_most

__all__ = ["promotion_rows"]

ALPHA, RATE = 0.01, 0.001
RUNS, HORIZON = 10_000, 200_000
EPOCHS, EPOCH_PAIRS = 5, 50_000
WEIGHTED_RUNS, WEIGHTED_PAIRS = 5_000, 30_000
# A rare kind of call of which all are compared, with half of all differences, and the rest of which one in 64 is.
RARE_SHARE, WEIGHT = 0.01, 64


def promotion_rows(seed: int = 5) -> Iterator[Row]:
    """Rows for one long epoch, for five shorter ones, and for strata that are sampled unlike."""
    chance = np.random.default_rng(seed)
    looks = f"1 in 1,000 diverge, {RUNS:,} runs of"
    wrong = _promoted(chance, epoch=1, horizon=HORIZON)
    yield _row("wrong promotions", wrong, f"{looks} {HORIZON:,} pairs, a look after each")
    wrong = np.any([_promoted(chance, epoch=epoch, horizon=EPOCH_PAIRS) for epoch in range(1, EPOCHS + 1)], axis=0)
    yield _row("wrong promotions in any epoch", wrong, f"{looks} {EPOCHS} epochs of {EPOCH_PAIRS:,}")
    wrong = np.array([_is_promoted_weighted(chance) for _ in range(WEIGHTED_RUNS)])
    against = f"{WEIGHTED_RUNS:,} runs; half of the differences in 1 % of the calls, the rest sampled 1 in {WEIGHT}"
    yield _row("wrong promotions, weighted", wrong, against)


def _row(metric: str, wrong: Any, against: str) -> Row:
    return at_most(metric, 100 * float(wrong.mean()), "%", must=100 * ALPHA, against=against)


def _promoted(chance: np.random.Generator, *, epoch: int, horizon: int) -> Any:
    """For each run whether the gate opens at any pair; between two differences the last look stands for all."""
    # More differences than ever fit into the horizon.
    most = int(1.2 * RATE * horizon) + 60
    opens = np.array([_opens_at(divergent, epoch) for divergent in range(most)])
    found = []
    for _ in range(RUNS):
        equal = np.cumsum(chance.geometric(RATE, size=most) - 1)
        pairs = np.minimum(equal + np.arange(most), horizon)
        found.append(bool(np.any(pairs >= opens)))
    return np.array(found)


def _opens_at(divergent: int, epoch: int) -> int:
    """How many pairs, so many of them divergent, open the gate."""
    alpha = alpha_of_epoch(epoch, ALPHA)
    return divergent + pairs_missing([Stratum(pairs=divergent, divergent=divergent)], rate=RATE, alpha=alpha)


def _is_promoted_weighted(chance: np.random.Generator) -> bool:
    """The same for two strata, looked at before each difference and at the end."""
    alpha = alpha_of_epoch(1, ALPHA)
    rare = RARE_SHARE / (RARE_SHARE + (1 - RARE_SHARE) / WEIGHT)
    is_rare = chance.random(WEIGHTED_PAIRS) < rare
    rates = np.where(is_rare, RATE / 2 / RARE_SHARE, RATE / 2 / (1 - RARE_SHARE))
    differs = chance.random(WEIGHTED_PAIRS) < rates
    looks = np.append(np.flatnonzero(differs) - 1, WEIGHTED_PAIRS - 1)
    looks = looks[looks >= 0]
    kinds = [(1, is_rare), (WEIGHT, ~is_rare)]
    pairs = {weight: np.cumsum(kind)[looks] for weight, kind in kinds}
    divergent = {weight: np.cumsum(kind & differs)[looks] for weight, kind in kinds}
    near = np.flatnonzero(_highest_log_wealth(pairs, divergent) >= -math.log(alpha))
    return any(
        rules_out(
            [
                Stratum(pairs=int(pairs[weight][at]), divergent=int(divergent[weight][at]), weight=weight)
                for weight in pairs
            ],
            rate=RATE,
            alpha=alpha,
        )
        for at in near
    )


def _highest_log_wealth(pairs: Mapping[int, Any], divergent: Mapping[int, Any]) -> Any:
    """At each look the best gambler's, which the mean of all is below: most looks need no exact answer."""
    stakes, odds = np.array(ON_EQUAL), RATE / (1 - RATE)
    logs = [
        np.outer(pairs[weight] - divergent[weight], np.log1p(weight / WEIGHT * stakes * odds))
        + np.outer(divergent[weight], np.log1p(-weight / WEIGHT * stakes))
        for weight in pairs
    ]
    return np.sum(logs, axis=0).max(axis=1)
