"""Header values in the form in which two that mean the same are equal; what is malformed stays as it is written."""

import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

__all__ = ["challenges", "directives", "exact", "links", "media_type", "members", "names", "parameters", "retry", "url"]

PORTS = {"http": 80, "https": 443}
TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"  # noqa: S105  RFC 9110, 5.6.2
PARAMETER = re.compile(rf'\s*({TOKEN})(?:\s*=\s*(?:({TOKEN})|"((?:[^"\\]|\\.)*)"))?\s*')
CHALLENGE = re.compile(rf"\s*({TOKEN})(?:\s+(\S.*))?\s*", re.DOTALL)
TARGET = re.compile(r"\s*<([^>]*)>\s*(;.*)?", re.DOTALL)

Lines = list[str]
Parameters = tuple[tuple[str, str | None], ...]


def exact(lines: Lines) -> Any:
    """The lines in their order."""
    return lines


def members(lines: Lines) -> Any:
    """The members of a list whose order means nothing (RFC 9110, 5.6.1), once each."""
    return sorted({part.strip() for line in lines for part in _parts(line, ",")} - {""})


def names(lines: Lines) -> Any:
    """The same without case."""
    return sorted({name.lower() for name in members(lines)})


def directives(lines: Lines) -> Any:
    """Directives between commas, names without case, arguments quoted or not (RFC 9111, 5.2)."""
    return _named(lines, ",")


def parameters(lines: Lines) -> Any:
    """The same between semicolons (RFC 6797, 6.1)."""
    return _named(lines, ";")


def media_type(lines: Lines) -> Any:
    """Type and parameter names without case, a charset's value too, parameters in any order (RFC 9110, 8.3)."""
    if len(lines) != 1:
        return lines
    kind, *rest = _parts(lines[0], ";")
    found = _parameters(*rest)
    if found is None:
        return lines
    return kind.strip().lower(), [(key, value.lower() if value and key == "charset" else value) for key, value in found]


def url(lines: Lines) -> Any:
    """Scheme and host without case, the scheme's own port left out (RFC 3986, 6.2); anything else as it is."""
    return [_url(line) for line in lines]


def links(lines: Lines) -> Any:
    """Links in any order, each with its target and its parameters in any order (RFC 8288, 3)."""
    found = [_link(part) for line in lines for part in _parts(line, ",") if part.strip()]
    return lines if None in found else tuple(sorted(map(repr, found)))


def challenges(lines: Lines) -> Any:
    """Challenges in any order, scheme and parameter names without case (RFC 9110, 11.6.1)."""
    found: list[list[Any]] = []
    for part in (part for line in lines for part in _parts(line, ",") if part.strip()):
        begins = CHALLENGE.fullmatch(part)
        is_parameter = PARAMETER.fullmatch(part) is not None and "=" in part
        if is_parameter and found:
            found[-1].append(_parameters(part))
        elif begins:
            rest = begins[2]
            found.append([begins[1].lower(), (_parameters(rest) or rest) if rest else None])
        else:
            return lines
    return tuple(sorted(map(repr, found)))


def retry(lines: Lines) -> Any:
    """Seconds, or a moment in seconds; their form is kept apart (RFC 9110, 10.2.3)."""
    if len(lines) == 1 and (text := lines[0].strip()).isascii():
        if text.isdecimal():
            return "seconds", int(text)
        try:
            return "date", int(parsedate_to_datetime(text).timestamp())
        except (ValueError, TypeError, OverflowError):
            return lines
    return lines


def _named(lines: Lines, separator: str) -> Any:
    found = [_parameters(part) for line in lines for part in _parts(line, separator) if part.strip()]
    return lines if None in found else tuple(sorted(map(repr, found)))


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return text
    if not parts.netloc or not parts.hostname:
        return text
    user = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    where = f":{port}" if port is not None and port != PORTS.get(parts.scheme) else ""
    return parts._replace(netloc=f"{user}{host}{where}", path=parts.path or "/").geturl()


def _link(text: str) -> Any:
    found = TARGET.fullmatch(text)
    if found is None:
        return None
    given = _parameters(*_parts((found[2] or "").removeprefix(";"), ";"))
    if given is None:
        return None
    return _url(found[1]), [(key, _relations(value) if key == "rel" else value) for key, value in given]


def _relations(value: str | None) -> list[str]:
    return sorted((value or "").lower().split())


def _parameters(*parts: str) -> Parameters | None:
    """Names in lower case with their values unquoted, sorted; None where one is malformed."""
    found: list[tuple[str, str | None]] = []
    for part in parts:
        if not part.strip():
            continue
        match = PARAMETER.fullmatch(part)
        if match is None:
            return None
        quoted = None if match[3] is None else re.sub(r"\\(.)", r"\1", match[3])
        found.append((match[1].lower(), match[2] if quoted is None else quoted))
    return tuple(sorted(found, key=repr))


def _parts(text: str, separator: str) -> Iterator[str]:
    """What stands between separators, those in quotes and in angle brackets left alone."""
    start, quoted, bracket, escaped = 0, False, False, False
    for index, char in enumerate(text):
        if quoted:
            escaped, quoted = char == "\\" and not escaped, quoted and (char != '"' or escaped)
        elif char == '"':
            quoted = True
        elif char in "<>":
            bracket = char == "<"
        elif char == separator and not bracket:
            yield text[start:index]
            start = index + 1
    yield text[start:]
