"""Exit codes of our programs that are no verdict, after sysexits.h where it has one."""

__all__ = ["CHECK_FAILED", "CRASH", "USAGE"]

USAGE, CHECK_FAILED, CRASH = 64, 65, 70
