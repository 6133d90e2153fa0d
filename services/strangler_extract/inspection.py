"""What a view is, as far as extracting it goes: its parts, its parameters, and whether it can be extracted."""

import enum
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.request import Request
from rest_framework.schemas.generators import BaseSchemaGenerator
from rest_framework.serializers import BaseSerializer, ListSerializer

from strangler_django.endpoints import Endpoint
from strangler_extract import declared
from strangler_extract.conditions import conditions
from strangler_extract.handlers import Handler, read_handler
from strangler_extract.shapes import Array, Json, Mapping, Object, Shape
from strangler_extract.surroundings import context_lines, cookie_lines, left_lines, renderer_lines, request_lines
from strangler_protos.bindings import Authority, generic_binding
from strangler_router.borrowed import borrowed_lines
from strangler_router.conf import settings
from strangler_router.errors import ConfigurationError
from strangler_router.peel import peeled_function
from strangler_router.refusals import inner_rules, refusals, written_handler
from strangler_router.seam import class_cell

__all__ = ["Inspection", "Reason", "Weight", "inspect_endpoint"]

PARTS = {
    "authenticators": "authentication_classes",
    "permissions": "permission_classes",
    "throttles": "throttle_classes",
    "filters": "filter_backends",
    "pagination": "pagination_class",
    "versioning": "versioning_class",
    "parsers": "parser_classes",
    "renderers": "renderer_classes",
}


class Weight(enum.Enum):
    """What a reason means for extraction."""

    REFUSED = "refused"
    """It cannot be extracted."""
    CHANGE = "change"
    """It can, and the project has to be changed before the router can ask the service."""
    NOTE = "note"
    """It can, and this is worth knowing."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an endpoint can, or cannot, be extracted."""

    weight: Weight
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """An endpoint with its view's parts by name, its parameters, and what answers."""

    endpoint: Endpoint
    path: dict[str, str]
    """Arguments of the route and their converters."""
    query: tuple[str, ...]
    parts: dict[str, tuple[str, ...]]
    handler: Handler
    view: Any
    serializer: BaseSerializer | None
    serializer_from: str
    reasons: tuple[Reason, ...]

    @property
    def verdict(self) -> str:
        """`eligible`, `needs a change` or `refused`."""
        weights = {reason.weight for reason in self.reasons}
        if Weight.REFUSED in weights:
            return "refused"
        return "needs a change" if Weight.CHANGE in weights else "eligible"

    @property
    def refusals(self) -> list[str]:
        """Why it cannot be extracted."""
        return [reason.text for reason in self.reasons if reason.weight is Weight.REFUSED]

    @property
    def changes(self) -> list[str]:
        """What the project has to change before the router can ask the service."""
        return [reason.text for reason in self.reasons if reason.weight is Weight.CHANGE]

    @property
    def many(self) -> bool:
        """Whether it answers with a list."""
        return self.handler.many or isinstance(self.serializer, ListSerializer)

    @property
    def authority(self) -> str:
        """Who decides what a caller may see: SERVICE wherever rules live inside the handler."""
        return "SERVICE" if not self.endpoint.is_drf or inner_rules(self.endpoint) else "UNSPECIFIED"


def inspect_endpoint(endpoint: Endpoint) -> Inspection:
    """Looks at a view without running its handler."""
    handler = read_handler(written_handler(endpoint) if endpoint.view_class else endpoint.callback)
    view = _view(endpoint) if endpoint.is_drf else None
    serializer, origin = _serializer(view, handler)
    return Inspection(
        endpoint=endpoint,
        path=_arguments(endpoint.route),
        query=tuple(_query(view)) if view is not None and (handler.action == "list" or handler.paginated) else (),
        parts={name: _names(endpoint.attribute(attribute)) for name, attribute in PARTS.items()},
        handler=handler,
        view=view,
        serializer=serializer,
        serializer_from=origin,
        reasons=tuple(_reasons(endpoint, handler, serializer, origin)),
    )


