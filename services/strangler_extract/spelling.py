"""How a contract spells RPCs, fields and paths."""

import keyword
import re
from collections.abc import Collection

import inflection

__all__ = ["field_name", "http_path", "is_json_name", "rpc_name"]

_RESERVED = frozenset({"strangler_http", "strangler_overflow"})
_VERBS = {"GET": "Get", "POST": "Create", "PUT": "Replace", "PATCH": "Update", "DELETE": "Delete"}


def rpc_name(http_method: str, message: str, *, many: bool) -> str:
    """`GET` of many `Course` -> `ListCourses`; `POST` of `Review` -> `CreateReview`."""
    name = str(inflection.pluralize(message)) if many else message
    return f"{'List' if many and http_method == 'GET' else _VERBS[http_method]}{name}"


def field_name(key: str, taken: Collection[str] = (), *, keys: Collection[str] = ()) -> str:
    """The field that carries a JSON key: snake case, no word of Python, none of ours, none of those `taken`.

    `keys` are the message's JSON keys; protobuf's runtime finds fields by either, and so wants them apart.
    """
    name = re.sub(r"[^a-z0-9]+", "_", str(inflection.underscore(key))).strip("_")
    name = name if name and name[0].isalpha() else f"f_{name}".rstrip("_")
    if keyword.iskeyword(name) or name in _RESERVED:
        name += "_"
    unique, number = name, 2
    spelt = {_default_json_name(other) for other in taken}
    while _default_json_name(unique) in spelt or (unique in keys and unique != key):
        unique, number = f"{name.rstrip('_')}_{number}", number + 1
    return unique


def is_json_name(key: str) -> bool:
    """Whether protoc takes the key as a `json_name` beside our own fields; an object with another one is overflow."""
    return key not in _RESERVED and "\0" not in key and not (key.startswith("[") and key.endswith("]"))


def _default_json_name(name: str) -> str:
    # protoc wants these apart as well, though ours are never used: `line_2` and `line2` are one to it.
    return re.sub(r"_(.?)", lambda found: found[1].upper(), name)


def http_path(route: str) -> str | None:
    """The route in the grammar of google.api.http, without its trailing slash; None where it has none."""
    path = re.sub(r"\(\?P<(\w+)>(?:\[[^]]*\]|\\.|[^()\\[])*\)", r"{\1}", route.removeprefix("^").removesuffix("$"))
    path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path)
    path = "/" + path.replace(r"\.", ".").replace(r"\-", "-").rstrip("/")
    return path if re.fullmatch(r"/|(?:/[A-Za-z0-9_.~{}-]+)+", path) else None
