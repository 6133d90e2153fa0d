"""A generated serializer: its source text in both spellings, and what is expected of it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from textwrap import indent
from typing import Any

from tests.fuzz import batches, pieces, relations
from tests.fuzz.pieces import NONE, Piece
from tests.fuzz.values import columns_of
from tests.fuzz.writes import MODELS

IMPORTS = """\
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import get_language, gettext, gettext_lazy
from rest_framework.relations import *
from rest_framework.serializers import *

from strangler_django.serializers import *
from strangler_django.serializers import CachedHyperlinkedModelSerializer
from tests.fuzz import tenancy
from tests.fuzz.bases import *
from tests.fuzz.models import *
"""
_BASES = {
    ("cached", False): "CachedModelSerializer",
    ("cached", True): "CachedHyperlinkedModelSerializer",
    ("batched", False): "CachedModelSerializer",
    ("batched", True): "CachedHyperlinkedModelSerializer",
    ("plain", False): "ModelSerializer",
    ("plain", True): "HyperlinkedModelSerializer",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A `to_representation`: the lines after `data = super()...`, and what they do to holes and callers."""

    lines: str
    uses: frozenset[str] = NONE
    moves: bool = False
    is_mapping: bool = True


BASES = [
    "{base}, Kinded", "Kinded, {base}", "{base}, Theirs", "Dynamic, {base}", "Lean, {base}", "Sheltered, {base}",
    "{base}, TheirShelter",
]  # fmt: skip
OVERRIDES = [
    Override(lines="data['extra'] = f'{row.pk}!'\nreturn data"),
    Override(lines="return {'first': row.pk, **data}"),
    Override(lines="return {name: value for name, value in data.items() if value is not None}"),
    Override(lines="return {name: value for name, value in data.items() if not isinstance(value, (str, type(None)))}"),
    Override(lines="return {name: value for name, value in data.items() if value != ''}", moves=True),
    Override(lines="return {name.upper(): value for name, value in data.items()}", moves=False),
    Override(lines="return dict(reversed(data.items()))", moves=True),
    Override(lines="return {'row': data, 'kind': row._meta.model_name}", moves=True),
    Override(lines="return list(data.values())", moves=True, is_mapping=False),
    Override(lines="return f'{row.pk}'", moves=True, is_mapping=False),
    Override(lines="data['said'] = gettext('Yes')\nreturn data", uses=frozenset({"language"})),
    Override(lines="return {} if str(row.pk).endswith('2') else data", moves=True),
    Override(lines="data['who'] = self.context['request'].user.pk\nreturn data", uses=frozenset({"user"})),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    name: str
    model: str
    pieces: tuple[Piece, ...]
    flavour: str = "cached"
    links: bool = False
    bases: str = "{base}"
    override: Override | None = None
    vary: tuple[str, ...] | None = None
    timeout: int = 300
    listing: str = ""
    depth: int = 0
    spelled: bool = True
    """Whether the Meta names its fields; otherwise `__all__`."""

    def text(self, *, ours: bool) -> str:
        """The class and those that it nests, innermost first."""
        inner = [piece.nested.text(ours=ours) for piece in self.pieces if piece.nested is not None]
        return "\n\n".join([*inner, self._class(ours=ours)])

    def _class(self, *, ours: bool) -> str:
        base = _BASES[(self.flavour if ours else "plain", self.links)]
        bases = self.bases.format(base=base)
        # Theirs are such already.
        bases = bases.replace("ModelSerializer, Their", "Their") if base == "ModelSerializer" else bases
        lines = [self._piece(piece, ours=ours) for piece in self.pieces]
        if self.override:
            body = "data = super().to_representation(row)\n" + self.override.lines
            lines.append(f"def to_representation(self, row):\n{indent(body, '    ')}")
        parts = [line for line in [*lines, self._meta(ours=ours)] if line]
        return f"class {self.name}({bases}):\n" + indent("\n\n".join(parts), "    ") + "\n"

    def _piece(self, piece: Piece, *, ours: bool) -> str:
        text = piece.ours if ours or piece.plain is None else piece.plain
        return text.replace("{nested}", piece.nested.name) if piece.nested else text

    def _meta(self, *, ours: bool) -> str:
        names = [piece.name for piece in self.pieces]
        lines = [f"model = {self.model}", f"fields = {names!r}" if self.spelled else "fields = '__all__'"]
        kwargs = ", ".join(f"{piece.name!r}: {{{piece.kwargs}}}" for piece in self.pieces if piece.kwargs)
        if kwargs:
            lines.append(f"extra_kwargs = {{{kwargs}}}")
        if self.depth:
            lines.append(f"depth = {self.depth}")
        if self.listing:
            lines.append(f"list_serializer_class = {self.listing if ours else self.listing.removeprefix('Cached')}")
        if ours and self.flavour == "cached":
            vary = "" if self.vary is None else f", vary={self.vary!r}"
            lines.append(f"cache = Cache(timeout={self.timeout}{vary})")
            fresh = [piece.name for piece in self.pieces if piece.fresh and "batched(" not in piece.ours]
            lines += [f"no_cache_fields = {fresh!r}"] if fresh else []
        return "class Meta:\n" + indent("\n".join(lines), "    ")

    def uses(self) -> frozenset[str]:
        """What the shared body may differ by, that of nested ones included."""
        found = self.override.uses if self.override else NONE
        if "Shelter" in self.bases:
            found |= {"tenant"}
        if self.links:
            found |= relations.LINK
        if self.depth or not self.spelled:
            found |= {"host", "timezone"}
        for piece in self.pieces:
            if not piece.hole:
                found |= piece.uses | (piece.nested.uses() if piece.nested else NONE)
        return found

    @property
    def is_mapping(self) -> bool:
        """Whether it represents an object as one; DRF's details can be nothing else."""
        return self.override is None or self.override.is_mapping

    def everything(self) -> Iterator["Blueprint"]:
        yield self
        for piece in self.pieces:
            if piece.nested:
                yield from piece.nested.everything()

    def bypasses(self) -> str:
        """Why its answers may rightly go past the cache, for all that the generator knows; empty if they may not."""
        for each in self.everything():
            if each.flavour != "cached":
                continue
            if leak := next((piece.leak for piece in each.pieces if piece.leak and not piece.fresh), ""):
                return leak
            known = {"language", "timezone", "host"} if each.vary is None else set(each.vary)
            if "user" in known:
                known.add("role")
            if missing := each.uses() - known:
                return f"uses {', '.join(sorted(missing))}"
            if each.override and (each.override.moves or any(piece.hole for piece in each.pieces)):
                return "override with holes"
        inner = [piece.nested for piece in self.pieces if piece.nested]
        if any("Lean" in each.bases for one in inner for each in one.everything()):
            return "nested fields chosen by the request"
        if any(piece.leak for one in inner for each in one.everything() for piece in each.pieces):
            return "nested leak"
        return ""


def random_blueprint(rng: Random, name: str, *, depth: int = 2, model: str = "", flavour: str = "cached") -> Blueprint:
    model = model or rng.choice([*MODELS, *["Item"] * 6, "Gadget", "Maker", "Maker", "Part"])
    chosen = _pieces(rng, MODELS[model], name, depth)
    if flavour != "cached":
        # Holes in what is copied into other bodies are refused, which is soon seen.
        kept = rng.random() < 0.05
        chosen = tuple(piece for piece in chosen if not piece.hole or (kept and "batched(" in piece.ours))
    whole = depth == 2 and rng.random() < 0.03
    blueprint = Blueprint(
        name=name,
        model=model,
        pieces=() if whole else chosen,
        spelled=not whole,
        flavour=flavour,
        # DRF itself cannot link a key that is a relation.
        links=rng.random() < 0.1 and not MODELS[model]._meta.pk.is_relation,
        bases=rng.choice(BASES) if rng.random() < 0.35 else "{base}",
        override=rng.choice(OVERRIDES) if rng.random() < 0.12 else None,
        timeout=rng.choice([300, 60, 86400]),
        listing=rng.choice([*[""] * 20, "ListSerializer", "Ordinary", "Ordinary", "Backwards", "CachedListSerializer"]),
        depth=1 if depth == 2 and rng.random() < 0.04 else 0,
    )
    if flavour == "cached" and (rng.random() < 0.3 or blueprint.uses() - {"language", "timezone", "host"}):
        # Now and then one name too few, which a cache must notice.
        wanted = sorted(blueprint.uses() | set(rng.sample(["language", "timezone", "host", "role"], rng.randint(0, 1))))
        kept = [use for use in wanted if rng.random() > 0.02]
        return replace(blueprint, vary=tuple(kept))
    return blueprint


def _pieces(rng: Random, model: Any, name: str, depth: int) -> tuple[Piece, ...]:
    found: dict[str, Piece] = {"id": _key(model)}
    for number in range(rng.randint(2, 8) if depth == 2 else rng.randint(1, 3)):
        piece = _fitting(rng, _piece(rng, model, f"{name.lower()}_{number}", depth))
        if piece.name not in found:
            found[piece.name] = piece
    return tuple(found.values())


def _key(model: Any) -> Piece:
    if model._meta.parents:
        # DRF itself cannot render the link to the parent.
        return Piece(name="id")
    return Piece(name=model._meta.pk.name, uses=relations.LINK if model._meta.pk.is_relation else NONE)


def _fitting(rng: Random, piece: Piece) -> Piece:
    """A plain field may be fresh, and one that leaks should be."""
    chance = 0.6 if piece.leak or piece.uses & {"user", "role", "tenant", "shade", "mood"} else 0.04
    if "batched(" in piece.ours or piece.kwargs or rng.random() > chance:
        return piece
    return replace(piece, fresh=True)


def _piece(rng: Random, model: Any, name: str, depth: int) -> Piece:
    kinds, weights = ["column", "relation", "batch", "method", "model"], [6, 5, 3, 1.3, 0.8]
    [kind] = rng.choices(kinds, weights)
    columns, related = columns_of(model), relations.relations_of(model)
    if kind == "column" and columns:
        return pieces.of_column(rng, model._meta.get_field(rng.choice(columns)), name)
    if kind == "relation" and related:

        def nest(target: Any) -> Blueprint:
            flavour = rng.choice(["plain", "plain", "batched", "cached", "cached", "cached"])
            return random_blueprint(rng, f"{name.title()}", depth=depth - 1, model=target.__name__, flavour=flavour)

        return relations.of_relation(rng, rng.choice(related), name, nest if depth else None)
    if kind == "batch" and related:
        return batches.of_batch(rng, model, name)
    return pieces.of_method(rng, name) if kind == "method" else pieces.of_model(rng, model, name)
