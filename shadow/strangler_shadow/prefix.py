"""Where two sequences begin to differ."""

from collections.abc import Sequence

__all__ = ["shared_prefix"]


def shared_prefix(left: Sequence[object], right: Sequence[object]) -> int:
    """The number of equal items at the start of both."""
    pairs = enumerate(zip(left, right, strict=False))
    return next((index for index, (one, other) in pairs if one != other), min(len(left), len(right)))
