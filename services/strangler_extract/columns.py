"""Model columns as shapes of what DRF's JSON encoder writes for their values."""

from typing import Any

from django.db import models

from strangler_extract.containers import array_of, mapping_of
from strangler_extract.hints import hint_shape, returned
from strangler_extract.shapes import Json, Kind, Scalar, Shape

__all__ = ["column_name", "column_shape", "model_field_shape", "relation_target"]

KINDS: tuple[tuple[tuple[type[models.Field], ...], Kind], ...] = (
    ((models.BooleanField,), Kind.BOOLEAN),
    ((models.IntegerField, models.AutoField), Kind.INTEGER),
    # A decimal is a JSON number once the encoder has written it.
    ((models.FloatField, models.DecimalField), Kind.NUMBER),
    (
        (
            models.CharField,
            models.TextField,
            models.FilePathField,
            models.GenericIPAddressField,
            models.IPAddressField,
            models.DateField,
            models.TimeField,
            models.DurationField,
            models.UUIDField,
        ),
        Kind.TEXT,
    ),
)


def column_shape(column: Any) -> Shape:
    """What a column's value looks like when it is handed on as it is."""
    column = _stored(column)
    # What a project's own column makes of the stored value is its own code.
    if not _of_django(column, "from_db_value"):
        return _from_annotation(column, "from_db_value")
    if not _of_django(column, "descriptor_class"):
        return Json(f"column of {type(column).__name__}")
    if (base := getattr(column, "base_field", None)) is not None and hasattr(column, "size"):
        return array_of(column_shape(base))
    if column.get_internal_type() == "HStoreField":
        return mapping_of(Scalar(Kind.TEXT))
    for classes, kind in KINDS:
        if isinstance(column, classes):
            return Scalar(kind)
    return Json(f"column of {type(column).__name__}")


def model_field_shape(column: Any) -> Shape:
    """What DRF's `ModelField` shows of a column: protected types as they are, all others by `value_to_string`."""
    column = _stored(column)
    if isinstance(column, models.JSONField):
        return Json("column of JSONField")
    if not _of_django(column, "value_to_string"):
        return _from_annotation(column, "value_to_string")
    shape = column_shape(column)
    return shape if isinstance(shape, Scalar) else Scalar(Kind.TEXT)


def column_name(column: Any) -> str:
    """`Course.rating`, as contracts call a column."""
    return f"{column.model.__name__}.{column.name}" if hasattr(column, "model") else str(column.name)


def relation_target(model: type[models.Model], name: str) -> tuple[type[models.Model], bool] | None:
    """The model behind a relation's attribute, and whether it leads to many; None where there is no such relation."""
    for relation in model._meta.related_objects:
        if relation.get_accessor_name() == name:
            return relation.related_model, bool(relation.one_to_many or relation.many_to_many)
    for field in (*model._meta.fields, *model._meta.many_to_many, *model._meta.private_fields):
        # The related model of a generic foreign key differs from row to row.
        if field.name == name and field.is_relation and field.related_model is not None:
            return field.related_model, bool(field.one_to_many or field.many_to_many)
    return None


def _stored(column: Any) -> Any:
    """The column that holds the value: behind foreign keys and computed columns."""
    while True:
        if column.is_relation and getattr(column, "target_field", None) is not None:
            column = column.target_field
        elif isinstance(column, models.GeneratedField):
            column = column.output_field
        else:
            return column


def _of_django(column: Any, method: str) -> bool:
    return str(getattr(getattr(column, method, None), "__module__", None) or "django.").startswith("django.")


def _from_annotation(column: Any, method: str) -> Shape:
    hint = returned(getattr(column, method))
    if hint is None:
        return Json(f"{type(column).__name__}.{method}() has no readable return annotation")
    return hint_shape(hint)
