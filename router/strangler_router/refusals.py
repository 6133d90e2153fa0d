"""What the seam cannot keep, it refuses: find what lives inside a view's handler."""

import hashlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.middleware.cache import CacheMiddleware
from rest_framework.decorators import api_view
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer

from strangler_django.endpoints import Endpoint
from strangler_protos.bindings import Authority, Binding
from strangler_router.conf import settings

__all__ = ["Refusal", "inner_rules", "permission_classes", "refusals", "unconfirmed_wrapper", "written_handler"]

# Decorators that only attach a schema; they call the handler and nothing else.
INERT_MODULES = ("drf_spectacular.",)
DECIDERS = ("get_permissions", "get_queryset", "get_object", "filter_queryset", "check_object_permissions")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an endpoint is not bound: the number of a system check, and a sentence."""

    number: str
    message: str

    @property
    def check_id(self) -> str:
        """The id of the system check."""
        return f"strangler_router.{self.number}"

    @property
    def is_warning(self) -> bool:
        """True where the endpoint is bound all the same."""
        return self.number.startswith("W")


def refusals(binding: Binding, endpoint: Endpoint) -> Iterator[Refusal]:
    """Everything that speaks against binding this endpoint."""
    if not endpoint.is_drf:
        yield from _plain(binding)
        yield from _cached_around(binding, endpoint)
        return
    if not _writes_json(endpoint):
        yield Refusal(
            "E019", f"{binding.id}: no renderer of the view writes JSON, so the service would never be asked; unbind it"
        )
    rules = inner_rules(endpoint)
    declared, unknown = _declared(binding)
    if unknown:
        yield Refusal(
            "E010", f"{binding.id}: STRANGLER['AUTHORITY'] says {', '.join(unknown)}; say 'MONOLITH' or 'SERVICE'"
        )
    if rules and Authority.UNDECLARED in declared:
        yield Refusal(
            "E010",
            f"{binding.id}: {', '.join(rules)} would be left to the service; say who is the authority, "
            f"in the contract or in STRANGLER['AUTHORITY']: MONOLITH (detail routes) or SERVICE",
        )
    if Authority.MONOLITH in declared and not _is_detail(endpoint):
        yield Refusal(
            "E011",
            f"{binding.id}: authority MONOLITH needs a detail route and a view with get_object(), which is asked "
            "first; say SERVICE instead",
        )
    wrapper = unconfirmed_wrapper(binding.id, written_handler(endpoint))
    if wrapper:
        name, digest = wrapper
        yield Refusal(
            "E012",
            f"{binding.id}: the handler is wrapped by {name}, which the service would skip; "
            f"if that is harmless: STRANGLER['CONFIRMED'] = {{{binding.id!r}: {digest!r}}}",
        )
    yield from _cached_around(binding, endpoint)


def _plain(binding: Binding) -> Iterator[Refusal]:
    declared, _ = _declared(binding)
    if declared != {Authority.SERVICE}:
        yield Refusal(
            "E010",
            f"{binding.id}: a plain Django view is all handler, and has no get_object() to ask first; "
            "say in the contract or in STRANGLER['AUTHORITY'] that SERVICE is the authority",
        )


def inner_rules(endpoint: Endpoint) -> list[str]:
    """The rules of a view that run inside its handler, by name."""
    found = [
        f"{permission.__name__}.has_object_permission"
        for permission in permission_classes(endpoint)
        if _differs(permission, BasePermission, "has_object_permission")
    ]
    found += [name for name in DECIDERS if _is_own(getattr(endpoint.view_class, name, None))]
    found += [backend.__name__ for backend in endpoint.attribute("filter_backends", ()) or ()]
    if _is_own(_unwrapped(written_handler(endpoint))):
        found.append(f"{endpoint.action or endpoint.http_method.lower()}()")
    return found


def permission_classes(endpoint: Endpoint) -> list[type[Any]]:
    """The permissions of a view, the operands of composed ones included."""
    return list(_classes(endpoint.attribute("permission_classes", ())))


def written_handler(endpoint: Endpoint) -> Callable[..., Any] | None:
    """The endpoint's handler as the project wrote it: below `@api_view` it is the decorated function."""
    handler = endpoint.handler
    if handler is not None and handler.__module__ == api_view.__module__ and handler.__closure__:
        function: Callable[..., Any] = inspect.getclosurevars(handler).nonlocals["func"]
        return function
    return handler


