"""Page numbers: rest_framework.pagination.PageNumberPagination over django.core.paginator.Paginator."""

from dataclasses import dataclass

from catalog_service.web import Web
from strangler_services import drf_error

__all__ = ["Page"]

PAGE_SIZE, LARGEST_PAGE_SIZE = 20, 100


@dataclass(frozen=True, slots=True)
class Page:
    """One page of `count` rows; `NotFound` where it does not exist."""

    number: int
    size: int
    count: int

    @classmethod
    def of(cls, web: Web, count: int) -> "Page":
        """The page that a request asks for."""
        size = _size(web.parameters.get("page_size", ""))
        last = -(-max(1, count) // size)
        asked = web.parameters.get("page") or "1"
        try:
            number = last if asked == "last" else int(asked)
        except ValueError:
            raise drf_error("NotFound", "Invalid page.") from None
        if not 1 <= number <= last:
            raise drf_error("NotFound", "Invalid page.")
        return cls(number, size, count)

    @property
    def offset(self) -> int:
        """Rows before this page."""
        return (self.number - 1) * self.size

    def next(self, web: Web) -> str | None:
        """Link to the page behind."""
        return web.with_parameter("page", self.number + 1) if self.offset + self.size < self.count else None

    def previous(self, web: Web) -> str | None:
        """Link to the page before; the first page has no number in it."""
        if self.number == 1:
            return None
        return web.without_parameter("page") if self.number == 2 else web.with_parameter("page", self.number - 1)


def _size(asked: str) -> int:
    try:
        size = int(asked)
    except ValueError:
        return PAGE_SIZE
    return min(size, LARGEST_PAGE_SIZE) if size > 0 else PAGE_SIZE
