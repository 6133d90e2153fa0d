from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import count

from academy.learning.models import Enrolment, Review
from academy.seeding import prose
from academy.seeding.catalog import moment, uuid
from academy.seeding.oddities import MOMENTS, TEXTS, mix
from academy.seeding.plan import Plan

STATUSES = Enrolment.Status.values


def roster(plan: Plan, course: int) -> list[int]:
    """The learners of one course; both its enrolments and its reviews are drawn from it."""
    dice = plan.dice("roster", course)
    return dice.sample(range(1, plan.learners + 1), k=min(dice.randrange(61), plan.learners))


def enrolments(plan: Plan) -> Iterator[Enrolment]:
    dice, pks = plan.dice("enrolments"), count(1)
    for course in range(1, plan.courses + 1):
        for learner in roster(plan, course):
            pk, status, enrolled_at = next(pks), dice.choice(STATUSES), moment(dice)
            completed = status == Enrolment.Status.COMPLETED
            yield Enrolment(
                id=pk,
                course_id=course,
                learner_id=learner,
                status=status,
                progress=Decimal(100_00 if completed else dice.randrange(100_00)) / 100,
                enrolled_at=mix(pk, MOMENTS, enrolled_at, every=17),
                # Some completions of old carry neither date nor certificate.
                completed_at=enrolled_at + timedelta(days=dice.randrange(90)) if completed and pk % 9 else None,
                certificate_id=uuid(dice) if completed and pk % 5 else None,
            )


def reviews(plan: Plan) -> Iterator[Review]:
    dice, pks = plan.dice("reviews"), count(1)
    for course in range(1, plan.courses + 1):
        learners = roster(plan, course)
        for learner in learners[: round(len(learners) * dice.triangular(0, 1, 1))]:
            pk = next(pks)
            yield Review(
                id=pk,
                course_id=course,
                learner_id=learner,
                stars=dice.randint(1, 5),
                text=mix(pk, TEXTS, prose.sentences(dice, dice.randrange(3)), every=5),
                created_at=moment(dice),
            )
