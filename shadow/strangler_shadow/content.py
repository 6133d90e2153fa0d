"""Tell an answer with something in it from an empty list or page: emptiness is no evidence."""

from strangler_shadow.documents import decoded

__all__ = ["has_content"]


def has_content(body: bytes) -> bool:
    """True for a body that holds more than empty lists, nulls, zeros and empty objects around them."""
    try:
        document = decoded(body)
    except (ValueError, RecursionError):
        return bool(body)
    return _holds_something(document)


def _holds_something(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_something, value.values()))
    if isinstance(value, list):
        return any(map(_holds_something, value))
    return value not in (None, 0, "")
