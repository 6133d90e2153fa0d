"""Mail that is held: an email backend that tells of each message and sends none."""

import threading
from collections.abc import Sequence
from email.message import Message
from hashlib import sha256
from typing import Any

from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend

from strangler_router.effects_methods import wrap_heirs
from strangler_router.effects_record import Effect, is_held, plain, record

__all__ = ["BACKEND", "EmailBackend", "wrap_mail"]

BACKEND = "strangler_router.effects_mail.EmailBackend"

_real_get_connection = mail.get_connection
_lock = threading.Lock()


class EmailBackend(BaseEmailBackend):
    """Tells of messages."""

    def send_messages(self, email_messages: Sequence[Any]) -> int:
        """The number of messages, as one that sends them says it; raises what their headers raise."""
        return _hold(self, email_messages)


def wrap_mail() -> None:
    """Let whoever names a backend of their own get ours while mail is held; those that are made send nothing."""
    with _lock:
        if mail.get_connection is not _get_connection:
            # Code that took `get_connection` before keeps the real one, as Django's AdminEmailHandler does.
            wrap_heirs(BaseEmailBackend, "send_messages", _hold)
            mail.get_connection = _get_connection


def _hold(_backend: BaseEmailBackend, email_messages: Sequence[Any]) -> int:
    messages = list(email_messages)
    for message in messages:
        message.message()
        record(Effect(kind="mail", name="", document=_document(message)))
    return len(messages)


def _get_connection(*args: Any, **kwargs: Any) -> Any:
    if is_held():
        return _real_get_connection(BACKEND)
    return _real_get_connection(*args, **kwargs)


def _document(message: Any) -> dict[str, Any]:
    addresses = {name: plain(list(getattr(message, name, None) or ())) for name in ("to", "cc", "bcc", "reply_to")}
    alternatives = [tuple(each) for each in getattr(message, "alternatives", None) or ()]
    return {
        "from": str(message.from_email),
        **addresses,
        "subject": str(message.subject),
        "body": str(message.body),
        "type": f"text/{message.content_subtype}",
        "alternatives": [{"type": str(kind), "content": plain(content)} for content, kind in alternatives],
        "headers": plain(message.extra_headers or {}),
        "attachments": [_attachment(each) for each in message.attachments or ()],
    }


def _attachment(attached: Any) -> dict[str, Any]:
    if isinstance(attached, Message):
        content = attached.get_payload(decode=True) or attached.as_bytes()
        name, kind = attached.get_filename(), attached.get_content_type()
    else:
        name, content, kind = attached
    if isinstance(content, (mail.EmailMessage, Message)):
        content = (content.message() if isinstance(content, mail.EmailMessage) else content).as_bytes()
    data = content if isinstance(content, bytes) else str(content).encode()
    return {"name": plain(name), "type": plain(kind), "sha256": sha256(data).hexdigest()}
