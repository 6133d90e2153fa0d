"""What each GET of a view and each serializer with an instance answered, in the order of the tests.

Each is asked again: as things stand, after all bodies were made void (cold), and once more (warm).
Without our classes nothing is cached, and the same three questions are plain DRF's answers.
"""

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MethodType
from typing import Any

from cache_reads import Reads
from django.db import connections, models
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

__all__ = ["STATES", "Recorder"]

STATES = ("standing", "cold", "warm")


@dataclass(slots=True)
class Recorder:
    """Writes one line of JSON for each question to `path`; `void` ends all bodies."""

    path: Path
    reads: Reads
    void: Callable[[], None] = lambda: None
    test: str = ""
    place: int = 0
    lines: list[str] = field(default_factory=list)
    inside: bool = False

    def attach(self) -> None:
        """Wrap what every answer passes."""
        self._wrap_dispatch()
        for owner in (serializers.Serializer, serializers.ListSerializer):
            self._wrap_data(owner)
        self.pass_over(Response, "rendered_content")

    def start(self, test: str) -> None:
        """The questions that follow are this test's."""
        self.test, self.place = test, 0

    def write(self) -> None:
        """Everything so far."""
        self.path.write_text("\n".join(self.lines))

    def _wrap_dispatch(self) -> None:
        dispatch = APIView.dispatch

        def recorded(view: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
            if self.inside or request.method not in {"GET", "HEAD"}:
                return dispatch(view, request, *args, **kwargs)
            twins = [_twin(view) for _ in STATES]
            requests = [_again(request) for _ in STATES]
            with self._outermost():
                answer = dispatch(view, request, *args, **kwargs)
            pairs = iter(zip(twins, requests, strict=True))

            def ask() -> str:
                twin, again = next(pairs)
                return _body(dispatch(twin, again, *args, **kwargs))

            if request.method == "GET":
                self._record("view", f"{type(view).__qualname__} {request.get_full_path()}", ask)
            return answer

        APIView.dispatch = recorded

    def _wrap_data(self, owner: Any) -> None:
        data = owner.data.fget

        def recorded(serializer: Any) -> Any:
            if self.inside or not _shows_instance(serializer):
                return data(serializer)
            with self._outermost():
                found = data(serializer)
                self._record("data", _name(serializer), lambda: _values(found), states=("given",))
            again = _again_over_rows(serializer)
            if again is not None:
                self._record("json", _name(serializer), lambda: _bytes(again()))
                self._record("values", _name(serializer), lambda: _values(again().data))
            return found

        owner.data = property(recorded)

    def pass_over(self, owner: Any, name: str) -> None:
        """What this property asks of serializers is part of an answer, and none of its own."""
        known = vars(owner)[name]

        def quiet(response: Any) -> Any:
            with self._outermost():
                return known.fget(response)

        setattr(owner, name, property(quiet, known.fset))

    def _record(self, kind: str, what: str, ask: Callable[[], str], *, states: tuple[str, ...] = STATES) -> None:
        answers, hits, asked = {}, {}, self.reads.objects
        with self._outermost(), _uncounted():
            for state in states:
                # Tests without a database may not even ask what there is to end.
                if state == "cold" and self.reads.objects > asked:
                    self.void()
                before = self.reads.hits
                answers[state] = _answer(ask)
                hits[state] = self.reads.hits - before
        line = {"test": self.test, "place": self.place, "kind": kind, "what": what, "answers": answers, "hits": hits}
        self.place += 1
        self.lines.append(json.dumps(line))

    @contextmanager
    def _outermost(self) -> Iterator[None]:
        outer, self.inside = self.inside, True
        try:
            yield
        finally:
            self.inside = outer


def _answer(ask: Callable[[], str]) -> str:
    try:
        return ask()
    except Exception as error:
        return f"raised {type(error).__name__}: {error}"


def _twin(view: Any) -> Any:
    """The view as it is before it is asked, without throttles, which would count the repetitions."""
    twin = copy.copy(view)
    for name, value in vars(view).items():
        if isinstance(value, MethodType) and value.__self__ is view:
            setattr(twin, name, MethodType(value.__func__, twin))
    twin.get_throttles = list
    return twin


def _again(request: Any) -> Any:
    again = copy.copy(request)
    again.META = dict(request.META)
    return again


def _body(response: Any) -> str:
    """Status, headers and body; for what is not rendered as JSON, the data as JSON instead."""
    if not isinstance(response, Response):
        return f"{response.status_code} {type(response).__name__}"
    if isinstance(getattr(response, "accepted_renderer", None), JSONRenderer):
        content = response.render().content.decode()
    else:
        content = _json(response.data)
    headers = sorted((name, value) for name, value in response.items() if name != "X-Throttle-Wait-Seconds")
    return f"{response.status_code} {headers} {content}"


def _json(value: Any) -> str:
    return "null" if value is None else JSONRenderer().render(value).decode()


def _shows_instance(serializer: Any) -> bool:
    shown = getattr(serializer, "child", serializer)
    return serializer.parent is None and serializer.instance is not None and _is_model_serializer(shown)


def _is_model_serializer(serializer: Any) -> bool:
    return hasattr(serializer, "build_standard_field")


def _name(serializer: Any) -> str:
    return type(getattr(serializer, "child", serializer)).__qualname__


def _again_over_rows(serializer: Any) -> Callable[[], Any] | None:
    """Makes serializers like this one over the stored rows; None where it cannot be made again."""
    if hasattr(serializer, "initial_data"):
        return None
    many = isinstance(serializer, serializers.ListSerializer)
    shown = serializer.child if many else serializer
    made = {name: value for name, value in shown._kwargs.items() if name not in {"instance", "data"}}
    if many and not shown._args and "instance" not in shown._kwargs:
        # Made by hand, not by many=True.
        return None
    if many:
        made["many"] = True
    return lambda: type(shown)(_stored(serializer.instance), *shown._args[1:], **made)


def _bytes(serializer: Any) -> str:
    """What a JSON renderer writes of it: ours has the bytes, of plain DRF's the data is rendered."""
    return serializer.json().decode() if hasattr(serializer, "json") else _json(serializer.data)


def _values(data: Any) -> str:
    """The data's class, its values with their types as Python writes them, and its JSON."""
    return f"{type(data).__name__} {data!r} {_json(data)}"


def _stored(instance: Any) -> Any:
    """The row behind an instance, or a queryset that has not been asked yet; anything else as it is."""
    if isinstance(instance, (models.QuerySet, models.Manager)):
        return instance.all()
    if isinstance(instance, models.Model) and instance.pk is not None and instance._state.db:
        found = type(instance)._base_manager.using(instance._state.db).filter(pk=instance.pk).first()
        return instance if found is None else found
    return instance


@contextmanager
def _uncounted() -> Iterator[None]:
    """Keeps what is asked here out of a test's own count of queries."""
    kept = {connection: list(connection.queries_log) for connection in connections.all(initialized_only=True)}
    try:
        yield
    finally:
        for connection, queries in kept.items():
            connection.queries_log.clear()
            connection.queries_log.extend(queries)
