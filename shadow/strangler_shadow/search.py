"""Let Hypothesis draw what to ask, and make what shows a difference smaller."""

from collections import Counter
from collections.abc import Callable
from typing import Protocol, TypeVar

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis.errors import FlakyFailure, FlakyReplay, Unsatisfiable

__all__ = ["Diverged", "Unreachable", "finds", "take_last"]

Asked = TypeVar("Asked")
Found = TypeVar("Found")


class Diverged(Exception):
    """A difference that is not known yet; the run has it as its last one."""


class Unreachable(Exception):
    """The service did not get to answer; the message says why."""


class Run(Protocol[Found]):
    """A verification under way."""

    last: Found | None
    skipped: Counter[str]


def finds(
    run: Run[Found],
    strategy: hypothesis.strategies.SearchStrategy[Asked],
    check: Callable[[Asked], object],
    *,
    examples: int,
    seed: int,
) -> bool:
    """Whether `check` raised `Diverged` for something drawn; the run's last difference is by the smallest of these."""

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        print_blob=False,
    )
    @hypothesis.given(strategy)
    def search(asked: Asked) -> None:
        check(asked)

    try:
        search()
    except Diverged:
        return True
    except (FlakyFailure, FlakyReplay):
        # It was there and is gone: the last one seen is reported as it was.
        return run.last is not None
    except Unsatisfiable:
        run.skipped["no call fits the route"] += 1
    return False


def take_last(run: Run[Found]) -> Found:
    """The difference that the run found last, which it forgets."""
    found, run.last = run.last, None
    assert found is not None  # noqa: S101  a divergence always leaves one
    return found
