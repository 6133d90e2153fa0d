"""The files of the typed rung: views of the service's own, and the class that answers by them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from strangler_django.endpoints import Endpoint
from strangler_extract.extracting import Place
from strangler_extract.view_source import view_source
from strangler_protos.bindings import snake_case
from strangler_protos.errors import ContractError

__all__ = ["TypedFiles", "typed_files"]

_HEADER = '''\
"""{service} by views of its own; written by `strangler extract --rung typed`, do not edit."""

from typing import Any

from {package}.{name}_base import {service}Base
{imports}
from strangler_router.lifted import answer_typed

__all__ = ["{service}Typed"]


class {service}Typed({service}Base):
    """Runs the monolith's serializers over what `{module}.views` read; an RPC that is not here is lifted."""
'''

_METHOD = """
    def {rpc}(self, request: Any, context: Any) -> Any:
        return answer_typed({id!r}, {view}, request, context)
"""

_VIEWS = '"""Views of this service: each began as the monolith\'s, and its queries are this service\'s to change."""\n'

_VIEW = '"""Answers {ids}; began as {origin}."""\n\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedFiles:
    """`generated` is always overwritten, `once` are the service's own; `lifted` says by endpoint why it stays that."""

    generated: dict[Path, str]
    once: dict[Path, str]
    lifted: dict[str, str] = field(default_factory=dict)


def typed_files(place: Place, rpcs: Sequence[tuple[str, Endpoint]], *, services: Path) -> TypedFiles:
    """The files for these RPCs and their endpoints. Raises ContractError where none of them can be typed."""
    module = f"{place.name}_service"
    sources: dict[type, str] = {}
    lifted: dict[str, str] = {}
    for _, endpoint in rpcs:
        try:
            sources.setdefault(_view_of(endpoint), view_source(_view_of(endpoint)))
        except ContractError as error:
            lifted[endpoint.id] = str(error)
    if not sources:
        raise ContractError("\n".join(f"{name} stays lifted: {why}" for name, why in lifted.items()))
    modules = dict(_modules(list(sources)))
    typed = [(rpc, endpoint) for rpc, endpoint in rpcs if endpoint.id not in lifted]
    folder = services / module / "views"
    once = {folder / "__init__.py": _VIEWS}
    for view, source in sources.items():
        ids = ", ".join(endpoint.id for _, endpoint in typed if endpoint.view_class is view)
        once[folder / f"{modules[view]}.py"] = _VIEW.format(ids=ids, origin=_origin(view)) + source
    text = _typed(place, module, modules, typed)
    return TypedFiles(generated={services / module / "typed.py": text}, once=once, lifted=lifted)


def _view_of(endpoint: Endpoint) -> type:
    if not endpoint.is_drf or endpoint.view_class is None:
        raise ContractError("it is a plain function; override its method in the service's class")
    if endpoint.view_class.__qualname__ == "WrappedAPIView":
        raise ContractError("its view is a function below @api_view; override its method in the service's class")
    return endpoint.view_class


def _typed(place: Place, module: str, modules: dict[type, str], typed: Sequence[tuple[str, Endpoint]]) -> str:
    names = {view: f"{modules[view]}.{view.__name__}" for view in modules}
    header = _HEADER.format(
        service=place.service,
        package=place.package,
        name=place.name,
        module=module,
        imports=f"from {module}.views import {', '.join(sorted(modules.values()))}",
    )
    methods = (
        _METHOD.format(rpc=rpc, id=endpoint.id, view=names[endpoint.view_class])
        for rpc, endpoint in typed
        if endpoint.view_class is not None
    )
    return header + "".join(methods)


def _modules(views: Sequence[type]) -> Iterator[tuple[type, str]]:
    """A module's name for each view; where two are of one name, with that of their app."""
    plain = [snake_case(view.__name__) for view in views]
    for view, name in zip(views, plain, strict=True):
        yield view, name if plain.count(name) == 1 else f"{view.__module__.replace('.', '_')}_{name}"


def _origin(view: type) -> str:
    return f"{view.__module__}.{view.__qualname__}"
