"""How a contract spells RPCs, fields and paths."""

import keyword
import re
from collections.abc import Collection

import inflection

__all__ = ["field_name", "http_path", "rpc_name"]

_RESERVED = frozenset({"strangler_http", "strangler_overflow"})
_VERBS = {"GET": "Get", "POST": "Create", "PUT": "Replace", "PATCH": "Update", "DELETE": "Delete"}


def rpc_name(http_method: str, message: str, *, many: bool) -> str:
    """`GET` of many `Course` -> `ListCourses`; `POST` of `Review` -> `CreateReview`."""
    name = str(inflection.pluralize(message)) if many else message
    return f"{'List' if many and http_method == 'GET' else _VERBS[http_method]}{name}"


def field_name(key: str, taken: Collection[str] = ()) -> str:
    """The field that carries a JSON key: snake case, no word of Python, none of ours, none of those `taken`."""
    name = re.sub(r"[^a-z0-9]+", "_", str(inflection.underscore(key))).strip("_")
    name = name if name and name[0].isalpha() else f"f_{name}".rstrip("_")
    if keyword.iskeyword(name) or name in _RESERVED:
        name += "_"
    unique, number = name, 2
    while unique in taken:
        unique, number = f"{name.rstrip('_')}_{number}", number + 1
    return unique


def http_path(route: str) -> str | None:
    """The route in the grammar of google.api.http, without its trailing slash; None where it has none."""
    path = re.sub(r"\(\?P<(\w+)>(?:\[[^]]*\]|\\.|[^()\\[])*\)", r"{\1}", route.removeprefix("^").removesuffix("$"))
    path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path)
    path = "/" + path.replace(r"\.", ".").replace(r"\-", "-").rstrip("/")
    return path if re.fullmatch(r"/|(?:/[A-Za-z0-9_.~{}-]+)+", path) else None
