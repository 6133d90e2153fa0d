"""Lists and mappings of shapes, as far as protobuf can hold them."""

from strangler_extract.shapes import Array, Json, Mapping, Object, Reference, Scalar, Shape

__all__ = ["array_of", "mapping_of"]


def array_of(items: Shape) -> Shape:
    """A list of these items, or `Json` where a repeated field cannot hold them."""
    match items:
        case Scalar() | Object() | Reference():
            return Array(items)
        case Json(reason):
            return Json(f"a list: {reason}")
        case Array():
            return Json("a list of lists")
        case Mapping():
            return Json("a list of mappings")


def mapping_of(values: Shape) -> Mapping:
    """An object whose keys are data, with these values."""
    if isinstance(values, Mapping):
        return Mapping(Json("a mapping of mappings"))
    return Mapping(values)
