"""DRF's field classes, and what each of them writes."""

from collections.abc import Callable
from typing import Any

from rest_framework.settings import api_settings

from strangler_extract.columns import column_name, model_field_shape
from strangler_extract.containers import array_of, mapping_of
from strangler_extract.findings import Finding, Scope, unknown
from strangler_extract.hints import hint_shape, returned
from strangler_extract.relations import RELATIONS
from strangler_extract.shapes import Json, Kind, Scalar, Shape
from strangler_extract.tracing import landing_shape, trace

__all__ = ["CLASSES", "Reading"]

Reading = Callable[[Any, Scope], Finding]


def always(kind: Kind) -> Reading:
    """A field class whose options do not change the kind of what it writes."""
    return lambda field, scope: Finding(Scalar(kind), type(field).__name__)


def uuid(field: Any, scope: Scope) -> Finding:
    """Text, save for integers of 128 bits."""
    if field.uuid_format == "int":
        return unknown("integers of 128 bits", f"{type(field).__name__}(format='int')")
    return Finding(Scalar(Kind.TEXT), type(field).__name__)


def big_integer(field: Any, scope: Scope) -> Finding:
    """An integer, or text where `coerce_to_string` or the setting says so."""
    coerced = getattr(field, "coerce_to_string", getattr(api_settings, "COERCE_BIGINT_TO_STRING", False))
    option = "(coerce_to_string=True)" if coerced else ""
    return Finding(Scalar(Kind.TEXT if coerced else Kind.INTEGER), f"{type(field).__name__}{option}")


def decimal(field: Any, scope: Scope) -> Finding:
    """Text, or a number where `coerce_to_string` or the setting says so: the encoder writes decimals as numbers."""
    coerced = getattr(field, "coerce_to_string", api_settings.COERCE_DECIMAL_TO_STRING)
    option = "" if coerced else "(coerce_to_string=False)"
    return Finding(Scalar(Kind.TEXT if coerced else Kind.NUMBER), f"{type(field).__name__}{option}")


def choice(field: Any, scope: Scope) -> Finding:
    """What the keys of the choices are; what the source is where there are none yet."""
    kinds = [hint_shape(type(key)) for key in field.choices if key not in (None, "")]
    if not kinds:
        return _by_source(field, scope) if not field.choices else Finding(Scalar(Kind.TEXT), _choices(field))
    if any(kind != kinds[0] for kind in kinds):
        return unknown("choices of several kinds", _choices(field))
    return Finding(kinds[0], _choices(field))


def multiple_choice(field: Any, scope: Scope) -> Finding:
    """A list of what the keys of the choices are."""
    if not field.choices:
        return unknown("choices that are not known beforehand", _choices(field))
    one = choice(field, scope)
    return Finding(array_of(one.shape), one.why)


def listing(field: Any, scope: Scope) -> Finding:
    """A list of what the child writes."""
    return Finding(array_of(_child(field, scope)), f"{type(field).__name__} of {_title(field.child)}")


def mapping(field: Any, scope: Scope) -> Finding:
    """A mapping to what the child writes."""
    return Finding(mapping_of(_child(field, scope)), f"{type(field).__name__} of {_title(field.child)}")


def json(field: Any, scope: Scope) -> Finding:
    """Anything, or its text where `binary` says so."""
    if field.binary:
        return Finding(Scalar(Kind.TEXT), f"{type(field).__name__}(binary=True)")
    return unknown(type(field).__name__, type(field).__name__)


def method(field: Any, scope: Scope) -> Finding:
    """What the method's annotation says."""
    hint = returned(getattr(field.parent, field.method_name))
    if hint is None:
        return unknown(f"{field.method_name}() has no readable return annotation")
    return Finding(hint_shape(hint), f"annotation of {field.method_name}()")


def read_only(field: Any, scope: Scope) -> Finding:
    """The value at the source, as it is."""
    return _by_source(field, scope)


def model_field(field: Any, scope: Scope) -> Finding:
    """The column's value, or its text."""
    return Finding(model_field_shape(field.model_field), f"column {column_name(field.model_field)}")


def _by_source(field: Any, scope: Scope) -> Finding:
    if type(field).get_attribute.__module__.partition(".")[0] != "rest_framework":
        hint = returned(field.get_attribute)
        if hint is None:
            return unknown(f"{type(field).__name__}.get_attribute() has no readable return annotation")
        return Finding(hint_shape(hint), "annotation of get_attribute()")
    landing = trace(scope.owner, field.source_attrs)
    shape = landing_shape(landing)
    return Finding(shape, "undeclared" if landing.hint is None and landing.column is None else landing.why)


def _child(field: Any, scope: Scope) -> Shape:
    """What a child writes; children have no source, and so no owner."""
    if type(field.child).__name__ == "_UnvalidatedField":
        return Json("items of any kind")
    return scope.find(field.child, scope.within("", None)).shape


def _choices(field: Any) -> str:
    return f"choices of {type(field).__name__}"


def _title(child: Any) -> str:
    return "anything" if type(child).__name__ == "_UnvalidatedField" else type(child).__name__


TEXT = always(Kind.TEXT)
# By name, since releases of DRF differ in which of them there are.
CLASSES: dict[str, Reading] = {
    "BigIntegerField": big_integer,
    "BooleanField": always(Kind.BOOLEAN),
    "CharField": TEXT,
    "ChoiceField": choice,
    "DateField": TEXT,
    "DateTimeField": TEXT,
    "DecimalField": decimal,
    "DictField": mapping,
    "DurationField": TEXT,
    "FileField": TEXT,
    "FilePathField": TEXT,
    "FloatField": always(Kind.NUMBER),
    "IntegerField": always(Kind.INTEGER),
    "JSONField": json,
    "ListField": listing,
    "ModelField": model_field,
    "MultipleChoiceField": multiple_choice,
    "NullBooleanField": always(Kind.BOOLEAN),
    "ReadOnlyField": read_only,
    "SerializerMethodField": method,
    "TimeField": TEXT,
    "UUIDField": uuid,
    **RELATIONS,
}
