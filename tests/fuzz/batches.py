"""Batched fields and their plain twins."""

from random import Random
from textwrap import indent
from typing import Any

from tests.fuzz.pieces import NONE, Piece
from tests.fuzz.relations import _TEXT, holds_many, relations_of


def of_batch(rng: Random, model: Any, name: str) -> Piece:
    makers = [_count, _member, _texts, _own, _role, _language, _tenant, _asynchronous, _moment]
    if model.__name__ in ("Item", "Gadget", "Deal"):
        makers += [_user, _user]
    if any(not holds_many(relation) for relation in relations_of(model)):
        makers += [_behind, _source, _source]
    return rng.choice(makers)(rng, model, name)


def _piece(
    name: str, field: str, options: dict[str, Any], batch: str, ask: str, *, is_async: bool = False, **flags: Any
) -> Piece:
    given = ", ".join([field, *(f"{option}={value!r}" for option, value in options.items())])
    define = "async def" if is_async else "def"
    ours = f"{name} = batched({given})\n\n@{name}.batch\n{define} find_{name}(self, pks):\n{indent(batch, '    ')}"
    plain = f"{name} = Asked({field})\n\ndef ask_{name}(self, row):\n{indent(ask, '    ')}"
    apart = bool(options.get("vary") or options.get("timeout"))
    return Piece(name=name, ours=ours, plain=plain, fresh=bool(options.get("fresh")), apart=apart, **flags)


def _kept(rng: Random, path: str) -> dict[str, Any]:
    """Shared with the body, fresh, or for some seconds; all but the fresh ones depend on the path."""
    return rng.choice(
        [{"depends_on": path}, {"depends_on": [path]}, {"fresh": True}, {"timeout": 120, "depends_on": path}]
    )


def _relation(rng: Random, model: Any) -> Any:
    return rng.choice(relations_of(model))


def _count(rng: Random, model: Any, name: str) -> Piece:
    path, default = _relation(rng, model).name, rng.choice([0, None, -1])
    rows = f"{model.__name__}._base_manager"
    batch = f"counted = {rows}.filter(pk__in=pks).order_by().values_list('pk').annotate(n=Count('{path}'))\n"
    batch += rng.choice(["return {pk: n for pk, n in counted if n}", "return [(pk, n) for pk, n in counted if n]"])
    ask = f"return {rows}.filter(pk=row.pk).aggregate(n=Count('{path}'))['n'] or {default}"
    return _piece(name, "IntegerField()", {"default": default} | _kept(rng, path), batch, ask)


def _member(rng: Random, model: Any, name: str) -> Piece:
    path = _relation(rng, model).name
    rows = f"{model.__name__}._base_manager"
    batch = f"return set({rows}.filter(pk__in=pks, {path}__isnull=False).values_list('pk', flat=True))"
    ask = f"return {rows}.filter(pk=row.pk, {path}__isnull=False).exists()"
    return _piece(name, "BooleanField()", {"default": False} | _kept(rng, path), batch, ask)


def _texts(rng: Random, model: Any, name: str) -> Piece:
    relation = _relation(rng, model)
    path = f"{relation.name}__{_TEXT[relation.related_model.__name__]}"
    rows = f"{model.__name__}._base_manager"
    batch = (
        "found = {}\n"
        f"for pk, text in {rows}.filter(pk__in=pks).order_by().values_list('pk', '{path}'):\n"
        "    found.setdefault(pk, []).append(str(text))\n"
        "return {pk: sorted(texts) for pk, texts in found.items()}"
    )
    ask = f"return sorted(map(str, {rows}.filter(pk=row.pk).order_by().values_list('{path}', flat=True)))"
    return _piece(name, "ListField(child=CharField())", _kept(rng, relation.name), batch, ask)


def _behind(rng: Random, model: Any, name: str) -> Piece:
    """A column two relations away, by pairs from a generator."""
    first = rng.choice([relation for relation in relations_of(model) if not holds_many(relation)])
    further = [relation for relation in relations_of(first.related_model) if not holds_many(relation)]
    hops, target = [first.name], first.related_model
    if further:
        second = rng.choice(further)
        hops, target = [first.name, second.name], second.related_model
    path, column = "__".join(hops), _TEXT[target.__name__]
    rows = f"{model.__name__}._base_manager"
    batch = f"return (pair for pair in {rows}.filter(pk__in=pks).values_list('pk', '{path}__{column}'))"
    ask = f"return {rows}.values_list('{path}__{column}', flat=True).get(pk=row.pk)"
    return _piece(name, "CharField()", {"default": "?"} | _kept(rng, path), batch, ask)


