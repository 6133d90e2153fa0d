"""The bazaar, extracted and started once; name this module in `pytest_plugins`."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.extract.bazaar.stack import SIDES, UNSAFE, Answer, Stack


@pytest.fixture(scope="session")
def bazaar(tmp_path_factory):
    """The stack of both sides."""
    stack = Stack(folder=tmp_path_factory.mktemp("bazaar"))
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def exact(bazaar: Stack) -> Callable[..., Answer]:
    """Ask both sides; they answer alike, to the byte and the row, and `by` says who answered for the service."""
    bazaar.restore()

    def ask(path: str, method: str = "GET", *, by: str = "service", user: str = "", **values: Any) -> Answer:
        headers, body = values.get("headers", {}), values.get("body", b"")
        if "data" in values:
            headers, body = {"Content-Type": "application/json", **headers}, json.dumps(values["data"]).encode()
        if user:
            headers = {**headers, "Authorization": f"Token {user}"}
        monolith, service = (bazaar.ask(side, method, path, body=body, headers=headers) for side in SIDES)
        assert service == monolith
        assert (monolith.by, service.by) == (by if by in ("unbound", "nobody") else "monolith", by)
        if method in UNSAFE:
            assert bazaar.rows("service") == bazaar.rows("monolith")
        return service

    return ask


@pytest.fixture
def reasons(bazaar: Stack) -> Callable[[str], list[str]]:
    """What `strangler inspect` says of an endpoint, beginning with its verdict."""

    def inspected(endpoint: str) -> list[str]:
        facts = bazaar.inspected[endpoint]
        return [facts["verdict"], *(reason["text"] for reason in facts["reasons"])]

    return inspected
