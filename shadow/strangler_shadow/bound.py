"""How often two sides differ: bounds on the rate that hold however often one looks.

A gambler starts with 1 and stakes a share s of it on each next pair being equal, at the odds that are fair where a
share q of the pairs differs: his wealth grows by 1 + s q/(1-q) with an equal pair and keeps 1 - s with a divergent
one. Where the rate is q or more his wealth is a supermartingale, so the chance that it ever reaches 1/alpha is at most
alpha (Ville, Étude critique de la notion de collectif, 1939): a rate at which it did is ruled out, whenever one looks.
This is the betting confidence sequence of Waudby-Smith and Ramdas (Estimating means of bounded random variables by
betting, JRSS B 86, 2024). For pairs of weight 1 the wealth is the likelihood ratio of the rate (1-s)q to q.

No single stake is right for each number of divergent pairs, so the wealth is the mean of many gamblers'. Their stakes
1 - u², u spread evenly over (0, 1), are a beta(1/2, 1) mixture of the rate below q (Robbins, Statistical methods
related to the law of the iterated logarithm, Ann. Math. Stat. 41, 1970), near zero the same as Jeffreys' prior.

Where some calls are sampled more often than others, a pair that stands for w calls (it was drawn with probability 1/w)
gets the stake s w/W: the sign of the expected gain is then the one over all traffic, so that the rate of the traffic is
bounded and not that of the sample. No stake may exceed what there is, so W is a power of two not below the largest w.
Each W has a share of the starting money; what was staked at one that turns out too small is written off. The calls that
are sampled least are taken to be common, so that the largest w is met early.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["Stratum", "alpha_of_epoch", "exceeds", "lower_bound", "pairs_missing", "rules_out", "upper_bound"]

GAMBLERS = 256
ON_EQUAL = tuple(1 - ((number + 0.5) / GAMBLERS) ** 2 for number in range(GAMBLERS))
# A difference pays (1-q)/q, so that small stakes win as well: they are spread evenly over four powers of ten.
ON_DIFFERENT = tuple(10 ** (-4 * (number + 0.5) / GAMBLERS) for number in range(GAMBLERS))
FIRST_EPOCH, UNWEIGHTED = 0.84, 0.9
PRECISION, SMALLEST = 1e-7, 1e-12
MOST_PAIRS = 2**48


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """Pairs that stand for `weight` calls each, 1 or more."""

    pairs: int
    divergent: int
    weight: int = 1


def rules_out(strata: Sequence[Stratum], *, rate: float, alpha: float) -> bool:
    """Whether the pairs exclude that `rate` of the traffic, or more, diverges; wrong with probability alpha at most."""
    if rate >= 1:
        return any(stratum.pairs > stratum.divergent for stratum in strata)
    return _wealth_on_equal(strata)(rate) >= -math.log(alpha)


def exceeds(strata: Sequence[Stratum], *, rate: float, alpha: float) -> bool:
    """Whether the pairs exclude that `rate` of the traffic, or less, diverges; wrong with probability alpha at most."""
    return _wealth_on_different(strata)(rate) >= -math.log(alpha)


def upper_bound(strata: Sequence[Stratum], *, alpha: float) -> float:
    """The lowest rate that is ruled out together with all above it; 1 of no pairs.

    All looks together are wrong with probability alpha at most. The wealth rises with the rate, so halving finds it.
    """
    low, high, wealth = 0.0, 1.0, _wealth_on_equal(strata)
    while high - low > PRECISION * high:
        middle = (low + high) / 2
        low, high = (low, middle) if wealth(middle) >= -math.log(alpha) else (middle, high)
    return high


def lower_bound(strata: Sequence[Stratum], *, alpha: float) -> float:
    """The highest rate that is ruled out together with all below it, by gamblers who stake on differences; or 0."""
    low, high, wealth = 0.0, 1.0, _wealth_on_different(strata)
    while high - low > PRECISION * high and high > SMALLEST:
        middle = (low + high) / 2
        low, high = (middle, high) if wealth(middle) >= -math.log(alpha) else (low, middle)
    return low


def pairs_missing(strata: Sequence[Stratum], *, rate: float, alpha: float) -> int:
    """How many further pairs, all equal and of the largest weight so far, rule `rate` out."""
    heaviest = max((stratum.weight for stratum in strata), default=1)

    def suffices(more: int) -> bool:
        return rules_out([*strata, Stratum(pairs=more, divergent=0, weight=heaviest)], rate=rate, alpha=alpha)

    if suffices(0):
        return 0
    low, high = 0, 1
    while high < MOST_PAIRS and not suffices(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if suffices(middle) else (middle, high)
    return high


def alpha_of_epoch(number: int, alpha: float) -> float:
    """What the epoch of this number, from 1, may spend of alpha.

    The shares of all epochs add up to alpha, so it bounds the chance that any of them is judged wrongly.
    """
    return _share(number, FIRST_EPOCH) * alpha


def _share(number: int, first: float) -> float:
    """Of 1: `first` for number 1, and 1/(k(k+1)) of the rest for those behind it."""
    return first if number == 1 else (1 - first) / ((number - 1) * number)


def _wealth_on_equal(strata: Sequence[Stratum]) -> Callable[[float], float]:
    """Log of the gamblers' mean wealth, as a function of the rate."""
    outcomes = [(stratum.pairs - stratum.divergent, stratum.divergent, stratum.weight) for stratum in strata]
    wealth = _wealth(outcomes, ON_EQUAL)
    return lambda rate: wealth(rate / (1 - rate))


def _wealth_on_different(strata: Sequence[Stratum]) -> Callable[[float], float]:
    outcomes = [(stratum.divergent, stratum.pairs - stratum.divergent, stratum.weight) for stratum in strata]
    wealth = _wealth(outcomes, ON_DIFFERENT)
    return lambda rate: wealth((1 - rate) / rate)


def _wealth(outcomes: Sequence[tuple[int, int, int]], stakes: Sequence[float]) -> Callable[[float], float]:
    """Log of the mean wealth as a function of the odds, after so many pairs won and lost, each at a weight."""
    power = (max((weight for *_, weight in outcomes), default=1) - 1).bit_length()
    won, lost = Counter[float](), Counter[float]()
    for wins, losses, weight in outcomes:
        won[weight / (1 << power)] += wins
        lost[weight / (1 << power)] += losses
    lost_logs = [sum(count * math.log1p(-weight * stake) for weight, count in lost.items()) for stake in stakes]
    wins_at = sorted((weight, count) for weight, count in won.items() if count)

    def log_mean(odds: float) -> float:
        logs = lost_logs
        for weight, count in wins_at:
            at = weight * odds
            logs = [log + count * math.log1p(at * stake) for log, stake in zip(logs, stakes, strict=True)]
        highest = max(logs)
        mean = math.log(sum(math.exp(log - highest) for log in logs) / len(logs))
        return highest + mean + math.log(_share(power + 1, UNWEIGHTED))

    return log_mean
