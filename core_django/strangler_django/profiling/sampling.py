"""Make a request of an endpoint: its path, with arguments that the database has rows for."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db import DatabaseError
from django.db.models import Model, QuerySet
from django.test import RequestFactory
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve
from django.utils.regex_helper import normalize
from rest_framework.request import Request

from strangler_django.endpoints import Endpoint
from strangler_django.profiling.requests import Ask

__all__ = ["Sample", "sample_of"]

ROWS = 3
KEY_SUFFIX = re.compile(r"_(?:pk|id|slug|uuid|name)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Requests to choose from, or why there is none."""

    asks: tuple[Ask, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Path:
    template: str
    names: tuple[str, ...]
    converters: Mapping[str, Any] = field(default_factory=dict)


def sample_of(endpoint: Endpoint, user: Any = None) -> Sample:
    """Paths for up to three rows; without arguments there is one path.

    The rows are the view's queryset's. An argument that the view does not look up by is a foreign key of those rows
    (`course_pk`), or else the key of the model that it or the path's segment before it is named like.
    """
    paths = [path for route, path in _paths(get_resolver()) if route == endpoint.route]
    if not paths:
        return Sample(reason="its route cannot be written as a path")
    path = min(paths, key=lambda found: len(found.names))
    if not path.names:
        return _checked(endpoint, [path.template % {}])
    found, missing = _arguments(endpoint, path, user)
    if not found:
        return Sample(reason=missing)
    return _checked(endpoint, [_written(path, arguments) for arguments in found])


def _checked(endpoint: Endpoint, paths: list[str]) -> Sample:
    """Only paths that lead to the endpoint; an earlier route may take one."""
    good = [path for path in dict.fromkeys(paths) if _route_of(path) == endpoint.route]
    if not good:
        return Sample(reason="an earlier route answers the path, or the argument does not fit the route")
    return Sample(asks=tuple(Ask(path=quote(path)) for path in good))


def _route_of(path: str) -> str | None:
    try:
        return resolve(path).route
    except (Resolver404, ValueError):
        return None


def _written(path: _Path, arguments: Mapping[str, Any]) -> str:
    texts = {}
    for name, value in arguments.items():
        converter = path.converters.get(name)
        try:
            texts[name] = str(value) if converter is None else converter.to_url(value)
        except ValueError:
            texts[name] = str(value)
    return path.template % texts


def _paths(resolver: URLResolver, prefix: str = "", before: tuple[str, ...] = ("/",)) -> Iterator[tuple[str, _Path]]:
    """Every route with the ways to write it; a route is spelled as `ResolverMatch.route` spells it."""
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern).removeprefix("^") if prefix else str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _paths(pattern, route, _joined(before, pattern))
            continue
        for template in _joined(before, pattern):
            names = tuple(dict.fromkeys(re.findall(r"%\((\w+)\)s", template)))
            yield route, _Path(template=template, names=names, converters=_converters(endpoint_pattern=pattern))


def _converters(endpoint_pattern: URLPattern) -> Mapping[str, Any]:
    return getattr(endpoint_pattern.pattern, "converters", {})


def _joined(before: tuple[str, ...], pattern: Any) -> tuple[str, ...]:
    forms = [form for form, _names in normalize(pattern.pattern.regex.pattern)]
    return tuple(first + form for first in before for form in forms)


def _arguments(endpoint: Endpoint, path: _Path, user: Any) -> tuple[list[dict[str, Any]], str]:
    queryset = _queryset(endpoint, user)
    looked_up = _lookups(endpoint)
    rows = _rows(queryset) if queryset is not None else []
    if queryset is not None and not rows and any(name in looked_up for name in path.names):
        return [], f"there is no row of {queryset.model._meta.label}"
    found = []
    missing = ""
    chosen: list[Model | None] = [*rows] or [None]
    for row in chosen:
        arguments = {}
        for name in path.names:
            value, reason = _argument(name, row, looked_up, path)
            if value is None:
                missing = reason
                break
            arguments[name] = value
        else:
            found.append(arguments)
    return found, missing


