import pytest

from strangler_shadow.content import has_content


@pytest.mark.parametrize(
    ("body", "content"),
    [
        (b"[]", False),
        (b"{}", False),
        (b'{"count": 0, "next": null, "previous": null, "results": []}', False),
        (b'{"count": 1, "next": null, "previous": null, "results": [{"id": 1}]}', True),
        (b'[{"id": 1}]', True),
        (b'{"is_open": false, "name": ""}', False),
        (b"plain text", True),
        (b"", False),
        (b"[" * 100_000 + b"]" * 100_000, True),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_an_empty_list_or_page_has_no_content(body, content):
    assert has_content(body) is content
