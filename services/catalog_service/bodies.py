"""Request bodies, read as the monolith's parsers read them."""

import codecs
import io
import json
from collections.abc import Mapping
from email.message import Message
from email.utils import collapse_rfc2231_value
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from strangler_protos.v1 import http_pb2
from strangler_services import drf_error, text

__all__ = ["request_data"]

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
# Django's DATA_UPLOAD_MAX_NUMBER_FIELDS.
MOST_FIELDS = 1000


def request_data(http: http_pb2.HttpRequest) -> Any:
    """What `request.data` would be, of a form the last value of each name.

    `UnsupportedMediaType` or `ParseError` as `rest_framework.request.Request` raises them.
    """
    media_type, charset = _content_type(http.content_type)
    if not http.body:
        return {}
    if _matches(JSON, media_type):
        return _json(http.body, charset)
    if _matches(FORM, media_type):
        return _form(http.body, charset)
    message = 'Unsupported media type "{media_type}" in request.'
    detail = text(message, code="unsupported_media_type", media_type=http.content_type)
    raise drf_error("UnsupportedMediaType", detail)


def _json(body: bytes, charset: str) -> Any:
    try:
        return json.load(codecs.getreader(charset)(io.BytesIO(body)), parse_constant=_refuse_constant)
    except ValueError as error:
        raise drf_error("ParseError", text("JSON parse error - %s", str(error), code="parse_error")) from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"Out of range float values are not JSON compliant: {name!r}")


def _form(body: bytes, charset: str) -> Mapping[str, str]:
    try:
        query = body.decode(charset)
    except UnicodeDecodeError:
        query = body.decode("iso-8859-1")
    return dict(parse_qsl(query, keep_blank_values=True, encoding=charset, max_num_fields=MOST_FIELDS))


def _content_type(line: str) -> tuple[str, str]:
    """Media type in lower case, and the encoding (django.utils.http.parse_header_parameters)."""
    if ";" not in line:
        return line.strip().lower(), "utf-8"
    header = Message()
    header["content-type"] = line
    (media_type, _), *parameters = header.get_params() or [("", "")]
    # Encoded as in RFC 2231 it is a tuple.
    charset = collapse_rfc2231_value(dict(parameters).get("charset", "utf-8"))
    try:
        codecs.lookup(charset)
    except LookupError:
        charset = "utf-8"
    return media_type.lower(), charset


def _matches(known: str, given: str) -> bool:
    """Part by part, where `*` is any (rest_framework.utils.mediatypes)."""
    pairs = zip(known.partition("/")[::2], given.partition("/")[::2], strict=True)
    return all(part in {wanted, "*"} for wanted, part in pairs)
