from collections.abc import Callable
from typing import Any

from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.serializer_helpers import ReturnDict, ReturnList

from strangler_django.serializers import segments

_SAME = ("encoder_class", "ensure_ascii", "compact", "strict", "charset")


class CachedResponse(Response):
    """A response whose JSON is ready; reading `data` decodes it, and what was read is rendered as usual."""

    def __init__(
        self, serializer: Any, *, envelope: dict[str, Any] | None = None, key: str = "", **kwargs: Any
    ) -> None:
        self._ready: bytes | None = None
        super().__init__(**kwargs)
        self._serializer, self._envelope, self._key = serializer, envelope, key
        content = serializer.json()
        self._ready = content if envelope is None else segments.enclose(envelope, key, content)

    @property
    def data(self) -> Any:
        if self._ready is not None:
            # Whoever reads may also change it.
            ready, self._ready = self._ready, None
            self._data = self._decoded(ready)
        return self._data

    @data.setter
    def data(self, data: Any) -> None:
        self._ready, self._data = None, data

    @property
    def json_bytes(self) -> bytes | None:
        """The ready JSON; None once `data` was read or replaced."""
        return self._ready

    @property
    def rendered_content(self) -> Any:
        if self._ready is None or not _renders_alike(self.accepted_renderer, self.accepted_media_type):
            return super().rendered_content
        self["Content-Type"] = self.content_type or self.accepted_renderer.media_type
        return self._ready

    def _decoded(self, ready: bytes) -> Any:
        serializer = self._serializer
        if not serializer.rendered().exact:
            value = serializer.data
            return value if self._envelope is None else self._envelope | {self._key: value}
        decoded = segments.decode(ready)
        if self._envelope is not None:
            return decoded | {self._key: ReturnList(decoded[self._key], serializer=serializer)}
        returned = ReturnList if isinstance(decoded, list) else ReturnDict
        return returned(decoded, serializer=serializer)

    def __getstate__(self) -> dict[str, Any]:
        # Pickled by cache middleware, which keeps rendered bytes and no serializers.
        state: Any = super().__getstate__()
        return dict(state) | {"_serializer": None, "_ready": None, "_data": None}


class _Placeholder:
    """Stands for the list while the envelope is built; any look into it is refused."""

    def _refuse(self, *args: Any) -> Any:
        raise TypeError("The envelope looks into its results.")

    __len__ = __iter__ = __bool__ = __getitem__ = __getattr__ = __str__ = _refuse


def enveloped(serializer: Any, paginated: Callable[[Any], Response]) -> Response:
    """The view's own pagination envelope around ready JSON; around `data` where the envelope needs to see it."""
    placeholder = _Placeholder()
    try:
        response = paginated(placeholder)
    except TypeError:
        return paginated(serializer.data)
    envelope = response.data
    if type(response) is not Response or type(envelope) is not dict:
        return paginated(serializer.data)
    keys = [key for key, value in envelope.items() if value is placeholder]
    others = {key: value for key, value in envelope.items() if value is not placeholder}
    if len(keys) != 1 or not segments.exact(others):
        return paginated(serializer.data)
    return CachedResponse(
        serializer, envelope=envelope, key=keys[0], status=response.status_code, headers=dict(response.items())
    )


def passes_bytes(request: Request) -> bool:
    """Whether the negotiated renderer would write what our segments hold."""
    return _renders_alike(getattr(request, "accepted_renderer", None), getattr(request, "accepted_media_type", None))


def _renders_alike(renderer: Any, media_type: str | None) -> bool:
    return (
        isinstance(renderer, JSONRenderer)
        and type(renderer).render is JSONRenderer.render
        and type(renderer).get_indent is JSONRenderer.get_indent
        and all(getattr(renderer, name) == getattr(JSONRenderer, name) for name in _SAME)
        and renderer.get_indent(media_type or "", {}) is None
    )
