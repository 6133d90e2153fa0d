"""A digest of what a serializer emits, the same in every process that runs the same code and settings."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import blake2s
from types import CodeType, FunctionType, MethodType
from typing import Any

from django.conf import settings
from rest_framework.renderers import JSONRenderer
from rest_framework.serializers import BaseSerializer, ListSerializer
from rest_framework.settings import api_settings

from strangler_django.serializers.batched import BatchedField

_DRF_SETTINGS = (
    "DATETIME_FORMAT", "DATE_FORMAT", "TIME_FORMAT", "DURATION_FORMAT", "COERCE_DECIMAL_TO_STRING",
    "COERCE_BIGINT_TO_STRING", "UPLOADED_FILES_USE_URL", "URL_FIELD_NAME",
)  # fmt: skip
_SETTINGS = ("USE_TZ", "TIME_ZONE", "MEDIA_URL", "LANGUAGE_CODE", "USE_I18N")


def plan_digest(serializer: BaseSerializer) -> str:
    parts = [*_settings(), *_fields(serializer, "")]
    return blake2s("\n".join(parts).encode(), digest_size=12).hexdigest()


def code_digest(function: FunctionType) -> str:
    """A digest of a function's own code and name, not of what it calls."""
    return blake2s(_stable(function).encode(), digest_size=12).hexdigest()


def _settings() -> Iterator[str]:
    yield repr([getattr(settings, name, None) for name in _SETTINGS])
    yield repr([getattr(api_settings, name) for name in _DRF_SETTINGS if name in api_settings.defaults])
    yield repr((JSONRenderer.ensure_ascii, JSONRenderer.compact, JSONRenderer.strict))


def _fields(serializer: Any, prefix: str) -> Iterator[str]:
    if isinstance(serializer, ListSerializer):
        serializer = serializer.child
    yield f"{prefix}{_stable(type(serializer))}"
    model = getattr(getattr(serializer, "Meta", None), "model", None)
    if model is not None:
        yield f"{prefix}{[(field.column, field.get_internal_type()) for field in model._meta.concrete_fields]}"
    declared: dict[str, Any] = getattr(serializer, "fields", {})
    for name, field in declared.items():
        yield f"{prefix}{name} {_stable(type(field))} {field.source} {_stable(field._args)} {_stable(field._kwargs)}"
        if isinstance(field, BatchedField):
            inner = vars(field.field)["_kwargs"]
            yield f"{prefix}{name} {_stable(field.method)} {_stable(type(field.field))} {_stable(inner)}"
        if method := getattr(serializer, getattr(field, "method_name", None) or "", None):
            yield f"{prefix}{name} {_stable(method)}"
        if isinstance(field, BaseSerializer):
            yield from _fields(field, f"{prefix}{name}.")


def _stable(value: Any) -> str:
    """A representation without memory addresses."""
    if isinstance(value, dict):
        # A nested context belongs to one request.
        return _stable([(name, part) for name, part in value.items() if name != "context"])
    if isinstance(value, (list, tuple)):
        return f"[{_stable_all(value)}]"
    if isinstance(value, frozenset):
        # `in {...}` is compiled to one, and its order differs between processes.
        return f"{{{','.join(sorted(map(_stable, value)))}}}"
    if isinstance(value, (str, int, float, bool, bytes, type(None))):
        return repr(value)
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    if isinstance(value, (FunctionType, MethodType)):
        return f"{value.__module__}.{value.__qualname__}{_code(value.__code__)}"
    return _stable(type(value))


def _stable_all(values: Iterable[Any]) -> str:
    return ",".join(_stable(value) for value in values)


@lru_cache(maxsize=4096)
def _code(code: CodeType) -> str:
    constants = [_code(part) if isinstance(part, CodeType) else _stable(part) for part in code.co_consts]
    return f"{code.co_code.hex()}{code.co_names}{constants}"
