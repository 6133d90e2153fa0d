"""One field of a generated serializer, as source text in both spellings."""

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    from tests.fuzz.blueprints import Blueprint

NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """`ours` and `plain` are lines of the class; without them the field stands in `Meta.fields` alone.

    `uses` is what its value differs by between callers, `leak` what no vary could name.
    """

    name: str
    ours: str = ""
    plain: str | None = None
    uses: frozenset[str] = NONE
    leak: str = ""
    kwargs: str = ""
    fresh: bool = False
    apart: bool = False
    nested: "Blueprint | None" = None

    @property
    def hole(self) -> bool:
        return self.fresh or self.apart


def of_column(rng: Random, field: Any, name: str) -> Piece:
    """A column, by itself or through a field of DRF's with another source, format or type."""
    column, uses = field.name, NONE
    if isinstance(field, models.DateTimeField):
        uses = frozenset({"timezone"})
    if isinstance(field, models.FileField):
        uses = frozenset({"host"})
    if rng.random() < 0.5:
        kwargs = "" if rng.random() < 0.95 else "'write_only': True"
        return Piece(name=column, uses=uses, kwargs=kwargs)
    spelled, uses = rng.choice(_spellings(field, uses))
    return Piece(name=name, ours=f"{name} = {spelled.format(column=column)}", uses=uses)


def _spellings(field: Any, uses: frozenset[str]) -> list[tuple[str, frozenset[str]]]:
    """Fields of the serializer over this column, and what each differs by."""
    if isinstance(field, models.FileField):
        return [("FileField(source='{column}', use_url=False)", NONE), ("FileField(source='{column}')", uses)]
    spelled = ["Stamped(source='{column}')", *_SPELLINGS.get(type(field), [])]
    if field.choices:
        spelled.append("ChoiceField(source='{column}', choices=[('tool', 'Tool'), ('mon', 'x'), (1, 'one')])")
    found = [(text, uses if text.startswith("DateTimeField") else NONE) for text in spelled]
    if field.choices:
        # These labels are translated.
        shown = frozenset({"language"}) if field.name in ("day", "colour") else NONE
        found += [(f"{kind}(source='get_{{column}}_display')", shown) for kind in ("CharField", "ReadOnlyField")]
    if isinstance(field, models.DecimalField):
        found.append((f"{_DECIMAL} decimal_places=3, localize=True)", frozenset({"language"})))
    return found


_DECIMAL = "DecimalField(source='{column}', max_digits=14,"
_SPELLINGS: dict[type, list[str]] = {
    models.CharField: ["Loud(source='{column}')", "CharField(source='{column}', trim_whitespace=False)"],
    models.TextField: ["Loud(source='{column}')", "CharField(source='{column}')"],
    models.DateTimeField: [
        "DateTimeField(source='{column}', format='%d.%m.%Y %H:%M:%S.%f %Z %z')",
        "DateTimeField(source='{column}', format=None)",
        "DateTimeField(source='{column}', default_timezone=ZoneInfo('Asia/Kolkata'))",
        "ReadOnlyField(source='{column}')",
    ],
    models.DecimalField: [
        f"{_DECIMAL} decimal_places=2, coerce_to_string=False)",
        "DecimalField(source='{column}', max_digits=None, decimal_places=None, normalize_output=True)",
        "ReadOnlyField(source='{column}')",
        "FloatField(source='{column}')",
    ],
    models.DateField: ["DateField(source='{column}', format='%j of %Y')", "ReadOnlyField(source='{column}')"],
    models.TimeField: ["TimeField(source='{column}', format='%H %f')", "TimeField(source='{column}', format=None)"],
    models.DurationField: ["ReadOnlyField(source='{column}')"],
    models.UUIDField: ["UUIDField(source='{column}', format='urn')", "UUIDField(source='{column}', format='int')"],
    models.BooleanField: ["CharField(source='{column}')", "BooleanField(source='{column}')"],
    models.IntegerField: ["CharField(source='{column}')", "FloatField(source='{column}')"],
    models.BigIntegerField: [
        "CharField(source='{column}')",
        "BigIntegerField(source='{column}', coerce_to_string=True)",
    ],
    models.JSONField: ["JSONField(source='{column}', binary=True)", "ReadOnlyField(source='{column}')"],
    models.GenericIPAddressField: ["IPAddressField(source='{column}', protocol='IPv6')"],
}


