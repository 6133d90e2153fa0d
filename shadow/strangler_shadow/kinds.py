"""The kinds of differences."""

import enum

__all__ = ["Kind"]


class Kind(enum.StrEnum):
    """How two answers differ at one place."""

    STATUS = "status"
    HEADER = "header"
    COOKIE = "cookie"
    MISSING = "missing"
    EXTRA = "extra"
    TYPE = "type"
    NULL = "null"
    VALUE = "value"
    PRECISION = "precision"
    ORDER = "order"
    LENGTH = "length"
    SPELLING = "spelling"
    BODY = "body"
    CODING = "coding"
    ERROR_SHAPE = "error shape"
    ERROR = "error"
