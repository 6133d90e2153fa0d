"""Sequences of calls that write: plain ones, and those that a search draws."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import cycle, islice, product
from typing import Any

from hypothesis import strategies as st

from strangler_router.pin import Entry
from strangler_router.types import Call
from strangler_shadow.callers import KindOfCaller
from strangler_shadow.samples import samples_of
from strangler_shadow.strategies import (
    ODD_KEYS,
    arguments_of,
    call_to,
    headers_strategy,
    known_values,
    path_of,
    resolves,
)
from strangler_shadow.write_bodies import (
    Body,
    FieldValues,
    body_fields,
    body_strategy,
    one_of_these,
    single_bodies,
    valid_body,
)

__all__ = [
    "Place",
    "Sequence",
    "Step",
    "Target",
    "life_cycles",
    "plain_sequences",
    "sequences",
    "target_of",
    "with_promising",
]

IDEMPOTENCY = "Idempotency-Key"
LONGEST = 4
MOST_TRIED = 300
MOST_PROMISING = 6
# What an object's key may be called in an answer.
KEYS = ("id", "pk", "uuid", "slug")

# Who calls, and the route's arguments.
Place = tuple[KindOfCaller, Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One call, and who makes it. With `created`, that argument of its route is the key of what was created last."""

    label: str
    call: Call
    created: str = ""
    lookup: str = "pk"
    arguments: tuple[tuple[str, str], ...] = ()

    def after(self, created: Mapping[str, Any] | None) -> Call:
        """The call, after a create that answered this object."""
        found = created or {}
        key = next((str(found[name]) for name in (self.lookup, *KEYS) if name in found), None)
        if not self.created or key is None:
            return self.call
        return replace(self.call, path=path_of(self.call.route, {**dict(self.arguments), self.created: key}))


Sequence = tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An endpoint with all that its calls are made of; `promising` places are where the monolith wrote something."""

    entry: Entry
    kinds: tuple[KindOfCaller, ...]
    keys: Mapping[str, tuple[str, ...]]
    fields: Mapping[str, FieldValues]
    lookup: str
    promising: tuple[Place, ...] = ()

    def step(self, place: Place, body: Body, headers: tuple[tuple[str, str], ...] = (), *, created: str = "") -> Step:
        """One call at a place."""
        (label, _), arguments = place
        call = call_to(self.entry, place[0], arguments, [], headers)
        given = body if self.entry.binding.http_method in {"POST", "PUT", "PATCH"} else (b"", "")
        return Step(
            label=label,
            call=replace(call, body=given[0], content_type=given[1]),
            created=created,
            lookup=self.lookup,
            arguments=tuple(sorted(arguments.items())),
        )

    def places(self) -> Iterator[Place]:
        """Every kind of caller at every existing key, mixed."""
        keys = [dict(zip(self.keys, values, strict=True)) for values in product(*self.keys.values())]
        for offset in range(len(keys)):
            for number, who in enumerate(self.kinds):
                yield who, keys[(offset + number) % len(keys)]


def target_of(entry: Entry, kinds: list[KindOfCaller]) -> Target:
    """What an endpoint's calls are made of."""
    samples = samples_of(entry.endpoint)
    return Target(
        entry=entry,
        kinds=tuple(kinds),
        keys={name: known_values(name, entry, samples) for name in arguments_of(entry.binding.route)},
        fields=body_fields(entry.endpoint),
        lookup=entry.endpoint.attribute("lookup_field", "pk") or "pk",
    )


def with_promising(target: Target, succeeds: Callable[[Call], bool]) -> Target:
    """The target with places at which `succeeds`; most places of most projects only refuse."""
    found: list[Place] = []
    for number, place in enumerate(islice(target.places(), MOST_TRIED)):
        if len(found) == MOST_PROMISING:
            break
        if succeeds(target.step(place, valid_body(target.fields, number)).call):
            found.append(place)
    return replace(target, promising=tuple(found))


