"""Kinds of caller that a project has, with users to stand for each."""

from collections.abc import Iterator

from django.contrib.auth import get_user_model

from strangler_protos.identity import Caller

__all__ = ["KindOfCaller", "kinds_of_caller"]

# A kind's label and the caller that stands for it.
KindOfCaller = tuple[str, Caller]
ORDINARY_USERS = 3


def kinds_of_caller() -> list[KindOfCaller]:
    """Anonymous first, then ordinary users spread over the table, then one of the staff."""
    return [("anonymous", Caller()), *_ordinary(), *_staff()]


def _ordinary() -> Iterator[KindOfCaller]:
    users = get_user_model()._default_manager.filter(is_active=True, is_staff=False).order_by("pk")
    count = users.count()
    for number, place in enumerate(sorted({0, count // 2, max(0, count - 1)})[:ORDINARY_USERS], 1):
        if user := users[place : place + 1].first():
            yield f"user {number}", _caller(user.pk, is_staff=False)


def _staff() -> Iterator[KindOfCaller]:
    user = get_user_model()._default_manager.filter(is_active=True, is_staff=True).order_by("pk").first()
    if user is not None:
        yield "staff", _caller(user.pk, is_staff=True)


def _caller(pk: object, *, is_staff: bool) -> Caller:
    return Caller(subject=str(pk), authenticator="strangler_shadow.replay", is_staff=is_staff)