def _view(endpoint: Endpoint) -> Any:
    """An instance as DRF's own schema generator makes it, for an anonymous request."""
    request = Request(RequestFactory().generic(endpoint.http_method, "/"))
    request.user = AnonymousUser()
    return BaseSchemaGenerator().create_view(endpoint.callback, endpoint.http_method, request)


def _serializer(view: Any, handler: Handler) -> tuple[BaseSerializer | None, str]:
    """The serializer of the answer, and where it is named or why there is none."""
    if len(handler.serializers) == 1 and not handler.asks_view:
        [cls] = handler.serializers
        return _built(cls, handler), "the handler's source"
    if len(handler.serializers) > 1:
        names = ", ".join(cls.__name__ for cls in handler.serializers)
        return None, f"the handler uses several serializers ({names})"
    if handler.action == "destroy":
        return None, "there is no content"
    if not handler.asks_view or view is None:
        return None, "the handler uses no serializer that can be told from its source"
    try:
        return view.get_serializer(many=handler.many), "get_serializer()"
    except Exception as error:  # noqa: BLE001  the project's code, which may need a real request
        return None, f"get_serializer() needs a real request ({type(error).__name__})"


def _built(cls: Any, handler: Handler) -> BaseSerializer | None:
    with suppress(Exception):
        built: BaseSerializer = cls(many=handler.many)
        return built
    return None


def _arguments(route: str) -> dict[str, str]:
    """Named arguments of a route and their converters, from the resolver."""
    found: dict[str, str] = {}
    for joined, patterns in _walk(get_resolver(), "", ()):
        if joined == route:
            for pattern in patterns:
                converters = getattr(pattern, "converters", {})
                for name in pattern.regex.groupindex:
                    converter = converters.get(name)
                    found[name] = type(converter).__name__.removesuffix("Converter").lower() if converter else "regex"
            return found
    return found


