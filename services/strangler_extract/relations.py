"""DRF's relational fields, and what each of them writes."""

from typing import Any

from strangler_extract.columns import column_name, column_shape
from strangler_extract.containers import array_of
from strangler_extract.findings import Finding, Scope, unknown
from strangler_extract.hints import element_of, plain
from strangler_extract.shapes import Kind, Scalar
from strangler_extract.tracing import landing_shape, trace

__all__ = ["RELATIONS", "related_owner"]


def text(field: Any, scope: Scope) -> Finding:
    """Names and addresses of objects."""
    return Finding(Scalar(Kind.TEXT), type(field).__name__)


def primary_key(field: Any, scope: Scope) -> Finding:
    """The key of the related object, which for a foreign key is the column that it points to."""
    if field.pk_field is not None:
        found = scope.find(field.pk_field, scope.within("", None))
        return Finding(found.shape, f"{type(field).__name__}(pk_field={type(field.pk_field).__name__})")
    column = _key_column(field, scope)
    if column is None:
        return unknown(f"{type(field).__name__} to an unknown model")
    return Finding(column_shape(column), f"column {column_name(column)}")


def slug(field: Any, scope: Scope) -> Finding:
    """The column, property or method that `slug_field` names on the related object."""
    landing = trace(_related(field, scope), field.slug_field.replace("__", ".").split("."))
    known = landing.hint is not None or landing.column is not None
    return Finding(landing_shape(landing), landing.why if known else "undeclared")


def many(field: Any, scope: Scope) -> Finding:
    """A list of what the relation writes for each object."""
    one = scope.find(field.child_relation, scope)
    return Finding(array_of(one.shape), one.why)


def related_owner(field: Any, scope: Scope) -> Any:
    """The type of the objects at a field's source: those in the list where it leads to many."""
    hint = plain(trace(scope.owner, field.source_attrs).hint)
    return hint if isinstance(hint, type) and not hasattr(hint, "__args__") else (element_of(hint) or hint)


def _related(field: Any, scope: Scope) -> Any:
    """The model behind a relational field, by its queryset or by its source."""
    model = getattr(field.queryset, "model", None)
    return model or related_owner(_sourced(field), scope)


def _key_column(field: Any, scope: Scope) -> Any:
    sourced = _sourced(field)
    if sourced is field and field.source_attrs and hasattr(scope.owner, "_meta"):
        # The optimisation of DRF reads the foreign key's own value, whatever column that points to.
        *path, last = field.source_attrs
        holder = trace(scope.owner, path).hint
        column = _foreign_key(holder, last)
        if column is not None:
            return column
    meta = getattr(_related(field, scope), "_meta", None)
    return None if meta is None else meta.pk


def _foreign_key(holder: Any, name: str) -> Any:
    """The column that a foreign key points to; None where the name is that of something else."""
    for field in getattr(getattr(holder, "_meta", None), "fields", ()):
        if name in (field.name, field.attname) and field.is_relation:
            return field.target_field
    return None


def _sourced(field: Any) -> Any:
    """The field that has the source: of a relation to many, the field around it."""
    return field.parent if type(field.parent).__name__ == "ManyRelatedField" else field


RELATIONS = {
    "HyperlinkedIdentityField": text,
    "HyperlinkedRelatedField": text,
    "ManyRelatedField": many,
    "PrimaryKeyRelatedField": primary_key,
    "SlugRelatedField": slug,
    "StringRelatedField": text,
}
