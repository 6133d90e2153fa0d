"""What the service knows of the request's HTTP side: parameters, links and file addresses, as Django spells them."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from functools import cached_property
from urllib.parse import parse_qs, quote, urlencode, urljoin, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from google.protobuf.message import Message

from strangler_protos.v1 import http_pb2

__all__ = ["Web"]

# Reserved and unreserved characters of RFC 3986 that Django leaves alone (django.utils.encoding.iri_to_uri).
IRI_SAFE = "/#%[]=:;$&()+,!?*@'~"
FILE_SAFE = "/~!*()'"


@dataclass(frozen=True)
class Web:
    """The HTTP side of one request."""

    http: http_pb2.HttpRequest
    fields: Mapping[str, str]
    media_url: str

    @classmethod
    def of(cls, request: Message, media_url: str) -> "Web":
        """Read a request message; its own query fields count where the raw query does not name them."""
        fields = {
            field.json_name: value
            for field, value in request.ListFields()
            if field.number < 1000 and isinstance(value, str)
        }
        return cls(request.strangler_http, fields, media_url)  # type: ignore[attr-defined]

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The last value of each query parameter, as `QueryDict.get` reads them."""
        query = self.http.query
        if not query.isascii():
            with contextlib.suppress(UnicodeDecodeError):
                query = query.encode("latin-1").decode()
        given = parse_qs(query, keep_blank_values=True)
        return {**self.fields, **{key: values[-1] for key, values in given.items()}}

    @cached_property
    def timezone(self) -> tzinfo:
        """The time zone that was active in the monolith."""
        return ZoneInfo(self.http.timezone or "UTC")

    @property
    def url(self) -> str:
        """`request.build_absolute_uri()`."""
        query = f"?{self.http.query}" if self.http.query else ""
        return quote(f"{self._origin}{self.http.path}{query}", safe=IRI_SAFE)

    def file(self, name: str | None) -> str | None:
        """Address of an uploaded file; None where there is none."""
        if not name:
            return None
        path = urljoin(self.media_url, quote(name.replace("\\", "/"), safe=FILE_SAFE).lstrip("/"))
        return quote(self._origin + path, safe=IRI_SAFE)

    def with_parameter(self, key: str, value: object) -> str:
        """`url` with one parameter set."""
        return self._with_query({key: [str(value)]})

    def without_parameter(self, key: str) -> str:
        """`url` without one parameter."""
        return self._with_query({key: None})

    @property
    def _origin(self) -> str:
        return f"{self.http.scheme}://{self.http.host}"

    def _with_query(self, changes: Mapping[str, list[str] | None]) -> str:
        scheme, netloc, path, query, fragment = urlsplit(self.url)
        parameters = {**parse_qs(query, keep_blank_values=True), **changes}
        kept = sorted((key, values) for key, values in parameters.items() if values is not None)
        return urlunsplit((scheme, netloc, path, urlencode(kept, doseq=True), fragment))