def _argument(name: str, row: Model | None, looked_up: Mapping[str, str], path: _Path) -> tuple[Any, str]:
    if row is not None and name in looked_up:
        return _value(row, looked_up[name]), f"{looked_up[name]!r} of {row._meta.label} is empty"
    if name == "format":
        return "json", ""
    stem = KEY_SUFFIX.sub("", name)
    if row is not None and stem != name and (value := _value(row, f"{stem}__pk")) is not None:
        return value, ""
    if row is not None and (value := _value(row, name)) is not None and name not in ("pk", "id"):
        return value, ""
    model = _model_named(stem) if stem != name else _model_named(_segment_before(path.template, name))
    if model is None:
        return None, f"nothing says which rows {name!r} names"
    column = name.rpartition("_")[2] if stem != name else name
    for other in _rows(model._default_manager.all()):
        if (value := _value(other, column if hasattr(other, column) else "pk")) is not None:
            return value, ""
    return None, f"there is no row of {model._meta.label}"


def _value(row: Model, path: str) -> Any:
    value: Any = row
    for name in path.split("__"):
        value = getattr(value, name, None)
    return None if callable(value) or isinstance(value, Model) or value == "" else value


def _lookups(endpoint: Endpoint) -> dict[str, str]:
    """Path argument to the field that the view looks up by."""
    if endpoint.view_class is None:
        return {"object_id": "pk"} if _admin_model(endpoint) else {}
    name = endpoint.attribute("lookup_field", None)
    if name is not None:
        return {endpoint.attribute("lookup_url_kwarg", None) or name: name}
    return {
        endpoint.attribute("pk_url_kwarg", "pk"): "pk",
        endpoint.attribute("slug_url_kwarg", "slug"): endpoint.attribute("slug_field", "slug"),
    }


def _queryset(endpoint: Endpoint, user: Any) -> QuerySet[Any] | None:
    if endpoint.view_class is None:
        admin = _admin_model(endpoint)
        return admin._default_manager.all() if admin else None
    # A view may want arguments, or somebody logged in; its model's rows do then.
    with suppress(Exception):
        found = _view(endpoint, user).get_queryset()
        if isinstance(found, QuerySet):
            return found
    declared = endpoint.attribute("queryset")
    if isinstance(declared, QuerySet):
        return declared.all()
    model = endpoint.attribute("model") or getattr(
        getattr(endpoint.attribute("serializer_class"), "Meta", None), "model", None
    )
    return model._default_manager.all() if isinstance(model, type) and issubclass(model, Model) else None


def _admin_model(endpoint: Endpoint) -> Any:
    """The model of a view of Django's admin."""
    return getattr(getattr(endpoint.callback, "model_admin", None), "model", None)


def _view(endpoint: Endpoint, user: Any) -> Any:
    made: Any = endpoint.view_class(**endpoint.initkwargs)  # type: ignore[misc]
    request: Any = RequestFactory().get("/")
    request._force_auth_user = request.user = user
    made.request = Request(request) if endpoint.is_drf else request
    made.args, made.kwargs, made.format_kwarg, made.action = (), {}, None, endpoint.action
    return made


def _rows(queryset: QuerySet[Any]) -> list[Model]:
    """The first, the last and one between."""
    with suppress(FieldError, DatabaseError, FieldDoesNotExist, TypeError):
        found = [row for row in (*queryset.order_by("pk")[:2], *queryset.order_by("-pk")[:1]) if isinstance(row, Model)]
        return list({row.pk: row for row in found}.values())[:ROWS]
    return []


def _segment_before(template: str, name: str) -> str:
    parts = template.partition(f"%({name})s")[0].rstrip("/").split("/")
    return parts[-1]


def _model_named(word: str) -> type[Model] | None:
    bare = re.sub(r"\W|_", "", word).lower()
    for model in apps.get_models():
        options = model._meta
        plural = re.sub(r"\W", "", str(options.verbose_name_plural)).lower()
        if bare and bare in {options.model_name, f"{options.model_name}s", plural}:
            return model
    return None
