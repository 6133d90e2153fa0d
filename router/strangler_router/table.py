"""Bind contracts to endpoints; what cannot be bound is refused, with a reason and a check id."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings as django_settings
from django.utils.module_loading import import_string

from strangler_django.endpoints import Endpoint, ambiguous_names, walk_endpoints
from strangler_protos.bindings import Authority, Binding, generic_binding, read_contract
from strangler_protos.errors import ContractError
from strangler_protos.suggestion import suggest
from strangler_router.conf import Settings, settings
from strangler_router.errors import ConfigurationError
from strangler_router.peel import peeled_function
from strangler_router.pin import Entry
from strangler_router.refusals import Refusal, refusals
from strangler_router.seam import class_cell, derive
from strangler_router.types import Backend

__all__ = ["Table", "bind", "build_table"]

Table = dict[tuple[str, str], Entry]

logger = logging.getLogger("strangler_router")


@dataclass(slots=True)
class Bound:
    """What could be bound, and what was refused."""

    pairs: list[tuple[Binding, Endpoint]] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


def bind() -> Bound:
    """Match every binding of the settings with its endpoint; changes nothing."""
    bound = Bound()
    endpoints = walk_endpoints()
    by_id = {endpoint.id: endpoint for endpoint in endpoints}
    ambiguous = ambiguous_names(endpoints)
    seen: set[str] = set()
    for binding in _bindings(by_id, bound):
        endpoint = by_id.get(binding.id)
        found = list(_mismatches(binding, endpoint, ambiguous, seen, by_id))
        seen.add(binding.id)
        if endpoint is not None and not found:
            found = list(refusals(binding, endpoint))
        bound.refused += found
        if endpoint is not None and all(refusal.is_warning for refusal in found):
            bound.pairs.append((binding, endpoint))
    bound.pairs = [pair for pair in bound.pairs if _is_bound_once(pair[0], bound)]
    return bound


_built: tuple[Settings, str, Table] | None = None


def build_table() -> Table:
    """The table that requests are looked up in, one for these settings; puts the seam into the bound views.

    Refused bindings are logged and left to the monolith.
    """
    global _built
    urlconf = django_settings.ROOT_URLCONF
    if _built is None or _built[0] is not settings() or _built[1] != urlconf:
        _built = (settings(), urlconf, _table())
    return _built[2]


def _table() -> Table:
    backend = _configured_backend()
    bound = bind()
    for refusal in bound.refused:
        logger.error("%s: %s", refusal.check_id, refusal.message)
    table: Table = {}
    for binding, endpoint in bound.pairs:
        owner = (
            derive(endpoint.callback, endpoint.view_class) if endpoint.is_drf else peeled_function(endpoint.callback)
        )
        table[endpoint.route, endpoint.http_method] = Entry(
            binding=binding, endpoint=endpoint, owner=owner, make_backend=backend
        )
    return table


def _configured_backend() -> Callable[[Binding, str], Backend]:
    backend = settings().backend
    made: Callable[[Binding, str], Backend] = import_string(backend) if isinstance(backend, str) else backend
    return made


def _bindings(by_id: dict[str, Endpoint], bound: Bound) -> Iterator[Binding]:
    for name in settings().contracts:
        try:
            yield from read_contract(name)
        except ContractError as error:
            bound.refused.append(Refusal("E002", str(error)))
    for endpoint_id, authority in settings().lifted.items():
        endpoint = by_id.get(endpoint_id)
        try:
            yield generic_binding(
                id=endpoint_id,
                route=endpoint.route if endpoint else "",
                http_method=endpoint.http_method if endpoint else "",
                authority=Authority[authority or "UNDECLARED"],
            )
        except KeyError:
            bound.refused.append(
                Refusal("E010", f"{endpoint_id}: STRANGLER['LIFTED'] says {authority!r}; say MONOLITH or SERVICE")
            )


def _is_bound_once(binding: Binding, bound: Bound) -> bool:
    return _twice(binding) not in bound.refused


def _twice(binding: Binding) -> Refusal:
    return Refusal("E006", f"{binding.id} is bound twice; leave it to one contract, or to STRANGLER['LIFTED']")


def _hidden_class(callback: Callable[..., Any]) -> type[Any] | None:
    """The view class behind a decorator that does not say what it wraps."""
    for cell in getattr(callback, "__closure__", None) or ():
        content = cell.cell_contents
        found: type[Any] | None = getattr(content, "cls", None) or getattr(content, "view_class", None)
        if found is not None:
            return found
    return None


def _mismatches(
    binding: Binding, endpoint: Endpoint | None, ambiguous: set[str], seen: set[str], known: Iterable[str]
) -> Iterator[Refusal]:
    if binding.id in seen:
        yield _twice(binding)
    if endpoint is None:
        name = binding.id.rpartition(".")[0]
        if name in ambiguous:
            yield Refusal("E005", f"{binding.id}: several routes are named {name}; give them names of their own")
        else:
            hint = suggest(binding.id, known, otherwise="see `strangler endpoints`")
            yield Refusal("E003", f"{binding.id} is no endpoint of this project{hint}")
    elif (binding.route, binding.http_method) != (endpoint.route, endpoint.http_method):
        yield Refusal(
            "E004",
            f"{binding.id}: the contract says {binding.http_method} {binding.route}, "
            f"Django says {endpoint.http_method} {endpoint.route}; correct the contract and generate it again",
        )
    elif iscoroutinefunction(endpoint.callback) or getattr(endpoint.view_class, "view_is_async", False):
        yield Refusal("E008", f"{binding.id}: asynchronous views cannot be bound yet; make it a plain one or unbind it")
    elif endpoint.is_drf:
        try:
            class_cell(endpoint.callback, endpoint.view_class)
        except ConfigurationError as error:
            yield Refusal("E009", f"{binding.id}: {error}")
    elif hidden := _hidden_class(endpoint.callback):
        yield Refusal(
            "E009",
            f"{binding.id}: a decorator around {hidden.__qualname__}.as_view() hides it; let it use functools.wraps",
        )
    elif peeled_function(endpoint.callback) is None:
        yield Refusal("E007", f"{binding.id} is a plain Django view; put @strangler_router.peel.peel innermost")
