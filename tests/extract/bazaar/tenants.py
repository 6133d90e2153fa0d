"""Whose shop this request is about."""

from contextvars import ContextVar

__all__ = ["TENANT", "tenant"]

TENANT = ContextVar("tenant", default="north")


def tenant():
    """The tenant of this request."""
    return TENANT.get()
