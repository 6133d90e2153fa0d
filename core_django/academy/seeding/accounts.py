from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from rest_framework.authtoken.models import Token

from academy.learning.models import Learner
from academy.seeding import prose
from academy.seeding.catalog import moment
from academy.seeding.oddities import MOMENTS, TEXTS, mix
from academy.seeding.plan import BASE_DATE, Plan

# For demonstrations only: anybody who reads this file can sign in with them.
PASSWORD = "demo-only"  # noqa: S105
PASSWORD_SALT = "BanyanAcademyDemoOnly0000"  # noqa: S105  with 128 bits of length, so that Django does not hash anew
UNUSABLE_PASSWORD = "!demo-only"  # noqa: S105


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedUser:
    username: str
    is_staff: bool = False
    is_superuser: bool = False


# `visitor` can sign in but is no learner.
FIXED_USERS = (
    FixedUser(username="admin", is_staff=True, is_superuser=True),
    FixedUser(username="teacher", is_staff=True),
    FixedUser(username="visitor"),
)


def token_key(username: str) -> str:
    return f"demo-only-{username}"


def learner_username(learner: int) -> str:
    return f"learner-{learner:05}"


def users(plan: Plan) -> Iterator[User]:
    password = make_password(PASSWORD, salt=PASSWORD_SALT)
    for pk, fixed in enumerate(FIXED_USERS, start=1):
        yield User(
            id=pk,
            username=fixed.username,
            email=f"{fixed.username}@banyan.example",
            password=password,
            is_staff=fixed.is_staff,
            is_superuser=fixed.is_superuser,
            date_joined=BASE_DATE,
        )
    for learner in range(1, plan.learners + 1):
        yield User(
            id=len(FIXED_USERS) + learner,
            username=learner_username(learner),
            password=UNUSABLE_PASSWORD,
            is_active=learner % 20 != 0,
            date_joined=BASE_DATE,
        )


def tokens(plan: Plan) -> Iterator[Token]:
    names = [fixed.username for fixed in FIXED_USERS] + [learner_username(n) for n in range(1, plan.learners + 1)]
    for user, username in enumerate(names, start=1):
        yield Token(key=token_key(username), user_id=user)


def learners(plan: Plan) -> Iterator[Learner]:
    dice = plan.dice("learners")
    for pk in range(1, plan.learners + 1):
        yield Learner(
            id=pk,
            user_id=len(FIXED_USERS) + pk,
            display_name=mix(pk, TEXTS, prose.name(dice))[:120],
            joined_at=mix(pk + 1, MOMENTS, moment(dice), every=5),
        )
