from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured

LONGEST_TIMEOUT = 24 * 60 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    """How a serializer's bodies are kept; a write ends them at once.

    `timeout` in seconds; entries made together end up to a tenth earlier, so that they do not end together.
    `vary` names what bodies differ by; None finds language, time zone and host by itself, a tuple is exact.
    `max_bytes` is the size above which a body is not kept.
    """

    timeout: int = 300
    vary: Sequence[str] | None = None
    max_bytes: int = 1 << 20

    def __post_init__(self) -> None:
        check_timeout(self.timeout, "Cache")
        if isinstance(self.vary, str):
            object.__setattr__(self, "vary", (self.vary,))
        if self.max_bytes < 1:
            raise ImproperlyConfigured(f"Cache(max_bytes={self.max_bytes!r}): give at least 1.")


def check_timeout(timeout: int, name: str) -> None:
    """Raises ImproperlyConfigured."""
    if not 0 < timeout <= LONGEST_TIMEOUT:
        raise ImproperlyConfigured(f"{name}(timeout={timeout!r}): give 1 to {LONGEST_TIMEOUT} seconds.")
