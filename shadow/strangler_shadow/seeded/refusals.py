"""Errors that say the same in another shape, or something else."""

from abc import abstractmethod
from dataclasses import replace
from typing import Any

from django.utils.translation import override
from rest_framework import exceptions

from strangler_router.types import EMPTY, Reply
from strangler_shadow.seeded.operator import Family, OnReplies
from strangler_shadow.seeded.parts import document_of, status_of, with_document

KINDS = (
    exceptions.ParseError, exceptions.AuthenticationFailed, exceptions.NotAuthenticated, exceptions.PermissionDenied,
    exceptions.NotFound, exceptions.MethodNotAllowed, exceptions.NotAcceptable, exceptions.UnsupportedMediaType,
    exceptions.Throttled,
)  # fmt: skip


class _OfErrors(OnReplies, family=Family.ERROR):
    def change(self, reply: Reply) -> Reply | None:
        """The error with another document, where there is one."""
        document = document_of(reply)
        if status_of(reply) < 400 or document is EMPTY:
            return None
        changed = self.change_error(document, status_of(reply))
        return None if changed is EMPTY else with_document(reply, changed)

    @abstractmethod
    def change_error(self, document: Any, status: int) -> Any:
        """The wrong document, or EMPTY."""


class _OfDetails(_OfErrors):
    def change_error(self, document: Any, status: int) -> Any:
        """Change an object with `detail`."""
        if not isinstance(document, dict) or not isinstance(document.get("detail"), str):
            return EMPTY
        return self.change_detail(document["detail"], status)

    @abstractmethod
    def change_detail(self, detail: str, status: int) -> Any:
        """The wrong document."""


class _OfFields(_OfErrors):
    def change_error(self, document: Any, status: int) -> Any:
        """Change an object of fields and their messages."""
        del status
        if not isinstance(document, dict) or not any(isinstance(value, list) for value in document.values()):
            return EMPTY
        return self.change_fields(document)

    @abstractmethod
    def change_fields(self, fields: dict[str, Any]) -> Any:
        """The wrong document."""


class Reworded(_OfDetails, name="error-reworded"):
    """An error says it in the service's own words."""

    def change_detail(self, detail: str, status: int) -> Any:
        return {"detail": f"Error {status}"}


class InEnglish(_OfDetails, name="error-in-english"):
    """An error is not translated."""

    def change_detail(self, detail: str, status: int) -> Any:
        with override("en"):
            words = {str(kind.default_detail) for kind in KINDS if kind.status_code == status}
        return EMPTY if detail in words or not words else {"detail": min(words)}


class OfGrpc(_OfDetails, name="error-of-grpc"):
    """An error is gRPC's status in words."""

    def change_detail(self, detail: str, status: int) -> Any:
        return {"detail": f"<StatusCode.INVALID_ARGUMENT> {detail}"}


class FullStopLost(_OfDetails, name="error-full-stop-lost"):
    """An error lost its full stop."""

    def change_detail(self, detail: str, status: int) -> Any:
        return {"detail": detail.rstrip(".")}


class UnderMessage(_OfDetails, name="error-under-message"):
    """An error stands under `message`."""

    def change_detail(self, detail: str, status: int) -> Any:
        return {"message": detail}


class InList(_OfDetails, name="error-in-a-list"):
    """An error's text came in a list."""

    def change_detail(self, detail: str, status: int) -> Any:
        return {"detail": [detail]}


class WithCode(_OfDetails, name="error-code-added"):
    """An error has a code beside its text."""

    def change_detail(self, detail: str, status: int) -> Any:
        return {"detail": detail, "code": f"E{status}"}


class AsProblem(_OfDetails, name="error-as-problem"):
    """An error is written as RFC 9457 has it."""

    def change_detail(self, detail: str, status: int) -> Any:
        return {"type": "about:blank", "title": detail, "status": status}


class BareText(_OfDetails, name="error-as-bare-list"):
    """An error is a list without a key."""

    def change_detail(self, detail: str, status: int) -> Any:
        return [detail]


class InEnvelope(_OfErrors, name="error-in-an-envelope"):
    """An error came under a key `error`."""

    def change_error(self, document: Any, status: int) -> Any:
        return {"error": document}


class CodeChanged(_OfErrors, name="error-code-changed"):
    """An error's code is another one."""

    def change_error(self, document: Any, status: int) -> Any:
        if not isinstance(document, dict) or not isinstance(document.get("code"), str):
            return EMPTY
        return {**document, "code": "error"}


class FieldAsText(_OfFields, name="validation-as-text"):
    """A field's messages are a text in place of a list."""

    def change_fields(self, fields: dict[str, Any]) -> Any:
        return {key: value[0] if isinstance(value, list) and value else value for key, value in fields.items()}


class FieldsAsDetail(_OfFields, name="validation-as-detail"):
    """Messages of fields became one detail."""

    def change_fields(self, fields: dict[str, Any]) -> Any:
        return {"detail": "; ".join(f"{key}: {value}" for key, value in fields.items())}


class FieldsAsList(_OfFields, name="validation-as-list"):
    """Messages of fields became a list of objects."""

    def change_fields(self, fields: dict[str, Any]) -> Any:
        return [{"field": key, "messages": value} for key, value in fields.items()]


class FieldRenamed(_OfFields, name="validation-field-renamed"):
    """A field's messages stand under no field."""

    def change_fields(self, fields: dict[str, Any]) -> Any:
        first, *_ = fields
        return {("non_field_errors" if key == first else key): value for key, value in fields.items()}


class OnlyFirstField(_OfFields, name="validation-stops-at-first"):
    """Only the first field that is wrong is named."""

    def change_fields(self, fields: dict[str, Any]) -> Any:
        return dict([next(iter(fields.items()))])


class OnlyFirstMessage(_OfFields, name="validation-first-message"):
    """Only a field's first message is written."""

    def change_fields(self, fields: dict[str, Any]) -> Any:
        return {key: value[:1] if isinstance(value, list) else value for key, value in fields.items()}


class ErrorWithoutBody(OnReplies, name="error-without-body", family=Family.ERROR):
    """An error came without a body."""

    def change(self, reply: Reply) -> Reply | None:
        if status_of(reply) < 400:
            return None
        return replace(reply, body=b"") if reply.body is not None else Reply(status=status_of(reply))


class ErrorAsPage(OnReplies, name="error-as-html", family=Family.ERROR):
    """An error came as a page of HTML."""

    def change(self, reply: Reply) -> Reply | None:
        if status_of(reply) < 400:
            return None
        page = b"<h1>Error</h1>"
        return Reply(status=status_of(reply), headers=reply.headers, body=page, content_type="text/html")