def unconfirmed_wrapper(endpoint_id: str, handler: Callable[..., Any] | None) -> tuple[str, str] | None:
    """Name and digest of the decorators on a handler that nobody has confirmed in their present form."""
    sources, names = [], []
    while handler is not None and hasattr(handler, "__wrapped__"):
        if not getattr(handler, "__globals__", {}).get("__name__", "").startswith(INERT_MODULES):
            written: Any = getattr(handler, "__code__", type(handler))
            names.append(getattr(written, "co_qualname", None) or written.__qualname__)
            sources.append(inspect.getsource(written))
        handler = handler.__wrapped__
    if not names:
        return None
    digest = hashlib.sha256("\n".join(sources).encode()).hexdigest()[:16]
    return None if settings().confirmed.get(endpoint_id) == digest else (", ".join(names), digest)


def _declared(binding: Binding) -> tuple[set[Authority], list[str]]:
    """Every authority that counts on some rung, and the words in the settings that are none."""
    declared = settings().authority.get(binding.id, {})
    words = [declared] if isinstance(declared, str) else list(declared.values())
    known = {Authority[word] for word in words if word in Authority.__members__}
    unknown = [repr(word) for word in words if word not in Authority.__members__]
    return known if isinstance(declared, str) else known | {binding.authority}, unknown


def _is_detail(endpoint: Endpoint) -> bool:
    lookup = endpoint.attribute("lookup_url_kwarg") or endpoint.attribute("lookup_field", "pk")
    in_route = f"<{lookup}>" in endpoint.route or f":{lookup}>" in endpoint.route
    return in_route and hasattr(endpoint.view_class, "get_object")


def _writes_json(endpoint: Endpoint) -> bool:
    renderers = endpoint.attribute("renderer_classes") or ()
    chosen_later = _is_own(getattr(endpoint.view_class, "get_renderers", None))
    return chosen_later or any(issubclass(renderer, JSONRenderer) for renderer in renderers)


def _classes(found: Any) -> Iterator[type[Any]]:
    for item in found or ():
        # `IsOwner | IsAdmin` is an OperandHolder, which names both sides.
        operands = [getattr(item, name) for name in ("op1_class", "op2_class") if hasattr(item, name)]
        if operands:
            yield from _classes(operands)
        else:
            yield item


def _differs(kind: type[Any], base: type[Any], name: str) -> bool:
    return getattr(kind, name, None) is not getattr(base, name)


def _is_own(function: Any) -> bool:
    module = getattr(function, "__module__", "") or ""
    return function is not None and not module.startswith("rest_framework.")


def _unwrapped(handler: Any) -> Any:
    return inspect.unwrap(handler) if handler is not None else None


def _cached_around(binding: Binding, endpoint: Endpoint) -> Iterator[Refusal]:
    dispatch = getattr(endpoint.view_class, "dispatch", None)
    if _holds_cache(endpoint.callback) or _holds_cache(dispatch):
        yield Refusal(
            "W001", f"{binding.id}: cache_page is around the view; answers of both sides would mix in one cache entry"
        )


def _holds_cache(function: Any) -> bool:
    while function is not None:
        for cell in getattr(function, "__closure__", None) or ():
            if _closes_over_cache(cell.cell_contents):
                return True
        function = getattr(function, "__wrapped__", None)
    return False


def _closes_over_cache(content: Any) -> bool:
    # decorator_from_middleware's steps close over the middleware; method_decorator keeps the decorator itself, which
    # closes over the middleware's class.
    functions = content if isinstance(content, (list, tuple)) else [content]
    return any(
        cell.cell_contents is CacheMiddleware or isinstance(cell.cell_contents, CacheMiddleware)
        for function in functions
        for cell in getattr(function, "__closure__", None) or ()
    )
