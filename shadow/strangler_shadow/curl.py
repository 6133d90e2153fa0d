"""A call as a curl line; credentials stand as $TOKEN."""

import shlex

from strangler_router.types import Call

__all__ = ["curl_line"]


def curl_line(call: Call) -> str:
    """One shell line that repeats the call."""
    parts = ["curl", "-sS"]
    if call.method == "HEAD":
        parts.append("-I")
    elif call.method != "GET":
        parts += ["-X", call.method]
    if call.caller.subject:
        parts += ["-H", "Authorization: Token $TOKEN"]
    for name, value in call.headers:
        parts += ["-H", f"{name}: {value}"]
    query = f"?{call.query}" if call.query else ""
    parts.append(f"{call.scheme}://{call.host}{call.path}{query}")
    # $TOKEN must stay a variable, so that one argument is quoted with double quotes.
    return " ".join(f'"{part}"' if "$TOKEN" in part else shlex.quote(part) for part in parts)