def of_model(rng: Random, model: Any, name: str) -> Piece:
    """What needs no column: the key, properties, the whole row, write-only and hidden fields."""
    choices = [
        Piece(name="pk", ours="pk = ReadOnlyField()"),
        Piece(name=name, ours=f"{name} = Whole()"),
        Piece(name=name, ours=f"{name} = CharField(source='__str__')"),
        Piece(name=name, ours=f"{name} = CharField(source='missing.attribute', default='none')"),
        Piece(name=name, ours=f"{name} = HiddenField(default=5)"),
        Piece(name=name, ours=f"{name} = CharField(write_only=True)"),
        Piece(
            name=name,
            ours=f"{name} = HyperlinkedIdentityField(view_name='{model._meta.model_name}-detail')",
            uses=frozenset({"host", "language"}),
        ),
    ]
    if hasattr(model, "shout"):
        choices += [
            Piece(name="shout"),
            Piece(name=name, ours=f"{name} = ReadOnlyField(source='facts')"),
            Piece(name=name, ours=f"{name} = IntegerField(source='doubled')"),
            Piece(name=name, ours=f"{name} = CharField(source='greeting')", uses=frozenset({"language"})),
            Piece(name="local_hour", uses=frozenset({"timezone"})),
        ]
    return rng.choice(choices)


# What a method field may return: the body's last line, what it differs by, what no vary could name.
_METHODS = [
    ("return [row.pk, str(row)]", NONE, ""),
    ("return {'pk': row.pk, 'n': -0.0, 'big': 1e22, 'none': None}", NONE, ""),
    ("return Decimal('1.10')", NONE, ""),
    ("return datetime(2025, 11, 2, 5, 30, tzinfo=UTC)", NONE, ""),
    ("return timedelta(days=1, microseconds=5)", NONE, ""),
    ("return (row.pk, ('a', None))", NONE, ""),
    ("return None", NONE, ""),
    ("return 'a\\x00b\\x01c\\u2028'", NONE, ""),
    ("return gettext_lazy('Monday')", frozenset({"language"}), ""),
    ("return gettext('Yes')", frozenset({"language"}), ""),
    ("return get_language()", frozenset({"language"}), ""),
    ("return timezone.localtime(datetime(2025, 3, 9, 7, tzinfo=UTC)).isoformat()", frozenset({"timezone"}), ""),
    ("return str(timezone.get_current_timezone())", frozenset({"timezone"}), ""),
    ("return self.context['request'].build_absolute_uri(f'/rows/{row.pk}/')", frozenset({"host"}), ""),
    ("return self.context['request'].user.username", frozenset({"user"}), ""),
    ("return str(self.context['request'].user.pk)", frozenset({"user"}), ""),
    ("return self.context['request'].user.is_staff", frozenset({"role"}), ""),
    ("return self.context['request'].headers.get('X-Shade')", frozenset({"shade"}), ""),
    ("return self.context.get('mood')", frozenset({"mood"}), ""),
    ("return tenancy.current.get()", frozenset({"tenant"}), ""),
    ("return self.context['request'].get_host()", NONE, "host by hand"),
    ("return self.context['request'].query_params.get('x')", NONE, "query string"),
    ("return type(row)._base_manager.count()", NONE, "query"),
    ("return 'user' if self.context['request'].user.pk else 'none'", frozenset({"user"}), ""),
]  # fmt: skip


def of_method(rng: Random, name: str) -> Piece:
    # Leaks are worth little here: the bytes are plain DRF's.
    line, uses, leak = rng.choice(_METHODS if rng.random() < 0.15 else [one for one in _METHODS if not one[2]])
    text = f"{name} = SerializerMethodField()\n\ndef get_{name}(self, row):\n    {line}"
    return Piece(name=name, ours=text, uses=uses, leak=leak)
