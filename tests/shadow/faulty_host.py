"""The lifted academy, whose reviews are written wrongly.

`python -m tests.shadow.faulty_host 1=missing_row,3=extra_row+silent ADDRESS`: faults for each number of stars.
`silent` stores what is right and answers other stars; `echo` answers the idempotency key.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import django


def wrong_stars(review: int, _course: str) -> None:
    """Another number of stars is stored than the one that is answered."""
    from django.db.models import F

    from academy.learning.models import Review

    Review.objects.filter(pk=review).update(stars=F("stars") % 5 + 1)


def missing_row(review: int, _course: str) -> None:
    """Nothing is stored."""
    from academy.learning.models import Review

    Review.objects.filter(pk=review).delete()


def extra_row(review: int, _course: str) -> None:
    """A row of another table is stored too."""
    from django.contrib.auth.models import Group

    Group.objects.create(name=f"reviewers of {review}")


def second_write(_review: int, course: str) -> None:
    """A row that was there is changed too."""
    from academy.catalog.models import Course

    Course.objects.filter(pk=course).update(summary="changed")


def old_time(review: int, _course: str) -> None:
    """The time that is stored is not that of the call."""
    from datetime import UTC, datetime

    from academy.learning.models import Review

    Review.objects.filter(pk=review).update(created_at=datetime(2020, 1, 1, tzinfo=UTC))


def crash(_review: int, _course: str) -> None:
    """The row is stored, and then there is no answer."""
    raise RuntimeError("after the commit")


def hang(_review: int, _course: str) -> None:
    """The row is stored, and then the answer does not come in time."""
    time.sleep(3)


FAULTS: dict[str, Callable[[int, str], None]] = {
    fault.__name__: fault for fault in (wrong_stars, missing_row, extra_row, second_write, old_time, crash, hang)
}


def main() -> None:
    words, address = sys.argv[1:]
    faults = dict(word.split("=") for word in words.split(","))
    django.setup()
    from academy.catalog.views import CourseViewSet
    from strangler_router.command_line import run_verb

    own = CourseViewSet.reviews

    def reviews(view: Any, request: Any, pk: str) -> Any:
        response = own(view, request, pk)
        chosen = faults.get(str(response.data.get("stars")), "").split("+")
        for fault in set(chosen) & FAULTS.keys():
            FAULTS[fault](response.data["id"], pk)
        if "echo" in chosen:
            response.headers["Idempotency-Key"] = request.headers.get("Idempotency-Key", "none")
        if "silent" in chosen:
            response.data = {**response.data, "stars": response.data["stars"] % 5 + 1}
        return response

    # As a method that was written so: with __wrapped__ it would be refused as decorated.
    reviews.__dict__.update(own.__dict__)
    CourseViewSet.reviews = reviews
    run_verb(["host", "--address", address])


if __name__ == "__main__":
    main()
