"""Primary keys as they stand in a path."""

from strangler_services import drf_error

__all__ = ["primary_key"]

LARGEST = 2**63 - 1


def primary_key(text: str, model: str) -> int:
    """The key's number; `NotFound` with the words that Django has for text and for a number too large."""
    try:
        number = int(text)
    except ValueError:
        raise drf_error("NotFound", "Not found.") from None
    if abs(number) > LARGEST:
        raise drf_error("NotFound", f"No {model} matches the given query.")
    return number
