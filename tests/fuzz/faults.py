"""Faults planted into the package, each of which the fuzzer has to see: `python -m tests.fuzz.faults NAME`."""

import itertools
import os
import sys
from collections.abc import Callable
from typing import Any

import django

SEED = 20250115
"""What the suite plays too, so that without a fault nothing is found."""
MOST_CASES = 3000


def forget_vary(name: str) -> Callable[[], None]:
    """Keeps the callers' bodies together that `name` should tell apart."""

    def plant() -> None:
        from strangler_django.serializers import vary

        vary.register_vary(name, lambda context: "", allows=vary._registered[name].allows)

    return plant


def forget_old_foreign_key() -> None:
    from strangler_django.serializers import signals

    put(signals, "_stored_link", lambda *args: [])


def forget_many_to_many() -> None:
    from strangler_django.serializers.dependencies import Crossing

    put(Crossing, "roots", lambda *args: set())


def forget_other_rows() -> None:
    from strangler_django.serializers.dependencies import Dependency

    told = Dependency.roots
    put(Dependency, "roots", lambda self, alias, pks: told(self, alias, pks) if not self.path else set())


def forget_code() -> None:
    from strangler_django.serializers import plan

    put(plan, "plan_digest", lambda serializer: type(serializer).__qualname__)


def forget_stamps() -> None:
    from strangler_django.serializers import entries

    put(entries, "_standing", lambda shelf, values, under: list(values))


def forget_separators() -> None:
    from strangler_django.serializers import segments

    put(segments, "finished", lambda text: text.encode())


FAULTS: dict[str, Callable[[], None]] = {
    "language": forget_vary("language"),
    "timezone": forget_vary("timezone"),
    "host": forget_vary("host"),
    "user": forget_vary("user"),
    "tenant": forget_vary("tenant"),
    "old foreign key": forget_old_foreign_key,
    "many-to-many": forget_many_to_many,
    "other rows": forget_other_rows,
    "code": forget_code,
    "stamps": forget_stamps,
    "line separators": forget_separators,
}


def put(owner: Any, name: str, value: Any) -> None:
    """Raises AttributeError where the package has no such thing any more."""
    getattr(owner, name)
    setattr(owner, name, value)


def find(name: str) -> bool:
    """Whether the bytes differed in some case."""
    from tests.fuzz.comparing import Tally
    from tests.fuzz.episodes import play, random_episode
    from tests.fuzz.running import prepare
    from tests.fuzz.server import running

    prepare()
    FAULTS[name]()
    tally = Tally()
    with running() as server:
        for number in itertools.count():
            mismatch = play(random_episode(f"{SEED}:{number}"), server, tally)
            if mismatch is not None or tally.cases > MOST_CASES:
                print(f"{name}: {mismatch and mismatch.kind} after {tally.cases} cases")
                return mismatch is not None and mismatch.kind.endswith("bytes")
    return False


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.fuzz.settings"
    django.setup()
    sys.exit(not find(sys.argv[1]))
