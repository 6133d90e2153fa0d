"""What a word that is not known may have meant."""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["suggest"]


def suggest(word: object, known: Iterable[str], *, otherwise: str = "") -> str:
    """`; did you mean 'NEAREST'?` to end a message with; `; OTHERWISE`, if that is given, where nothing is near."""
    for close in get_close_matches(str(word), list(known), n=1):
        return f"; did you mean {close!r}?"
    return f"; {otherwise}" if otherwise else ""
