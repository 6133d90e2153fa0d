"""The WSGI environment of a call: how a call becomes a Django request again."""

from io import BytesIO
from typing import Any

from strangler_router.types import Call

__all__ = ["environ_of"]


def environ_of(call: Call, path: bytes) -> dict[str, Any]:
    """Environment after PEP 3333; `path` is the unquoted path, of which `call.script_name` is the prefix."""
    host, _, port = call.host.partition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": call.method,
        "SCRIPT_NAME": call.script_name,
        "PATH_INFO": path.decode("latin-1").removeprefix(call.script_name),
        "QUERY_STRING": call.query,
        "CONTENT_TYPE": call.content_type,
        "CONTENT_LENGTH": str(len(call.body)) if call.body else "",
        "SERVER_NAME": host,
        "SERVER_PORT": port or ("443" if call.scheme == "https" else "80"),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "",
        "HTTP_HOST": call.host,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": call.scheme,
        "wsgi.input": BytesIO(call.body),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in call.headers:
        environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
    return environ
