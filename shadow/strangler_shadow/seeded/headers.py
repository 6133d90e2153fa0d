"""Headers lost, shortened, changed or added."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, ClassVar

from strangler_router.types import Reply
from strangler_shadow.seeded.operator import UNTOUCHED, Family, OnHeaders, OnReplies
from strangler_shadow.seeded.parts import cloned, document_of, header_of, status_of, with_headers

COOKIE = "set-cookie"


class Lost(OnHeaders, family=Family.HEADER):
    def change(self, value: str) -> Any:
        """Nothing is left."""
        del value


class Added(OnReplies, family=Family.HEADER):
    header: ClassVar[str]
    value: ClassVar[str]

    def change(self, reply: Reply) -> Reply | None:
        """The reply with the header, where it had none."""
        if reply.exception is not None or header_of(reply, self.header) is not None:
            return None
        return with_headers(reply, [*reply.headers, (self.header, self.value)])


class ListShortened(OnHeaders, family=Family.HEADER):
    def change(self, value: str) -> Any:
        """Change a list of more than one member."""
        members = [member.strip() for member in value.split(",")]
        return ", ".join(self.change_members(members)) if len(members) > 1 else UNTOUCHED

    def change_members(self, members: list[str]) -> list[str]:
        """The wrong members."""
        raise NotImplementedError


class AnyHeaderLost(Lost, name="header-lost"):
    """Any header is missing."""

    def names(self, reply: Reply) -> Iterable[str]:
        # The length follows from the body, and a moment is no part of an answer.
        kept = {"content-length", "date", "server", "connection", "x-request-id", COOKIE}
        return [name for name, _ in reply.headers if name.lower() not in kept]


class DebugHeader(Added, name="header-of-the-service"):
    """A header of the service's own is sent."""

    header, value = "X-Served-By", "catalog-service"


class ChallengeLost(OnReplies, name="www-authenticate-lost", family=Family.HEADER):
    """A 401 has no challenge."""

    def change(self, reply: Reply) -> Reply | None:
        if status_of(reply) != 401:
            return None
        if reply.exception is not None:
            return Reply(status=401, data=document_of(reply))
        return with_headers(reply, [header for header in reply.headers if header[0].lower() != "www-authenticate"])


class ChallengeScheme(OnHeaders, name="www-authenticate-scheme", family=Family.HEADER):
    """A 401 asks for another scheme."""

    header = "WWW-Authenticate"

    def change(self, value: str) -> Any:
        return 'Bearer realm="api"' if not value.startswith("Bearer") else 'Basic realm="api"'


class RetryAfterLost(OnReplies, name="retry-after-lost", family=Family.HEADER):
    """A 429 does not say when to come again."""

    def change(self, reply: Reply) -> Reply | None:
        if getattr(reply.exception, "wait", None) is not None and reply.exception is not None:
            return replace(reply, exception=cloned(reply.exception, wait=None))
        return with_headers(reply, [header for header in reply.headers if header[0].lower() != "retry-after"])


class RetryAfterChanged(OnReplies, name="retry-after-changed", family=Family.HEADER):
    """A 429 names another time to come again."""

    def change(self, reply: Reply) -> Reply | None:
        wait = getattr(reply.exception, "wait", None)
        if reply.exception is not None:
            return None if wait is None else replace(reply, exception=cloned(reply.exception, wait=wait + 60))
        given = header_of(reply, "Retry-After") or ""
        kept = [header for header in reply.headers if header[0].lower() != "retry-after"]
        return with_headers(reply, [*kept, ("Retry-After", str(int(given) + 60))]) if given.isdecimal() else None


class AllowShortened(ListShortened, name="allow-shortened"):
    """Allow lost a method."""

    header = "Allow"

    def change_members(self, members: list[str]) -> list[str]:
        return members[:-1]


class AllowLonger(OnHeaders, name="allow-longer", family=Family.HEADER):
    """Allow has a method more."""

    header = "Allow"

    def change(self, value: str) -> Any:
        return f"{value}, TRACE"


class AllowLowerCase(OnHeaders, name="allow-lower-case", family=Family.HEADER):
    """Allow's methods are in lower case; methods have a case."""

    header = "Allow"

    def change(self, value: str) -> Any:
        return value.lower()


class LocationLost(Lost, name="location-lost"):
    """Location is missing."""

    header = "Location"


class LocationHost(OnHeaders, name="location-host", family=Family.HEADER):
    """Location names the service's own host."""

    header = "Location"

    def change(self, value: str) -> Any:
        return "http://catalog:50051/" + value.partition("://")[2].partition("/")[2]


class LinkLost(Lost, name="link-lost"):
    """Link is missing."""

    header = "Link"


class LinkRelation(OnHeaders, name="link-relation", family=Family.HEADER):
    """Link's next became prev."""

    header = "Link"

    def change(self, value: str) -> Any:
        return value.replace('rel="next"', 'rel="prev"')


class LanguageLost(Lost, name="content-language-lost"):
    """Content-Language is missing."""

    header = "Content-Language"


class LanguageChanged(OnHeaders, name="content-language-changed", family=Family.HEADER):
    """Content-Language names another language."""

    header = "Content-Language"

    def change(self, value: str) -> Any:
        return "fr" if value != "fr" else "en"


class TypeChanged(OnHeaders, name="content-type-changed", family=Family.HEADER):
    """The body is called plain text."""

    header = "Content-Type"

    def change(self, value: str) -> Any:
        del value
        return "text/plain"


class TypeCharset(OnHeaders, name="content-type-charset", family=Family.HEADER):
    """The media type got a charset."""

    header = "Content-Type"

    def change(self, value: str) -> Any:
        return f"{value}; charset=utf-8" if "charset" not in value else UNTOUCHED


class TypeOfProblem(OnHeaders, name="content-type-problem", family=Family.HEADER):
    """JSON is called a problem, as RFC 9457 has it."""

    header = "Content-Type"

    def change(self, value: str) -> Any:
        return value.replace("application/json", "application/problem+json")


class DispositionLost(Lost, name="content-disposition-lost"):
    """A download lost its file's name."""

    header = "Content-Disposition"


class SecurityChanged(OnHeaders, name="security-header-changed", family=Family.HEADER):
    """A header that guards browsers says something weaker."""

    def names(self, reply: Reply) -> Iterable[str]:
        guards = {"x-frame-options", "referrer-policy", "cross-origin-opener-policy", "strict-transport-security"}
        return [name for name, _ in reply.headers if name.lower() in guards]

    def change(self, value: str) -> Any:
        del value
        return "unsafe-none"


class OriginAllowed(Added, name="every-origin-allowed"):
    """Scripts of any origin may read the answer."""

    header, value = "Access-Control-Allow-Origin", "*"