def plain_sequences(target: Target) -> Iterator[Sequence]:
    """Every kind of caller, odd keys, the same call twice, and bodies with one thing different."""
    body = valid_body(target.fields)
    places = [*target.promising, *islice(target.places(), 2 * len(target.kinds))]
    for place in places:
        yield (target.step(place, body),)
    if not places:
        return
    who, arguments = places[0]
    for name in target.keys:
        for value in ODD_KEYS:
            yield (target.step((who, {**arguments, name: value}), body),)
    for headers in ((), ((IDEMPOTENCY, "4e2f1c9a"),)):
        yield (target.step(places[0], body, headers),) * 2
    # A caller whom everybody refuses would show nothing of a body.
    turns = cycle(target.promising or places[-1:])
    bodies = single_bodies(target.fields) if target.step(places[0], body).call.body else iter(())
    for odd, place in zip(bodies, turns, strict=False):
        yield (target.step(place, odd),)


def life_cycles(target: Target, siblings: list[Target]) -> Iterator[Sequence]:
    """Create, read, change, read, delete, read, and create again, as far as a view's endpoints go and with the target.

    Again with what was deleted, with what was there first, and with that once more: a value that has to be unique is
    free when its object is gone or has another, and taken then.
    """
    by_method: dict[str, list[Target]] = {}
    for one in (target, *siblings):
        by_method.setdefault(one.entry.binding.http_method, []).append(one)
    create = next((one for one in by_method.get("POST", ()) if one.entry.endpoint.action in {"create", None}), None)
    if create is None or not (places := create.promising or tuple(islice(create.places(), 1))):
        return
    place = places[0]
    keyed = {method: one for method, found in by_method.items() for one in found if one.keys and method != "POST"}
    reads = [_at_created(one, place) for one in by_method.get("GET", ())]
    changes = [_at_created(keyed[method], place, number=1) for method in ("PATCH", "PUT") if method in keyed]
    ends = [_at_created(keyed["DELETE"], place)] if "DELETE" in keyed else []
    begins = create.step(place, valid_body(create.fields))
    found = [begins, *reads]
    for change in (*changes, *ends):
        found += [change, *reads]
    cycle_of = (*found, create.step(place, valid_body(create.fields, 1)), *reads, begins, *reads, begins)
    if len(cycle_of) > 1 and any(step.call.endpoint == target.entry.binding.id for step in cycle_of):
        yield tuple(step for step in cycle_of if resolves(step.call, step.call.route))


def _at_created(target: Target, place: Place, *, number: int = 0) -> Step:
    """A call by the one who created, of what was created."""
    who, _ = place
    arguments = {name: values[0] if values else "1" for name, values in target.keys.items()}
    created = list(target.keys)[-1] if target.keys else ""
    return target.step((who, arguments), valid_body(target.fields, number), created=created)


def sequences(target: Target, siblings: list[Target]) -> st.SearchStrategy[Sequence]:
    """One to four calls of a view's endpoints, at least one of them the target's; the smallest is a single call."""
    own = _steps(target)
    steps = st.one_of(own, own, *map(_steps, siblings))
    single = st.tuples(own)
    several = st.lists(steps, min_size=2, max_size=LONGEST).map(tuple)
    endpoint = target.entry.binding.id
    return st.one_of(single, single, several).filter(
        lambda found: (
            any(step.call.endpoint == endpoint for step in found)
            and all(resolves(step.call, step.call.route) for step in found)
        )
    )


def _steps(target: Target) -> st.SearchStrategy[Step]:
    arguments: dict[str, Any] = {
        name: st.one_of([one_of_these(values) for values in (known, ODD_KEYS) if values])
        for name, known in target.keys.items()
    }
    anywhere = st.tuples(one_of_these(target.kinds), st.fixed_dictionaries(arguments))
    places = st.one_of(one_of_these(target.promising), anywhere) if target.promising else anywhere
    keyed = st.sampled_from(["", "", "", "4e2f1c9a"])
    headers = st.tuples(headers_strategy(), keyed).map(
        lambda found: (*found[0], *(((IDEMPOTENCY, found[1]),) if found[1] else ()))
    )
    last = list(target.keys)[-1:]
    return st.builds(
        lambda place, body, headers, created: target.step(place, body, headers, created=created),
        places,
        body_strategy(target.fields),
        headers,
        st.sampled_from(["", *last]),
    )
