"""Write down what became of each GET, and each call that went through bytes, one word or two a line."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["counted_backend", "read_witness", "witness"]

VARIABLE = "ARA_WITNESS"


def witness(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Middleware: `unbound`, `refused` (before the decision was made), `monolith`, `service` or `fallback` a GET."""

    def middleware(request: Any) -> Any:
        response = get_response(request)
        if request.method in {"GET", "HEAD"}:
            _write(_fate(getattr(request, "strangler_pin", None)))
        return response

    return middleware


def counted_backend(binding: Any, rung: str) -> Any:
    """The lifted rung in this process, with a line for each call."""
    from strangler_router.lifted import in_process_backend

    ask = in_process_backend(binding, rung)

    def counted(call: Any) -> Any:
        _write("rpc")
        return ask(call)

    return counted


def read_witness(path: Path) -> Counter[str]:
    """How often each word was written; empty where nothing was."""
    return Counter(path.read_text().split("\n")[:-1]) if path.exists() else Counter()


def _fate(pin: Any) -> str:
    if pin is None:
        return "unbound"
    if pin.decision is None:
        return "refused"
    return "fallback" if pin.fell_back else pin.decision.side.value


def _write(line: str) -> None:
    with open(os.environ[VARIABLE], "a", encoding="utf-8") as file:  # noqa: PTH123  a line a request
        file.write(line + "\n")
