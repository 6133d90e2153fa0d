"""Choose a place by seed, and make the mistake there: in a reply, or in all replies of a backend."""

from collections.abc import Sequence

import mmh3

from strangler_router.types import Backend, Call, Reply
from strangler_shadow.seeded.operator import Operator, Place

__all__ = ["backend", "damaged", "field_of", "spread"]

Field = tuple[str, ...]


def field_of(place: Place) -> Field:
    """The place with `*` for every index: the same in each row of a list."""
    return tuple(step if isinstance(step, str) else "*" for step in place)


def spread(places: Sequence[Place], seed: int, most: int) -> list[Place]:
    """At most so many places in different fields, drawn by seed.

    A field's rank depends on the seed and the field alone, so that one seed makes its mistake in the same field of
    every reply that has it, as a bug in code does.
    """
    fields: dict[Field, list[Place]] = {}
    for place in places:
        fields.setdefault(field_of(place), []).append(place)
    drawn = sorted(fields, key=lambda field: (_rank(seed, field), field))[:most]
    return [fields[field][_rank(seed, (*field, "row")) % len(fields[field])] for field in drawn]


def damaged(operator: Operator, reply: Reply, seed: int) -> Reply | None:
    """The reply with the mistake at a place drawn by seed; None where the operator does not apply."""
    drawn = spread(list(operator.places(reply)), seed, 1)
    return operator.damage(reply, drawn[0]) if drawn else None


def backend(asked: Backend, operator: Operator, seed: int) -> Backend:
    """A backend that makes the mistake in every reply of another one where the operator applies."""

    def answer(call: Call) -> Reply:
        reply = asked(call)
        wrong = damaged(operator, reply, seed)
        return reply if wrong is None else wrong

    return answer


def _rank(seed: int, field: Field) -> int:
    return int(mmh3.hash("\0".join((str(seed), *field)).encode("utf-8", "surrogatepass"), signed=False))
