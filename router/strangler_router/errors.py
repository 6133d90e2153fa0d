"""What can go wrong between the router and a service."""

from strangler_protos.errors import StranglerError

__all__ = ["ConfigurationError", "NoAnswer", "NotTranscodable"]


class ConfigurationError(StranglerError):
    """A setting is wrong in a way that a system check reports as well."""


class NoAnswer(StranglerError):
    """The service gave no answer of the application: it is down, slow, overloaded or misconfigured.

    `status` is what a client is told where nobody else can answer: 503 or 504. `kind` is a short word for counting.
    `not_run` says that the service refused the call before it ran any of it, so that a write may still be made once.
    """

    def __init__(self, message: str, *, kind: str, status: int = 503, not_run: bool = False) -> None:
        super().__init__(message)
        self.kind = kind
        self.status = status
        self.not_run = not_run


class NotTranscodable(NoAnswer):
    """The call does not fit the contract's request message, for example text with a lone surrogate."""

    def __init__(self, message: str) -> None:
        super().__init__(message, kind="not transcodable")
