"""Characters that DRF's text fields refuse."""

from collections.abc import Iterator

from strangler_protos.v1 import http_pb2
from strangler_services import text

__all__ = ["refused_characters"]


def refused_characters(value: str) -> list[http_pb2.ErrorDetail]:
    """One error a kind, in the order of the validators of `rest_framework.fields.CharField`."""
    return list(_errors(value))


def _errors(value: str) -> Iterator[http_pb2.ErrorDetail]:
    if "\0" in value:
        yield text("Null characters are not allowed.", code="null_characters_not_allowed")
    surrogate = next((ord(character) for character in value if "\ud800" <= character <= "\udfff"), None)
    if surrogate is not None:
        yield text(
            "Surrogate characters are not allowed: U+{code_point:X}.",
            code="surrogate_characters_not_allowed",
            code_point=f"{surrogate:X}",
        )
