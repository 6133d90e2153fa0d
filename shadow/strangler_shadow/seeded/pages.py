"""Pages: their links, their count, and which rows they hold."""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from strangler_shadow.seeded.operator import UNTOUCHED, Family, OnNodes

PAGE_PARAMETERS = ("page", "offset", "cursor")


class _OfPages(OnNodes, family=Family.PAGINATION):
    of = (dict,)

    def change(self, value: dict[str, Any]) -> Any:
        """Leave all other objects alone."""
        is_page = isinstance(value.get("results"), list) and "next" in value
        return self.change_page(value) if is_page else UNTOUCHED

    def change_page(self, page: dict[str, Any]) -> Any:
        """The wrong page."""
        raise NotImplementedError


class _OfNext(_OfPages):
    link = "next"

    def change_page(self, page: dict[str, Any]) -> Any:
        """Change the link where there is one."""
        value = page.get(self.link)
        return {**page, self.link: self.change_link(value)} if isinstance(value, str) else UNTOUCHED

    def change_link(self, link: str) -> Any:
        """The wrong link."""
        raise NotImplementedError


def _query(link: str, pairs: list[tuple[str, str]]) -> str:
    return urlsplit(link)._replace(query=urlencode(pairs)).geturl()


class CountOffByOne(_OfPages, name="count-off-by-one"):
    """The count has one too many."""

    def change_page(self, page: dict[str, Any]) -> Any:
        return {**page, "count": page["count"] + 1} if type(page.get("count")) is int else UNTOUCHED


class CountOfPage(_OfPages, name="count-of-the-page"):
    """The count is of this page's rows alone."""

    def change_page(self, page: dict[str, Any]) -> Any:
        return {**page, "count": len(page["results"])} if "count" in page else UNTOUCHED


class CountMissing(_OfPages, name="count-missing"):
    """The page has no count."""

    def change_page(self, page: dict[str, Any]) -> Any:
        return {key: value for key, value in page.items() if key != "count"}


class PageShifted(_OfPages, name="page-shifted"):
    """The page begins one row late and repeats its last one."""

    def change_page(self, page: dict[str, Any]) -> Any:
        return {**page, "results": [*page["results"][1:], *page["results"][-1:]]}


class PageTooLong(_OfPages, name="page-too-long"):
    """The page has one row more than it should."""

    def change_page(self, page: dict[str, Any]) -> Any:
        return {**page, "results": [*page["results"], *page["results"][-1:]]}


class PageEmpty(_OfPages, name="page-empty"):
    """The page has no rows and no count."""

    def change_page(self, page: dict[str, Any]) -> Any:
        return {**page, "results": [], "count": 0}


class NextHost(_OfNext, name="next-host"):
    """The next link names the service's own host."""

    def change_link(self, link: str) -> Any:
        return urlsplit(link)._replace(netloc="catalog:50051").geturl() if "://" in link else UNTOUCHED


class NextPort(_OfNext, name="next-port"):
    """The next link has a port more."""

    def change_link(self, link: str) -> Any:
        parts = urlsplit(link)
        return parts._replace(netloc=f"{parts.netloc}:8080").geturl()


class NextScheme(_OfNext, name="next-scheme"):
    """The next link has the other scheme, as behind a proxy that ends TLS."""

    def change_link(self, link: str) -> Any:
        parts = urlsplit(link)
        return parts._replace(scheme="http" if parts.scheme == "https" else "https").geturl()


class NextRelative(_OfNext, name="next-relative"):
    """The next link lost its scheme and host."""

    def change_link(self, link: str) -> Any:
        return urlsplit(link)._replace(scheme="", netloc="").geturl()


class NextPath(_OfNext, name="next-path"):
    """The next link lost its path's prefix."""

    def change_link(self, link: str) -> Any:
        parts = urlsplit(link)
        return parts._replace(path="/" + parts.path.strip("/").rpartition("/")[2] + "/").geturl()


class NextSlash(_OfNext, name="next-slash"):
    """The next link lost its path's last slash, so that clients are redirected."""

    def change_link(self, link: str) -> Any:
        parts = urlsplit(link)
        return parts._replace(path=parts.path.rstrip("/")).geturl()


class NextParameterLost(_OfNext, name="next-parameter-lost"):
    """The next link forgot a parameter of the call."""

    def change_link(self, link: str) -> Any:
        return _query(link, parse_qsl(urlsplit(link).query, keep_blank_values=True)[1:])


class NextParametersReordered(_OfNext, name="next-parameters-reordered"):
    """The next link's parameters come in another order."""

    def change_link(self, link: str) -> Any:
        return _query(link, parse_qsl(urlsplit(link).query, keep_blank_values=True)[::-1])


class NextPage(_OfNext, name="next-page-skipped"):
    """The next link leads one page too far."""

    def change_link(self, link: str) -> Any:
        pairs = parse_qsl(urlsplit(link).query, keep_blank_values=True)
        return _query(link, [(key, _later(value) if key in PAGE_PARAMETERS else value) for key, value in pairs])


class NextSame(_OfNext, name="next-of-the-service"):
    """The next link has a page token in place of a number."""

    def change_link(self, link: str) -> Any:
        pairs = parse_qsl(urlsplit(link).query, keep_blank_values=True)
        renamed = [("page_token" if key in PAGE_PARAMETERS else key, value) for key, value in pairs]
        return _query(link, renamed)


class NextMissing(_OfNext, name="next-missing"):
    """A page that has one says that there is no next one."""

    def change_link(self, link: str) -> Any:
        del link


class NextNeverEnds(_OfPages, name="next-never-ends"):
    """The last page has a next link."""

    def change_page(self, page: dict[str, Any]) -> Any:
        return {**page, "next": page.get("previous") or "http://testserver/?page=2"} if page["next"] is None else page


class PreviousMissing(_OfNext, name="previous-missing"):
    """A page that has one says that there is no previous one."""

    link = "previous"

    def change_link(self, link: str) -> Any:
        del link


class PreviousHost(_OfNext, name="previous-host"):
    """The previous link names the service's own host."""

    link = "previous"

    def change_link(self, link: str) -> Any:
        return urlsplit(link)._replace(netloc="catalog:50051").geturl() if "://" in link else UNTOUCHED


class PreviousPageOne(_OfNext, name="previous-page-one"):
    """The previous link spells out the first page."""

    link = "previous"

    def change_link(self, link: str) -> Any:
        pairs = parse_qsl(urlsplit(link).query, keep_blank_values=True)
        names = {key for key, _ in pairs}
        return link if names.intersection(PAGE_PARAMETERS) else _query(link, [*pairs, ("page", "1")])


def _later(value: str) -> str:
    return str(int(value) + 1) if value.isdecimal() else value[1:]
