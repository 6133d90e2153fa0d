from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured

LONGEST_TIMEOUT = 24 * 60 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    """How long a serializer's bodies stay in Redis, in seconds; a write ends them at once."""

    timeout: int = 300

    def __post_init__(self) -> None:
        if not 0 < self.timeout <= LONGEST_TIMEOUT:
            raise ImproperlyConfigured(f"Cache(timeout={self.timeout!r}): give 1 to {LONGEST_TIMEOUT} seconds.")
