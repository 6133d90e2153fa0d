"""Text that is nearly the same."""

import html
import json
import re
import unicodedata
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from strangler_shadow.seeded.operator import UNTOUCHED, Family, OnNodes

LABEL = re.compile(r"[A-Z][a-z]+( [a-z]+)*")
VALUE = re.compile(r"[a-z]+(_[a-z]+)*")
TAG = re.compile(r"<[^<>]*>")
UUIDS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ADDRESS = re.compile(r"https?://[^/]+/.*")


class _OfTexts(OnNodes, family=Family.TEXT):
    of = (str,)


class _OfUuids(_OfTexts):
    def change(self, value: str) -> Any:
        """Leave all other text alone."""
        return self.change_uuid(value) if UUIDS.fullmatch(value) else UNTOUCHED

    def change_uuid(self, value: str) -> Any:
        """The wrong spelling."""
        raise NotImplementedError


class TrailingSpace(_OfTexts, name="trailing-space"):
    """A text has a space behind it."""

    def change(self, value: str) -> Any:
        return value + " "


class SpacesStripped(_OfTexts, name="spaces-stripped"):
    """A text lost the spaces around it."""

    def change(self, value: str) -> Any:
        return value.strip()


class SpacesJoined(_OfTexts, name="spaces-joined"):
    """Runs of blanks and line ends became one space."""

    def change(self, value: str) -> Any:
        return re.sub(r"(?<=\S)\s+(?=\S)", " ", value)


class NoBreakSpace(_OfTexts, name="no-break-space"):
    """Spaces became no-break spaces."""

    def change(self, value: str) -> Any:
        return value.replace(" ", "\u00a0")


class LineEnds(_OfTexts, name="line-ends-of-windows"):
    """Line ends got a carriage return."""

    def change(self, value: str) -> Any:
        return re.sub(r"\r?\n", "\r\n", value)


class Truncated(_OfTexts, name="text-truncated"):
    """A text lost its last character."""

    def change(self, value: str) -> Any:
        return value[:-1]


class Shortened(_OfTexts, name="text-shortened"):
    """A long text ends in three dots."""

    def change(self, value: str) -> Any:
        return value[:40] + "..." if len(value) > 43 else UNTOUCHED


class LowerCase(_OfTexts, name="text-lower-case"):
    """A text is in lower case."""

    def change(self, value: str) -> Any:
        return value.lower()


class UpperCase(_OfTexts, name="text-upper-case"):
    """A text is in upper case."""

    def change(self, value: str) -> Any:
        return value.upper()


class Normalised(_OfTexts, name="unicode-composed"):
    """Combining characters were composed (NFC)."""

    def change(self, value: str) -> Any:
        return unicodedata.normalize("NFC", value)


class Decomposed(_OfTexts, name="unicode-decomposed"):
    """Characters were taken apart (NFD)."""

    def change(self, value: str) -> Any:
        return unicodedata.normalize("NFD", value)


class Replaced(_OfTexts, name="unicode-lost"):
    """Characters beyond ASCII became question marks."""

    def change(self, value: str) -> Any:
        return value.encode("ascii", "replace").decode()


class Misread(_OfTexts, name="utf8-read-as-latin1"):
    """UTF-8 was read as Latin-1."""

    def change(self, value: str) -> Any:
        return value.encode("utf-8", "surrogatepass").decode("latin-1")


class Escaped(_OfTexts, name="html-escaped"):
    """Characters of HTML were escaped."""

    def change(self, value: str) -> Any:
        return html.escape(value)


class Unescaped(_OfTexts, name="html-unescaped"):
    """Entities of HTML were resolved."""

    def change(self, value: str) -> Any:
        return html.unescape(value)


class TagsStripped(_OfTexts, name="html-tags-stripped"):
    """Tags were taken out."""

    def change(self, value: str) -> Any:
        return TAG.sub("", value)


class Quoted(_OfTexts, name="text-encoded-twice"):
    """A text was written as JSON twice."""

    def change(self, value: str) -> Any:
        return json.dumps(value)


class Dashes(_OfTexts, name="dash-as-underscore"):
    """Dashes became underscores."""

    def change(self, value: str) -> Any:
        return value.replace("-", "_")


class UuidUpperCase(_OfUuids, name="uuid-upper-case"):
    """A UUID is in upper case."""

    def change_uuid(self, value: str) -> Any:
        return value.upper()


class UuidHex(_OfUuids, name="uuid-without-dashes"):
    """A UUID is written without dashes."""

    def change_uuid(self, value: str) -> Any:
        return value.replace("-", "")


class UuidUrn(_OfUuids, name="uuid-as-urn"):
    """A UUID is written as a URN."""

    def change_uuid(self, value: str) -> Any:
        return UUID(value).urn


class LabelForValue(_OfTexts, name="label-for-value"):
    """A choice is written as its label."""

    def change(self, value: str) -> Any:
        return value.replace("_", " ").capitalize() if VALUE.fullmatch(value) else UNTOUCHED


class ValueForLabel(_OfTexts, name="value-for-label"):
    """A choice's label is written as its value."""

    def change(self, value: str) -> Any:
        return value.lower().replace(" ", "_") if LABEL.fullmatch(value) else UNTOUCHED


class AddressRelative(_OfTexts, name="address-without-host"):
    """A URL lost its scheme and host."""

    def change(self, value: str) -> Any:
        return urlsplit(value)._replace(scheme="", netloc="").geturl() if ADDRESS.match(value) else UNTOUCHED


class AddressElsewhere(_OfTexts, name="address-of-the-service"):
    """A URL names the service's own host."""

    def change(self, value: str) -> Any:
        return urlsplit(value)._replace(netloc="127.0.0.1:50051").geturl() if ADDRESS.match(value) else UNTOUCHED
