"""Headers that caches go by, lost or changed."""

from typing import Any

from strangler_shadow.seeded.headers import Added, ListShortened, Lost
from strangler_shadow.seeded.operator import Family, OnHeaders


class VaryLost(Lost, name="vary-lost"):
    """Caches may mix answers, since Vary is missing."""

    header = "Vary"


class VaryShortened(ListShortened, name="vary-shortened"):
    """Vary lost a member."""

    header = "Vary"

    def change_members(self, members: list[str]) -> list[str]:
        return members[:-1]


class VaryLonger(OnHeaders, name="vary-longer", family=Family.HEADER):
    """Vary has a member more, so that caches keep too many copies."""

    header = "Vary"

    def change(self, value: str) -> Any:
        return f"{value}, User-Agent"


class VaryStar(OnHeaders, name="vary-star", family=Family.HEADER):
    """Vary became a star, so that nothing is cached."""

    header = "Vary"

    def change(self, value: str) -> Any:
        del value
        return "*"


class ETagLost(Lost, name="etag-lost"):
    """ETag is missing, so that no conditional request works."""

    header = "ETag"


class ETagChanged(OnHeaders, name="etag-changed", family=Family.HEADER):
    """ETag is another one."""

    header = "ETag"

    def change(self, value: str) -> Any:
        return value.replace('"', '"0', 1)


class ETagWeak(OnHeaders, name="etag-weakened", family=Family.HEADER):
    """A strong ETag became a weak one."""

    header = "ETag"

    def change(self, value: str) -> Any:
        return value if value.startswith("W/") else f"W/{value}"


class ETagUnquoted(OnHeaders, name="etag-unquoted", family=Family.HEADER):
    """ETag lost its quotes."""

    header = "ETag"

    def change(self, value: str) -> Any:
        return value.replace('"', "")


class LastModifiedLost(Lost, name="last-modified-lost"):
    """Last-Modified is missing."""

    header = "Last-Modified"


class CacheControlLost(Lost, name="cache-control-lost"):
    """Cache-Control is missing."""

    header = "Cache-Control"


class CacheControlAdded(Added, name="cache-control-added"):
    """A cache may keep what it may not."""

    header, value = "Cache-Control", "public, max-age=3600"


class CacheControlPublic(OnHeaders, name="cache-control-public", family=Family.HEADER):
    """A private answer became public."""

    header = "Cache-Control"

    def change(self, value: str) -> Any:
        return value.replace("private", "public")


class CacheControlAge(OnHeaders, name="cache-control-age", family=Family.HEADER):
    """Caches may keep an answer ten times as long."""

    header = "Cache-Control"

    def change(self, value: str) -> Any:
        return ", ".join(
            f"{part.strip()}0" if part.strip().startswith("max-age=") else part.strip() for part in value.split(",")
        )
