"""Interruptions that are not lost where Python cannot raise, as in finalisers and callbacks of its collector."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["remembered_interrupts"]


@contextmanager
def remembered_interrupts() -> Iterator[Callable[[], bool]]:
    """Give a function that says whether SIGINT came within; it raises `KeyboardInterrupt` as ever, where it can.

    Python prints and forgets what a finaliser raises, so whoever works through many calls asks after each.
    Where the process does not listen to SIGINT, or has a handler of its own for it, that stays so.
    """
    came = False

    def remember(number: int, frame: FrameType | None) -> None:
        nonlocal came
        came = True
        signal.default_int_handler(number, frame)

    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield lambda: False
        return
    signal.signal(signal.SIGINT, remember)
    try:
        yield lambda: came
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
