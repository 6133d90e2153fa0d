"""The one base of every error that the framework raises on purpose."""

__all__ = ["ContractError", "IdentityError", "StranglerError"]


class StranglerError(Exception):
    """Base of django-strangler's own errors."""


class ContractError(StranglerError):
    """A contract breaks a rule; the message starts with `file:line:column`."""


class IdentityError(StranglerError):
    """A call's identity was missing, malformed, expired, or signed for something else."""
