"""Name every endpoint of a Django project: one HTTP method on one route."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

__all__ = ["Endpoint", "ambiguous_names", "walk_endpoints"]

HTTP_METHODS = ("get", "post", "put", "patch", "delete")
FORMAT_SUFFIX = re.compile(r"\(\?P<format>|<drf_format_suffix\w*:format>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One HTTP method on one route, and the view behind it.

    `route` is spelled as `ResolverMatch.route` spells it. `view_class` is None for a plain function.
    """

    id: str
    name: str
    route: str
    http_method: str
    callback: Callable[..., Any]
    view_class: type[Any] | None
    action: str | None

    @property
    def is_drf(self) -> bool:
        """True for a view that has DRF's `initial()`."""
        return self.view_class is not None and hasattr(self.view_class, "initial")

    @property
    def initkwargs(self) -> Mapping[str, Any]:
        """The keyword arguments of `as_view()`."""
        kwargs: Mapping[str, Any] = getattr(self.callback, "initkwargs", {})
        return kwargs

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute as an instance of this route's view would have it."""
        if name in self.initkwargs:
            return self.initkwargs[name]
        return getattr(self.view_class, name, default)

    @property
    def handler(self) -> Callable[..., Any] | None:
        """The function that answers: the view set's action, or the method named like the HTTP method."""
        return getattr(self.view_class, self.action or self.http_method.lower(), None)


def walk_endpoints(urlconf: str | None = None) -> list[Endpoint]:
    """Every endpoint of a urlconf in resolver order.

    The id is `[namespace:]url_name.method`. Of routes that share a name the only one without a format suffix owns
    it; a route without a name, or without the right to it, uses the route itself. A pattern behind another with the
    very same route is never reached, so it has no endpoint.
    """
    first: dict[str, Callable[..., Any]] = {}
    found = [
        endpoint
        for endpoint in _walk(get_resolver(urlconf))
        if first.setdefault(endpoint.route, endpoint.callback) is endpoint.callback
    ]
    owners = _owners(found)
    return [replace(endpoint, id=f"{_base(endpoint, owners)}.{endpoint.http_method.lower()}") for endpoint in found]


def ambiguous_names(endpoints: list[Endpoint]) -> set[str]:
    """Names that several routes without a format suffix share, so that none of them owns it."""
    routes = Counter(name for name, route in {(e.name, e.route) for e in endpoints if e.name} if not _suffixed(route))
    return {name for name, count in routes.items() if count > 1}


def _base(endpoint: Endpoint, owners: Mapping[str, str]) -> str:
    return endpoint.name if owners.get(endpoint.name) == endpoint.route else endpoint.route


def _owners(endpoints: list[Endpoint]) -> dict[str, str]:
    ambiguous = ambiguous_names(endpoints)
    return {
        endpoint.name: endpoint.route
        for endpoint in endpoints
        if endpoint.name and endpoint.name not in ambiguous and not _suffixed(endpoint.route)
    }


def _suffixed(route: str) -> bool:
    return FORMAT_SUFFIX.search(route) is not None


def _walk(resolver: URLResolver, prefix: str = "", namespaces: tuple[str, ...] = ()) -> Iterator[Endpoint]:
    for pattern in resolver.url_patterns:
        route = _join(prefix, str(pattern.pattern))
        if isinstance(pattern, URLPattern):
            name = ":".join((*namespaces, pattern.name)) if pattern.name else ""
            yield from _methods(pattern.callback, name, route)
        else:
            inner = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
            yield from _walk(pattern, route, inner)


def _join(prefix: str, route: str) -> str:
    # As URLResolver._join_route does, so that the key is the one that ResolverMatch.route carries.
    return prefix + route.removeprefix("^") if prefix else route


def _methods(callback: Callable[..., Any], name: str, route: str) -> Iterator[Endpoint]:
    view_class = getattr(callback, "cls", None) or getattr(callback, "view_class", None)
    actions: Mapping[str, str] | None = getattr(callback, "actions", None)
    for method in HTTP_METHODS if view_class else ("get",):
        if actions is not None:
            action = actions.get(method)
            offered = action is not None
        else:
            action, offered = None, view_class is None or hasattr(view_class, method)
        if offered:
            yield Endpoint(
                id="",
                name=name,
                route=route,
                http_method=method.upper(),
                callback=callback,
                view_class=view_class,
                action=action,
            )
