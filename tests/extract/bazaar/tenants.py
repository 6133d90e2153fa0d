"""Whose shop this request is about."""

from contextvars import ContextVar

__all__ = ["TENANT"]

TENANT = ContextVar("tenant", default="north")
