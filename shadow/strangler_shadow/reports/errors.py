"""What can go wrong while a report is written."""

from strangler_protos.errors import StranglerError

__all__ = ["ReportNotWritten"]


class ReportNotWritten(StranglerError):
    """A report could not be written: its kind is unknown, or its path cannot be."""
