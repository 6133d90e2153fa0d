"""Where two sequences begin to differ."""

from collections.abc import Sequence

__all__ = ["shared_prefix"]

BLOCK = 4096


def shared_prefix(left: Sequence[object], right: Sequence[object]) -> int:
    """The number of equal items at the start of both."""
    end, start = min(len(left), len(right)), 0
    # Whole blocks are compared in one go: a body may have megabytes.
    while start + BLOCK <= end and left[start : start + BLOCK] == right[start : start + BLOCK]:
        start += BLOCK
    return next((index for index in range(start, end) if left[index] != right[index]), end)
