"""Documents are read and compared as `json` does, whichever parser is installed."""

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from strangler_shadow import json_text
from strangler_shadow.documents import decoded, document_differences
from strangler_shadow.nesting import is_deeper
from tests.extract.documents import DOCUMENTS

# The machine may be busy with something else.
unhurried = settings(deadline=None)

NASTY = [
    b"", b" ", b"\x0b1", b"\x00", b"1\x00", b"01", b"1.", b".5", b"+1", b"-", b"1 2", b"[1,]", b'{"a":1,}', b"'a'",
    b"tru", b"//\n1", b"{1:2}", b'"\\x41"', b'"\x01"', b'"a\x00"', b'"\xff"', b'"\xc0\x80"', b'"\xed\xa0\x80"',
    b'"\xf4\x90\x80\x80"', b'"\xe2\x80"', b"\xef\xbb\xbf1", b"1" * 25, b"-" + b"1" * 25, b"9" * 5000,
    b"18446744073709551616", b"-9223372036854775809", b"-0", b"[-0]", b"-0e1", b"1E400", b"1.7976931348623159e308",
    b"2.4703282292062327208e-324", b"0." + b"3" * 400, b"NaN", b"[-Infinity]", b'{"a":1,"b":2,"a":3}', b'{"a":NaN}',
    b"[" * 90 + b"]" * 90, b"[" * 101 + b"]" * 101, b"[" * 5000, b'{"a":' * 5000, b"[" * 5000 + b"]" * 5000,
    "1".encode("utf-16"), '{"a":1}'.encode("utf-16-le"), "[1]".encode("utf-32"), "[1]".encode("utf-32-be"),
    *(text.encode("utf-8", "surrogatepass") for text in DOCUMENTS.values()),
]  # fmt: skip

numbers = st.from_regex(r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
texts = (
    st.from_regex(r'"([ -!#-\[\]-~é\U0001f600]|\\u[0-9a-fA-F]{4}|\\["\\/bfnrtx])*"', fullmatch=True)
    | st.text(st.characters(exclude_categories=[]), max_size=8).map(json.dumps)
)  # fmt: skip
scalars = numbers | texts | st.sampled_from(["null", "true", "false", "NaN", "Infinity", "-Infinity", "-0", ""])
spaces = st.sampled_from(["", " ", "\n\t", "\u00a0"])
written = st.recursive(
    scalars,
    lambda inner: (
        st.tuples(spaces, st.lists(inner, max_size=4).map(",".join)).map("[{0[0]}{0[1]}]".format)
        | st.lists(st.tuples(texts, inner).map(":".join), max_size=4).map(lambda pairs: "{" + ",".join(pairs) + "}")
    ),
    max_leaves=10,
)
codings = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32-le"])
bodies = st.builds(lambda text, coding: text.encode(coding, "surrogatepass"), written, codings) | st.binary(max_size=12)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=[]), max_size=4)
    | st.text('[]{}"\\\\x', max_size=4)
    | st.sampled_from([0, 0.0, -0.0, 1, 1.0, True, False, 2**63, 2**64, 1e22, 10**22]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip


def outcome(read: Any, body: bytes) -> str:
    """The value with the type of each part, in the order of its keys; or that there is none."""
    try:
        return repr(read(body))
    except (ValueError, RecursionError):
        return "refused"


def test_msgspec_is_what_reads_here():
    assert json_text._decode is not None, "the extras verify and record bring msgspec"


@pytest.mark.parametrize("body", NASTY, ids=lambda body: repr(body[:20]))
def test_every_nasty_text_is_read_as_json_reads_it(body):
    assert outcome(decoded, body) == outcome(_as_before, body)


@unhurried
@given(bodies)
def test_any_text_is_read_as_json_reads_it(body):
    assert outcome(json_text.parsed, body) == outcome(json.loads, body)


@unhurried
@given(documents, st.integers(0, 6), st.booleans(), codings)
@example(["["], 1, False, "utf-8")
@example([{"a": ["[", "]"]}], 3, False, "utf-8")
@example(["\\", "[", "\\"], 1, False, "utf-8")
@example(["\u5b22\u4122"], 1, False, "utf-16-le")
def test_a_document_is_deeper_than_what_it_has_levels_less(document, than, indented, coding):
    text = json.dumps(document, indent=indented or None, ensure_ascii=False)
    body = text.encode(coding, "surrogatepass")
    assert is_deeper(body, document, than=than) == (_depth(document) > than)


@unhurried
@given(documents, documents, st.booleans())
@example({"a": 1}, {"a": True}, True)
@example([float("nan")], [None], True)
@example([float("inf")], [float("-inf")], True)
@example([0.0], [-0.0], False)
@example({"a": 1, "b": 2}, {"b": 2, "a": 1}, True)
def test_documents_that_are_called_alike_have_no_difference(left, right, key_order):
    for one, other in ((left, right), (left, _copied(left)), (left, _turned(left))):
        if json_text.alike(one, other, key_order=key_order):
            assert list(_walked(one, other, key_order)) == []


@unhurried
@given(documents)
def test_a_document_with_its_keys_turned_is_alike_but_for_their_order(document):
    plain = _walked(document, _copied(document), True) == []
    assert plain
    writable = "nan" not in repr(document) and "\\ud" not in repr(document)
    if writable:
        assert json_text.alike(document, _turned(document), key_order=False)


def test_without_msgspec_everything_is_read_and_compared_the_same(tmp_path):
    program = tmp_path / "without.py"
    program.write_text(WITHOUT)
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["1", "2", "order", "$", "0"], done.stderr


WITHOUT = """
import sys
sys.modules["msgspec"] = None
from strangler_shadow import json_text
from strangler_shadow.compare import compare
from strangler_shadow.observation import Observation
assert json_text._decode is None
one, other = Observation(body=b'{"a": 1, "b": 2}'), Observation(body=b'{"b": 2, "a": 1}')
print(*json_text.parsed(b'[1, 2]'))
print(*(f"{each.kind} {each.path}" for each in compare(one, other)))
print(len(compare(one, other, key_order=False)))
"""


def _as_before(body: bytes) -> Any:
    document = json.loads(body)
    if _depth(document) > 100:
        raise RecursionError
    return document


def _depth(document: Any) -> int:
    """Levels of objects and lists."""
    level, depth = [document], 0
    while level := [value for value in level if isinstance(value, (dict, list))]:
        level = [child for value in level for child in (value.values() if isinstance(value, dict) else value)]
        depth += 1
    return depth


def _walked(left: Any, right: Any, key_order: bool) -> list[Any]:
    """The differences that the walk finds, asked of documents that nothing calls alike."""
    found = document_differences([left, 0], [right, 1], key_order=key_order)
    return [difference for difference in found if difference.path != "$[1]"]


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(member) for key, member in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value


def _turned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _turned(value[key]) for key in reversed(value)}
    return [_turned(item) for item in value] if isinstance(value, list) else value
