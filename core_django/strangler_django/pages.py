"""Templates of HTML pages: what they print is escaped, and names that they lack are errors."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

__all__ = ["Environment", "page_templates"]


def page_templates(folder: Path, *, finalize: Callable[[Any], Any] | None = None) -> Environment:
    """The templates in this folder; whatever they print passes `finalize` first."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=finalize,
    )
