"""The academy, telling in a header which worker answered and from which side."""

from academy.settings import *  # noqa: F403
from academy.settings import MIDDLEWARE

MIDDLEWARE = ["tests.end_to_end.answered_by.AnsweredBy", *MIDDLEWARE]
