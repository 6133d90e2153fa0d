"""What an endpoint answers with: what its view declares, and what it was seen to answer."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from rest_framework.pagination import CursorPagination, LimitOffsetPagination, PageNumberPagination

from strangler_django.endpoints import Endpoint
from strangler_django.profiling.running import Project
from strangler_django.profiling.sampling import sample_of
from strangler_extract import declared
from strangler_extract.containers import array_of, mapping_of
from strangler_extract.inspection import Inspection
from strangler_extract.naming import camel, message_name
from strangler_extract.shapes import Array, Field, Json, Kind, Mapping, Object, Scalar, Shape

__all__ = ["declared_response", "sampled_documents", "shared", "subject_of", "url_name"]

_TEXT, _INTEGER = Scalar(Kind.TEXT), Scalar(Kind.INTEGER)
_COUNTED = (("count", _INTEGER), ("next", _TEXT), ("previous", _TEXT))
_ENVELOPES = {
    PageNumberPagination: _COUNTED,
    LimitOffsetPagination: _COUNTED,
    CursorPagination: (("next", _TEXT), ("previous", _TEXT)),
}


def declared_response(inspection: Inspection, *, rpc: str) -> Shape:
    """The shape of a success, as far as the code says it."""
    if inspection.handler.status == 204 or inspection.handler.action == "destroy":
        return Json("there is no content")
    if inspection.serializer is None:
        return Json(inspection.serializer_from)
    shape = declared.shape_of(inspection.serializer)
    listed = inspection.handler.action == "list" or inspection.handler.paginated
    paginator = getattr(inspection.view, "paginator", None)
    return _page(shape, paginator, rpc) if listed and paginator is not None else shape


def _page(items: Shape, paginator: Any, rpc: str) -> Shape:
    """A page of items in the paginator's envelope."""
    for cls, around in _ENVELOPES.items():
        if isinstance(paginator, cls) and type(paginator).get_paginated_response is cls.get_paginated_response:
            why = cls.__name__
            fields = [Field(key=key, shape=shape, why=why) for key, shape in around]
            return Object(f"{rpc}Response", (*fields, Field(key="results", shape=items, why=why)))
    return Json(f"{type(paginator).__name__} makes an envelope of its own")


def sampled_documents(endpoint: Endpoint, users: Iterable[Any]) -> list[Any]:
    """Documents that the view answers real requests with, made in this process and rolled back; none for writes."""
    if endpoint.http_method != "GET":
        return []
    for user in users:
        project, sample = Project(user), sample_of(endpoint, user)
        answers = [project.get(ask) for ask in sample.asks]
        found = [_document(answer.body) for answer in answers if 200 <= answer.status < 300]
        documents = [document for document in found if document is not None]
        if documents:
            return documents
    return []


def _document(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def shared(shapes: Sequence[Shape]) -> list[Shape]:
    """The shapes, in which objects of one name that differ only in what decided their fields are one object."""
    known: dict[Shape, Shape] = {}
    return [_rebuilt(shape, known) for shape in shapes]


def _rebuilt(shape: Shape, known: dict[Shape, Shape]) -> Shape:
    match shape:
        case Object(name, fields):
            own = Object(name, tuple(replace(field, shape=_rebuilt(field.shape, known)) for field in fields))
            return known.setdefault(_bare(own), own)
        case Array(items):
            return array_of(_rebuilt(items, known))
        case Mapping(values):
            return mapping_of(_rebuilt(values, known))
        case _:
            return shape


def _bare(shape: Shape) -> Shape:
    """The shape without its reasons."""
    match shape:
        case Object(name, fields):
            return Object(name, tuple(Field(key=field.key, shape=_bare(field.shape), why="") for field in fields))
        case Array(items):
            return array_of(_bare(items))
        case Mapping(values):
            return mapping_of(_bare(values))
        case Json():
            return Json("")
        case _:
            return shape


def subject_of(inspection: Inspection) -> str:
    """What an RPC is about: the message of its serializer, or the name of its URL."""
    if inspection.serializer is not None:
        one = getattr(inspection.serializer, "child", inspection.serializer)
        name = message_name(type(one).__name__)
        # A project that has a ListCourseSerializer for its lists means courses all the same.
        return re.sub("^List(?=[A-Z])", "", name) if inspection.many else name
    return url_name(inspection)


def url_name(inspection: Inspection) -> str:
    """The name of an endpoint's URL as an identifier."""
    return camel(inspection.endpoint.name.rpartition(":")[2] or inspection.endpoint.route)
