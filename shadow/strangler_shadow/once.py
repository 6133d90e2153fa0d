"""Add counts to the database once, though the reply to a commit may be lost."""

import secrets
from collections.abc import Callable
from datetime import timedelta

from django.db import Error, close_old_connections, transaction
from django.utils import timezone

from strangler_shadow.models import ShadowSettled

__all__ = ["FLUSH", "NotedWrites", "new_uid"]

# How the uid of a batch begins; those of copies are hexadecimal.
FLUSH = "flush-"
# Longer than any database is away.
NOTES_LAST = timedelta(days=7)


def new_uid() -> str:
    """A name for a batch of counts; the same batch keeps it when it is written again."""
    return FLUSH + secrets.token_hex(13)


class NotedWrites:
    """Writes batches one after the other, each together with a note that it is there, in place of the last one's."""

    def __init__(self) -> None:
        self._tried = ""
        self._written = ""

    def write(self, uid: str, write: Callable[[], None]) -> None:
        """Write the batch of this name, unless an attempt that failed has done so after all.

        Raises what the database raises; the batch is perhaps there then, and is to be written again by this name.
        """
        tried, self._tried = self._tried == uid, uid
        try:
            with transaction.atomic():
                if not (tried and ShadowSettled.objects.filter(pk=uid).exists()):
                    write()
                    ShadowSettled.objects.create(uid=uid, at=timezone.now())
                self._forget()
        except Error:
            # Only now: a new connection for each batch would cost users more than the batch does.
            close_old_connections()
            raise
        self._written = uid

    def _forget(self) -> None:
        if self._written:
            ShadowSettled.objects.filter(pk=self._written).delete()
        else:
            # Of processes that are gone.
            ShadowSettled.objects.filter(at__lt=timezone.now() - NOTES_LAST, uid__startswith=FLUSH).delete()