def _source(rng: Random, model: Any, name: str) -> Piece:
    """Keys of a related object in place of the row's own."""
    relation = rng.choice([relation for relation in relations_of(model) if not holds_many(relation)])
    target = relation.related_model
    source, hops = relation.name, [relation.name]
    further = [one for one in relations_of(target) if not holds_many(one)]
    if further and rng.random() < 0.4:
        second = rng.choice(further)
        source, hops, target = f"{relation.name}.{second.name}", [*hops, second.name], second.related_model
    rows, column, default = f"{target.__name__}._base_manager", _TEXT[target.__name__], rng.choice(["none", None])
    options = {"source": source, "default": default}
    options |= rng.choice([{}, {}, {"fresh": True}, {"timeout": 120}, {"vary": "role"}])
    batch = f"return dict({rows}.filter(pk__in=pks).values_list('pk', '{column}'))"
    found = f"{model.__name__}._base_manager.values_list('{'__'.join([*hops, 'pk'])}', flat=True).get(pk=row.pk)"
    ask = f"key = {found}\nif key is None:\n    return {default!r}\n"
    ask += f"return dict({rows}.filter(pk=key).values_list('pk', '{column}')).get(key, {default!r})"
    return _piece(name, "CharField()", options, batch, ask)


def _own(rng: Random, model: Any, name: str) -> Piece:
    batch = "return {pk: Decimal(len(str(pk))) / 4 for pk in pks}"
    ask = "return Decimal(len(str(row.pk))) / 4"
    field = rng.choice(
        ["DecimalField(9, 3)", "DecimalField(9, 2, coerce_to_string=False)", "FloatField()", "ReadOnlyField()"]
    )
    return _piece(name, field, rng.choice([{}, {"fresh": True}, {"timeout": 60}]), batch, ask)


def _user(rng: Random, model: Any, name: str) -> Piece:
    rows = f"{model.__name__}._base_manager"
    batch = (
        "user = self.context['request'].user\n"
        f"return set({rows}.filter(pk__in=pks, fans=user.pk).values_list('pk', flat=True)) if user.pk else set()"
    )
    ask = (
        f"user = self.context['request'].user\nreturn bool(user.pk) and {rows}.filter(pk=row.pk, fans=user.pk).exists()"
    )
    options: dict[str, Any] = rng.choice(
        [
            {"fresh": True},
            {"vary": "user", "depends_on": "fans"},
            {"vary": ["user", "language"], "depends_on": ["fans"]},
        ]
    )
    return _piece(name, "BooleanField()", {"default": False} | options, batch, ask)


def _role(rng: Random, model: Any, name: str) -> Piece:
    said = "'staff' if self.context['request'].user.is_staff else 'other'"
    options = rng.choice(
        [{"vary": "role"}, {"vary": "user"}, {"vary": ("role", "host"), "timeout": 99}, {"fresh": True}]
    )
    return _piece(name, "CharField()", options, f"return dict.fromkeys(pks, {said})", f"return {said}")


def _language(rng: Random, model: Any, name: str) -> Piece:
    options, uses = rng.choice([({"vary": "language"}, NONE), ({"fresh": True}, NONE), ({}, frozenset({"language"}))])
    batch, ask = "return {pk: gettext('Yes') for pk in pks}", "return gettext('Yes')"
    return _piece(name, "CharField()", options, batch, ask, uses=uses)


def _moment(rng: Random, model: Any, name: str) -> Piece:
    """The inner field looks at the time zone."""
    options, uses = rng.choice([({"vary": "timezone"}, NONE), ({"fresh": True}, NONE), ({}, frozenset({"timezone"}))])
    moment = "datetime(2025, 11, 2, 5, 30, tzinfo=UTC)"
    batch, ask = f"return dict.fromkeys(pks, {moment})", f"return {moment}"
    return _piece(name, "DateTimeField()", options, batch, ask, uses=uses)


def _tenant(rng: Random, model: Any, name: str) -> Piece:
    options = rng.choice([{"vary": "tenant"}, {"vary": ("tenant", "user")}, {"fresh": True}])
    said = "f'{tenancy.current.get()} {pk}'"
    ask = f"pk = row.pk\nreturn {said}"
    return _piece(name, "CharField()", options, f"return {{pk: {said} for pk in pks}}", ask)


def _asynchronous(rng: Random, model: Any, name: str) -> Piece:
    rows = f"{model.__name__}._base_manager"
    batch = f"return {{pk: str(pk) async for pk in {rows}.filter(pk__in=pks).values_list('pk', flat=True)}}"
    options = rng.choice([{}, {"fresh": True}, {"timeout": 50}])
    return _piece(name, "CharField()", options, batch, "return str(row.pk)", is_async=True)
