"""The reason of a pair that is equal but for what varies by itself, and what such reasons say is invisible.

`varies: $.generated_at time, $.results order`: places and words only, short and few, since counts are kept by reason.
"""

from collections.abc import Iterable, Iterator

from strangler_shadow.fields import declared_names
from strangler_shadow.fingerprint import fingerprint_of
from strangler_shadow.learning import learning
from strangler_shadow.matchers import Anything, Cursor, Number, Time, Token, Url
from strangler_shadow.models import ShadowCount
from strangler_shadow.noise import Noise
from strangler_shadow.observation import Difference, Kind
from strangler_shadow.redact import redacted_pattern
from strangler_shadow.rules import declared_noise

__all__ = ["hidden", "reason_of"]

VARIES = "varies"
LONGEST = 100
ORDER, NULL, CURSOR = "order", "null", "cursor"
WORDS = {
    "time": "another time in the same layout, near it",
    "token": "another text of the same make, the same one wherever the monolith has one",
    "number": "another number near it",
    "url": "values of query parameters",
    CURSOR: "how a cursor is spelled, where it leads to the same pages",
    "any": "another value of the same type",
    NULL: "a null for a value, or the other way round",
    ORDER: "the order of the rows",
}
NAMES: dict[type, str] = {
    Time: "time", Token: "token", Number: "number", Cursor: CURSOR, Url: "url", Anything: "any",
}  # fmt: skip


def reason_of(endpoint: str, noise: Noise, explained: Iterable[Difference]) -> str:
    """Why the pair counts as equal: below 100 characters, and of one endpoint few that differ."""
    names = declared_names(endpoint)
    places = {(difference.pattern, difference.kind is Kind.NULL) for difference in explained}
    found = {f"{_shown(pattern, names)} {NULL if is_null else _name(pattern, noise)}" for pattern, is_null in places}
    found |= {f"{_shown(pattern, names)} {ORDER}" for pattern in (*noise.shuffled, *noise.keyed)}
    words = _fitting(sorted(found))
    return words if learning.admits(endpoint, words) else VARIES


def hidden(endpoint: str) -> dict[str, str]:
    """By pattern, what the present counts of an endpoint say nothing about: declared rules, and learnt ones in use."""
    found = {pattern: f"{words} (declared)" for pattern, words in declared_noise(endpoint).hides.items()}
    for pattern, words in (*_learnt(endpoint), *_counted(endpoint)):
        found.setdefault(pattern, words)
    return found


def _learnt(endpoint: str) -> Iterator[tuple[str, str]]:
    """What this process knows more exactly. Keys may be data, and so may what a token is made of."""
    names, noise = declared_names(endpoint), learning.noise(endpoint)
    for pattern, rules in noise.matchers.items():
        words = (WORDS["token"] if isinstance(rule, Token) else rule.hides for rule in rules)
        yield _shown(pattern, names), " or ".join(dict.fromkeys(words))
    for pattern in noise.shuffled:
        yield _shown(pattern, names), WORDS[ORDER]


def _counted(endpoint: str) -> list[tuple[str, str]]:
    """What the reasons of the present epochs say, of whichever process."""
    rows = ShadowCount.objects.filter(endpoint=endpoint, reason__startswith=VARIES)
    kept = rows.values_list("rung", "fingerprint", "reason").distinct()
    now = {rung: fingerprint_of(endpoint, rung).digest for rung in {rung for rung, _, _ in kept}}
    found = []
    for rung, fingerprint, reason in kept:
        if fingerprint == now[rung]:
            for item in reason.partition(": ")[2].split(", "):
                pattern, _, name = item.rpartition(" ")
                found.append((pattern or "$", WORDS.get(name, "places that are too many to name")))
    return sorted(found)


def _name(pattern: str, noise: Noise) -> str:
    return next((NAMES[type(rule)] for rule in noise.matchers.get(pattern, ())), CURSOR)


def _shown(pattern: str, names: frozenset[str]) -> str:
    return redacted_pattern(Difference(kind=Kind.VALUE, path=pattern), names)


def _fitting(places: list[str]) -> str:
    """As many as there is room for."""
    words = f"{VARIES}: "
    for number, place in enumerate(places):
        more = f"{', ' if number else ''}{place}"
        if len(words) + len(more) + len(", … more") > LONGEST:
            return f"{words}{', ' if number else ''}… more"
        words += more
    return words