def _walk(resolver: URLResolver, prefix: str, outer: tuple[Any, ...]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    for item in resolver.url_patterns:
        text = str(item.pattern)
        route = prefix + text.removeprefix("^") if prefix else text
        if isinstance(item, URLPattern):
            yield route, (*outer, item.pattern)
        else:
            yield from _walk(item, route, (*outer, item.pattern))


def _query(view: Any) -> Iterator[str]:
    """Names of query parameters, as the paginator and the filter backends document them."""
    seen: set[str] = set()
    for source in (getattr(view, "paginator", None), *(backend() for backend in getattr(view, "filter_backends", ()))):
        for name in _documented(source, view):
            if name not in seen:
                seen.add(name)
                yield name


def _documented(source: Any, view: Any) -> list[str]:
    with suppress(Exception):
        if hasattr(source, "get_filterset_class"):
            filterset = source.get_filterset_class(view, view.get_queryset())
            return list(filterset.base_filters) if filterset else []
        return [str(parameter["name"]) for parameter in source.get_schema_operation_parameters(view)]
    return []


def _names(found: Any) -> tuple[str, ...]:
    items = found if isinstance(found, (list, tuple)) else [found] if found else []
    return tuple(getattr(item, "__name__", type(item).__name__) for item in items)


def _reasons(endpoint: Endpoint, handler: Handler, serializer: BaseSerializer | None, origin: str) -> Iterator[Reason]:
    binding = generic_binding(
        id=endpoint.id, route=endpoint.route, http_method=endpoint.http_method, authority=Authority.SERVICE
    )
    yield from _seamless(endpoint)
    for refusal in refusals(binding, endpoint):
        yield Reason(
            Weight.NOTE if refusal.is_warning else Weight.REFUSED, refusal.message.removeprefix(f"{binding.id}: ")
        )
    if handler.streams:
        yield Reason(Weight.REFUSED, "the handler streams or sends a file; a reply is one document")
    for line in borrowed_lines(endpoint) if endpoint.is_drf else ():
        yield Reason(Weight.NOTE, f"cannot be lifted: {line} reads what only the monolith has")
    yield from _surroundings(endpoint, serializer) if endpoint.is_drf else ()
    for name in conditions(endpoint):
        yield Reason(Weight.NOTE, f"@{name} stays in the monolith and runs before the service is asked")
    rules = inner_rules(endpoint) if endpoint.is_drf else []
    if rules:
        yield Reason(
            Weight.NOTE,
            f"{', '.join(rules)} would be the service's to keep; the contract says authority SERVICE, which "
            "STRANGLER['AUTHORITY'] may change to MONOLITH for a detail route",
        )
    yield from _unknown(serializer, origin)


def _seamless(endpoint: Endpoint) -> Iterator[Reason]:
    """Why the router could not take this view's place; system checks say the same of what is bound."""
    if iscoroutinefunction(endpoint.callback) or getattr(endpoint.view_class, "view_is_async", False):
        yield Reason(Weight.REFUSED, "asynchronous views cannot be bound yet")
    elif endpoint.is_drf:
        try:
            class_cell(endpoint.callback, endpoint.view_class)
        except ConfigurationError as error:
            yield Reason(Weight.REFUSED, str(error))
    elif peeled_function(endpoint.callback) is None:
        yield Reason(Weight.CHANGE, "it is a plain Django view; put @strangler_router.peel.peel innermost")


def _surroundings(endpoint: Endpoint, serializer: BaseSerializer | None) -> Iterator[Reason]:
    """What the view reads that would be something else, silently, where the monolith's middleware does not run."""
    if settings().tenant:
        yield Reason(Weight.NOTE, "cannot be lifted: STRANGLER['TENANT'] is set, and only middleware selects a tenant")
    else:
        for line in context_lines(endpoint, serializer):
            text = f"{line}, which only the monolith's middleware sets; let STRANGLER['TENANT'] tell it of a request"
            yield Reason(Weight.REFUSED, text)
    for line in request_lines(endpoint, serializer):
        yield Reason(Weight.CHANGE, f"{line} does not travel to the service; headers do")
    for line in cookie_lines(endpoint, serializer):
        # A read falls back to the monolith; a write would be made first and then have no answer.
        weight = Weight.NOTE if endpoint.http_method == "GET" else Weight.CHANGE
        yield Reason(weight, f"cannot be lifted: {line} sets a cookie")
    for line in left_lines(endpoint):
        yield Reason(Weight.CHANGE, f"{line} is left on the view by a handler that does not run when a service answers")
    for line in renderer_lines(endpoint):
        yield Reason(
            Weight.CHANGE, f"{line} asks a renderer's view or serializer, which a service's answer leaves bare"
        )


def _unknown(serializer: BaseSerializer | None, origin: str) -> Iterator[Reason]:
    """What of the document only real responses tell."""
    if serializer is None:
        if origin != "there is no content":
            yield Reason(Weight.NOTE, f"{origin}: the document is known only as far as it is observed")
        return
    if declared.overrides(serializer):
        one = getattr(serializer, "child", serializer)
        yield Reason(Weight.NOTE, f"{type(one).__name__}.to_representation() may change what its fields declare")
    keys = list(dict.fromkeys(_untyped(declared.shape_of(serializer))))
    if keys:
        yield Reason(Weight.NOTE, f"no type is declared for {', '.join(keys)}; JSON text, unless responses show one")


def _untyped(shape: Shape, key: str = "") -> Iterator[str]:
    """Dotted keys whose values have no declared type."""
    match shape:
        case Json():
            yield key or "the document"
        case Object(fields=fields):
            for field in fields:
                yield from _untyped(field.shape, f"{key}.{field.key}".lstrip("."))
        case Array(items=inner) | Mapping(values=inner):
            yield from _untyped(inner, key)
