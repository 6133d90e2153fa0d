"""What a project keeps beside the request: a tenant in a context variable."""

from contextvars import ContextVar

current: ContextVar[str] = ContextVar("fuzz_tenant", default="acorn")
