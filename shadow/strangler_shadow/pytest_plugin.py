"""Fixtures for a project's own suite: `pytest_plugins = ["strangler_shadow.pytest_plugin"]` in the topmost conftest.

    def test_courses_answer_alike(strangler, courses):
        strangler.verify("v1:course-list.get", examples=50)

Service and monolith read the test database, each by connections of its own, so rows have to be committed: the fixture
asks pytest-django for `transactional_db`, and fails with words where a transaction is open all the same. The lifted
rung is served by this process; for another one, start the service on the test database (`connection.settings_dict`)
and name its address in `STRANGLER["TARGETS"]`.
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from io import StringIO
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import pytest

if TYPE_CHECKING:
    from strangler_router.types import Call
    from strangler_shadow.scenes import Scene

__all__ = ["Strangler", "strangler"]

NO_ROWS: Mapping[str, "Scene"] = {}


class Strangler:
    """Asks both sides within a test; a difference fails it with the report."""

    def verify(self, endpoint: str, *, rung: str = "lifted", examples: int = 30, seed: int = 1) -> Any:
        """The `EndpointReport` of a verification; AssertionError where its verdict is not EQUIVALENT."""
        from strangler_shadow.verdict import Verdict
        from strangler_shadow.verify import verify_endpoint

        found = verify_endpoint(_entry(endpoint), rung=rung, examples=examples, seed=seed)
        if found.verdict is not Verdict.EQUIVALENT:
            raise AssertionError(_text(found, seed=seed, examples=examples))
        return found

    def check(self, call: Mapping[str, Any], *, rung: str = "lifted", rows: Mapping[str, "Scene"] = NO_ROWS) -> None:
        """One call, as the report of kind `pytest` writes it; AssertionError with what differs.

        `rows` are made first, by the key that the call has for them, and asked for by the key that they get.
        """
        from strangler_shadow.corpus import call_of
        from strangler_shadow.noise import settled
        from strangler_shadow.replay import replay_candidate, replay_control
        from strangler_shadow.rules import declared_noise

        made = _with_rows(call_of(dict(call)), rows)
        ask_control, ask_candidate = partial(replay_control, made), partial(replay_candidate, made, rung)
        known = declared_noise(made.endpoint)
        differences, _ = settled(ask_control(), ask_candidate(), ask_control, known, ask_candidate)
        lines = [f"{each.kind} {each.path}: {each.control!r} -> {each.candidate!r}" for each in differences[:10]]
        if lines:
            raise AssertionError(f"{made.method} {made.path}?{made.query}\n" + "\n".join(lines))


@pytest.fixture
def strangler(transactional_db: None, settings: Any, tmp_path: Any) -> Iterator[Strangler]:
    """Verifies endpoints against the test database; what it finds is not kept."""
    from django.db import connection

    from strangler_shadow.replay import forget_handler

    if connection.in_atomic_block:
        pytest.fail("strangler needs committed rows; take `transactional_db`, not `db`, and no fixture that opens one")
    shadow = {**settings.STRANGLER.get("SHADOW", {}), "CORPUS": str(tmp_path / "corpus")}
    settings.STRANGLER = {**settings.STRANGLER, "SHADOW": shadow}
    with ExitStack() as stack:
        settings.STRANGLER = {**settings.STRANGLER, **_lifted(stack)}
        # It holds channels to the service of the test before.
        forget_handler()
        stack.callback(forget_handler)
        yield Strangler()


def _with_rows(call: "Call", rows: Mapping[str, "Scene"]) -> "Call":
    """The call for rows like these, which are made here."""
    from strangler_shadow.generated_rows import made_again
    from strangler_shadow.samples import keys_by_row, model_of

    if not rows:
        return call
    endpoint = _entry(call.endpoint).endpoint
    pks = made_again(rows.values(), users=[call.caller.subject] if call.caller.subject else [])
    model: Any = model_of(endpoint)
    own = {key: pk for (key, scene), pk in zip(rows.items(), pks, strict=True) if scene.model == model._meta.label}
    known = keys_by_row(endpoint, own.values())
    keys = {key: known[pk] for key, pk in own.items() if pk in known}
    parts = (quote(keys[unquote(part)], safe="") if unquote(part) in keys else part for part in call.path.split("/"))
    kwargs = {name: keys.get(str(value), value) for name, value in call.kwargs.items()}
    return replace(call, path="/".join(parts), kwargs=kwargs)


def _lifted(stack: ExitStack) -> dict[str, Any]:
    """Serves the project's own views; settings that lead there."""
    from strangler_router.conf import settings
    from strangler_router.lifted import register
    from strangler_router.table import bind
    from strangler_services import ServerSettings, start_in_thread

    services = sorted({binding.service for binding, _ in bind().pairs})
    own = {"own": secrets.token_hex(32)}
    keys = {service: settings().keys.get(service) or own for service in services}
    server = stack.enter_context(start_in_thread(register, ServerSettings(address="127.0.0.1:0", keys=keys)))
    rungs = {service: {**settings().targets.get(service, {}), "lifted": server.address} for service in services}
    return {"TARGETS": rungs, "KEYS": keys}


def _entry(endpoint: str) -> Any:
    from strangler_router.table import build_table

    entries = {entry.binding.id: entry for entry in build_table().values()}
    if endpoint not in entries:
        raise AssertionError(f"{endpoint} is not bound; there are {', '.join(sorted(entries)) or 'none'}")
    return entries[endpoint]


def _text(found: Any, *, seed: int, examples: int) -> str:
    from rich.console import Console

    from strangler_shadow.report import Report
    from strangler_shadow.reports.text import print_report

    out = StringIO()
    report = Report(started="", seed=seed, examples=examples, endpoints=(found,))
    print_report(report, Console(file=out, width=160, soft_wrap=True, highlight=False))
    return out.getvalue()
