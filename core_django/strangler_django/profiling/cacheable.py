"""Say of each field of a serializer whether its value may be shared between callers.

It is read from the code, never from values:

- a model's column, a relation's rows and what a field's source reaches through relations are shared, unless the
  source is a method or property whose code reads one of the words below;
- a method field, a batched field and a field class of the project's own are shared unless their code (or a method of
  the same class that it calls) reads `request`, `user`, `context`, `session`, the language, the clock or chance;
  where it hands itself to other code, or has no source, nothing is known;
- a field that is declared fresh, or that varies by user, is not shared.
"""

import ast
import inspect
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from rest_framework import fields, relations
from rest_framework.serializers import BaseSerializer, ListSerializer

from strangler_django.profiling.origin import source_tree
from strangler_django.profiling.report import Cacheable, FieldShare, Share

__all__ = ["cacheable"]

PERSONAL = frozenset({"request", "user", "context", "_context", "session", "current_user", "get_current_user"})
FLEETING = frozenset({"now", "today", "localtime", "utcnow", "random", "randint", "uuid4", "get_language"})
AMBIGUOUS = frozenset({"user", "session"})
DEPTH = 6


def cacheable(serializer: BaseSerializer) -> Cacheable | None:
    """The share of each readable field, nested ones with their path; None for a serializer without fields."""
    inner = serializer.child if isinstance(serializer, ListSerializer) else serializer
    if not hasattr(inner, "fields"):
        return None
    return Cacheable(serializer=type(inner).__name__, fields=tuple(_of_serializer(inner, "", DEPTH)))


def _of_serializer(serializer: Any, prefix: str, depth: int) -> Iterator[FieldShare]:
    own, reason = _code(type(serializer), "to_representation")
    for name, field in serializer.fields.items():
        if field.write_only:
            continue
        path = f"{prefix}{name}"
        inner = field.child if isinstance(field, ListSerializer) else field
        if isinstance(inner, BaseSerializer) and hasattr(inner, "fields") and depth:
            yield from _of_serializer(inner, f"{path}.", depth - 1)
        elif own is not Share.YES:
            yield FieldShare(field=path, share=Share.UNKNOWN, reason=f"its serializer's {reason}")
        else:
            share, why = _of_field(serializer, name, field)
            yield FieldShare(field=path, share=share, reason=why)


def _of_field(serializer: Any, name: str, field: Any) -> tuple[Share, str]:
    if getattr(field, "fresh", False) or name in getattr(getattr(serializer, "Meta", None), "no_cache_fields", ()):
        return Share.NO, "declared fresh"
    if varied := getattr(field, "vary", None):
        return Share.NO, f"varies by {varied if isinstance(varied, str) else ', '.join(varied)}"
    method = getattr(field, "method", None)
    if callable(method):
        return _code(type(serializer), method.__name__)
    if isinstance(field, fields.SerializerMethodField):
        return _code(type(serializer), field.method_name or f"get_{name}")
    for hook in ("to_representation", "get_attribute"):
        share, reason = _code(type(field), hook)
        if share is not Share.YES:
            return share, reason
    return _of_source(serializer, field)


def _of_source(serializer: Any, field: Any) -> tuple[Share, str]:
    model = getattr(getattr(serializer, "Meta", None), "model", None)
    parts = [] if field.source == "*" else str(field.source).split(".")
    for part in parts:
        if model is None:
            return Share.YES, "read from what the view gives"
        try:
            found = model._meta.get_field(part)
        except FieldDoesNotExist:
            return _of_attribute(model, part)
        model = found.related_model if found.is_relation else None
        if model is None and part is not parts[-1]:
            return Share.YES, "column"
    linked = isinstance(field, (fields.FileField, relations.HyperlinkedRelatedField))
    return Share.YES, "relation" if model is not None else "column, with the request's host" if linked else "column"


def _of_attribute(model: Any, name: str) -> tuple[Share, str]:
    found = inspect.getattr_static(model, name, None)
    if found is None:
        return Share.YES, "read from what the view gives"
    if isinstance(found, property) or hasattr(found, "func") or inspect.isfunction(found):
        share, reason = _code(model, name)
        return share, reason if share is not Share.YES else f"{type(found).__name__} of the model"
    return Share.YES, "attribute of the model"


def _code(owner: type, name: str, seen: frozenset[str] = frozenset()) -> tuple[Share, str]:
    """What the code of a class's method reads."""
    found = inspect.getattr_static(owner, name, None)
    function = getattr(found, "fget", None) or getattr(found, "func", None) or getattr(found, "__func__", found)
    module = getattr(function, "__module__", "") or ""
    if function is None or module.startswith(("rest_framework", "django.", "strangler_django")):
        return Share.YES, "method of the framework's"
    tree = source_tree(inspect.unwrap(function)) if callable(function) else None
    if tree is None:
        return Share.UNKNOWN, f"{name} has no source to read"
    for word in _words(tree):
        if word in PERSONAL:
            return Share.NO, f"{name} reads {word!r}"
        if word in FLEETING:
            return Share.NO, f"{name} reads {word!r}"
    if _hands_itself_on(tree):
        return Share.UNKNOWN, f"{name} hands its serializer to other code"
    for called in sorted(_own_calls(tree) - seen - {name}):
        share, reason = _code(owner, called, seen | {name})
        if share is not Share.YES:
            return share, reason
    return Share.YES, f"{name} reads the row only"


def _words(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            # A row's own `user` is a relation, the request's is the caller.
            if node.attr not in AMBIGUOUS or "request" in ast.dump(node.value):
                yield node.attr
        elif isinstance(node, ast.Name) and node.id not in AMBIGUOUS:
            yield node.id
        elif isinstance(node, ast.Constant) and node.value == "request":
            yield "request"


def _hands_itself_on(tree: ast.AST) -> bool:
    return any(
        isinstance(argument, ast.Name) and argument.id == "self"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and not (isinstance(node.func, ast.Name) and node.func.id == "super")
        for argument in (*node.args, *(keyword.value for keyword in node.keywords))
    )


def _own_calls(tree: ast.AST) -> set[str]:
    return {
        node.func.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in {"self", "cls"}
    }
