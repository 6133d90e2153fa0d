import pytest

from strangler_protos.suggestion import suggest

KNOWN = ["MAX_RATE", "CONFIDENCE"]


@pytest.mark.parametrize(
    ("word", "otherwise", "said"),
    [
        ("MAX_RAT", "", "; did you mean 'MAX_RATE'?"),
        ("MAX_RAT", "see the guide", "; did you mean 'MAX_RATE'?"),
        ("colour", "see the guide", "; see the guide"),
        ("colour", "", ""),
        (7, "", ""),
    ],
)
def test_the_nearest_known_word_is_named_or_what_else_helps(word, otherwise, said):
    assert suggest(word, KNOWN, otherwise=otherwise) == said
