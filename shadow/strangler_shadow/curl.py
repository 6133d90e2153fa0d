"""A call as a curl line; credentials stand as $TOKEN."""

import shlex

from strangler_router.types import Call

__all__ = ["curl_line"]

# What curl itself expands in an address.
GLOBS = frozenset("[]{}")


def curl_line(call: Call) -> str:
    """One shell line that repeats the call."""
    words = ["curl", "-sS"]
    if call.method == "HEAD":
        words.append("-I")
    elif call.method != "GET":
        words += ["-X", call.method]
    query = f"?{call.query}" if call.query else ""
    url = f"{call.scheme}://{call.host}{call.path}{query}"
    if GLOBS.intersection(url):
        words.append("--globoff")
    line = shlex.join(words)
    if call.caller.subject:
        # The one variable in it: everything else is quoted, whatever it holds.
        line += ' -H "Authorization: Token $TOKEN"'
    headers = [word for name, value in call.headers for word in ("-H", f"{name}: {value}")]
    if call.body:
        # curl says application/x-www-form-urlencoded of its own.
        text = call.body.decode(errors="backslashreplace")
        headers += ["-H", f"Content-Type: {call.content_type}", "--data-binary", text]
    return f"{line} {shlex.join([*headers, url])}"
