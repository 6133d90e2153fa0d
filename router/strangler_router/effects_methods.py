"""Methods that do something else while effects are held."""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from strangler_router.effects_record import is_held

__all__ = ["Hold", "wrap", "wrap_heirs"]

Hold = Callable[..., Any]
MARK = "strangler_held"


def wrap(owner: type, method: str, hold: Hold) -> None:
    """Let `hold` answer for the class's own method, if it has one, while effects are held; once is enough."""
    real = vars(owner).get(method)
    if real is None or hasattr(real, MARK):
        return

    @wraps(real)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        return (hold if is_held() else real)(self, *args, **kwargs)

    setattr(wrapped, MARK, True)
    setattr(owner, method, wrapped)


def wrap_heirs(base: Any, method: str, hold: Hold) -> None:
    """As `wrap`, for a class and all that inherit from it now or later: few call their parent's method."""
    for owner in (base, *_heirs(base)):
        wrap(owner, method, hold)

    def init_subclass(cls: Any, /, **options: Any) -> None:
        super(base, cls).__init_subclass__(**options)
        wrap(cls, method, hold)

    base.__init_subclass__ = classmethod(init_subclass)


def _heirs(base: Any) -> Iterator[type]:
    for heir in base.__subclasses__():
        yield heir
        yield from _heirs(heir)
