"""Say which serializer field, or which line, asked the database, by walking the stack of a query."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any

from django.db.models import Model
from django.template.base import VariableNode
from rest_framework.fields import Field
from rest_framework.serializers import BaseSerializer, ListSerializer

from strangler_django.profiling.asking import Ask, ask_of, path_between
from strangler_django.profiling.origin import Line, field_line, is_outside, is_own, line_of

__all__ = ["Asker", "Place", "asker_of"]

NOWHERE = Line(file="", number=0, text="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a query comes from; two queries of one place are asked by the same line for the same field.

    `field` is the path of serializer fields, `owner` the serializer, or the class and function that asked.
    """

    field: str
    owner: str
    line: Line
    declared: Line | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """A query's place, what the ORM was asked, and the relations that lead to the row being shown.

    `before` are the accessors from the list's rows to the row whose field is shown, `many` whether one is to many.
    """

    place: Place
    ask: Ask
    before: tuple[str, ...] = ()
    many: bool = False


def asker_of(frame: FrameType | None) -> Asker:
    """The asker of the statement that is being executed below this frame."""
    frames = list(_outwards(frame))
    shown = [(place, found) for place, found in enumerate(frames) if _field_of(found) is not None]
    inner = frames[: shown[0][0]] if shown else frames
    own = next((found for found in inner if _is_own(found)), None)
    node = None if shown else _template_line(inner if own is None else inner[: inner.index(own)])
    if shown:
        place = _of_field([found for _, found in shown], own)
    elif node is not None:
        place = node
    else:
        place = _of_code(frames, own or next((found for found in frames if _is_outside(found)), None))
    before, many = _before([found for _, found in shown])
    row = shown[0][1].f_locals.get("instance") if shown else None
    ask = ask_of(frames, row)
    if shown and isinstance(row, Model) and ask.model not in ("", row._meta.label):
        between, to_many = path_between(type(row), ask.model, str(_field_of(shown[0][1]).source))
        before, many = before + between, many or to_many
    return Asker(place=place, ask=ask, before=before, many=many)


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _field_of(frame: FrameType) -> Any:
    """The field that a serializer's `to_representation` is at; None for every other frame."""
    if frame.f_code.co_name != "to_representation":
        return None
    found, serializer = frame.f_locals.get("field"), frame.f_locals.get("self")
    if (
        isinstance(found, Field)
        and isinstance(serializer, BaseSerializer)
        and not isinstance(serializer, ListSerializer)
    ):
        return found
    return None


def _of_field(frames: list[FrameType], own: FrameType | None) -> Place:
    fields = [_field_of(frame) for frame in frames]
    serializer: Any = frames[0].f_locals["self"]
    kind: Any = type(serializer)
    declared = field_line(kind, fields[0].field_name)
    return Place(
        field=".".join(str(found.field_name) for found in reversed(fields)),
        owner=type(serializer).__name__,
        line=line_of(own) if own is not None else declared or NOWHERE,
        declared=declared,
    )


def _of_code(frames: list[FrameType], frame: FrameType | None) -> Place:
    if frame is None:
        return Place(field="", owner="Django", line=NOWHERE, declared=None)
    # A comprehension belongs to the function around it.
    named = (found for found in frames[frames.index(frame) :] if not found.f_code.co_name.startswith("<"))
    function = next(named, frame)
    owner = function.f_locals.get("self", function.f_locals.get("cls"))
    kind = owner if isinstance(owner, type) else type(owner)
    name = function.f_code.co_name
    return Place(
        field="",
        owner=name if owner is None else f"{kind.__name__}.{name}",
        line=line_of(frame),
        declared=None,
    )


def _template_line(frames: list[FrameType]) -> Place | None:
    """The innermost node of a Django template that is being rendered."""
    for frame in frames:
        node: Any = frame.f_locals.get("self") if frame.f_code.co_name == "render_annotated" else None
        if getattr(node, "token", None) is not None:
            name = str(getattr(getattr(node, "origin", None), "template_name", None) or "template")
            words = " ".join(str(node.token.contents).split())
            text = f"{{{{ {words} }}}}" if isinstance(node, VariableNode) else f"{{% {words} %}}"
            line = Line(file=name, number=node.token.lineno or 0, text=text)
            return Place(field="", owner=f"template {name}", line=line, declared=None)
    return None


def _before(frames: list[FrameType]) -> tuple[tuple[str, ...], bool]:
    """Relations that the outer fields followed, outermost first, and whether one of them is to many."""
    hops: list[str] = []
    many = False
    for frame in reversed(frames[1:]):
        found = _field_of(frame)
        many = many or isinstance(found, ListSerializer)
        if found.source != "*":
            hops += str(found.source).split(".")
    return tuple(hops), many


def _is_own(frame: FrameType) -> bool:
    return is_own(frame.f_globals.get("__name__", ""), frame.f_code.co_filename)


def _is_outside(frame: FrameType) -> bool:
    return is_outside(frame.f_globals.get("__name__", ""), frame.f_code.co_filename)
