"""Serializers that look at the request itself."""

from contextlib import suppress
from functools import lru_cache
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from academy.catalog.models import Course
from strangler_django.serializers import Cache, batched
from tests.django.leaks.adversary import CourseLeak, adversary


@adversary("raises")
class UserName(CourseLeak):
    """The author of the serializer wanted a greeting."""

    def get_seen(self, course: Course) -> str:
        return str(self.context["request"].user)


@adversary("raises")
class OwnFlag(CourseLeak):
    """`is_mine` fields compare a key with the user's."""

    def get_seen(self, course: Course) -> bool:
        return course.educator_id == self.context["request"].user.pk


@adversary("raises")
class SwallowedAttribute(CourseLeak):
    """Tests without a request made somebody catch everything."""

    def get_seen(self, course: Course) -> str:
        try:
            return self.context["request"].user.username
        except Exception:
            return "nobody"


@adversary("raises")
class SuppressedUse(CourseLeak):
    """`contextlib.suppress` around an optional greeting."""

    def get_seen(self, course: Course) -> str:
        with suppress(Exception):
            return self.context["request"].user.username
        return "nobody"


@adversary("raises")
class GetattrWithDefault(CourseLeak):
    """`getattr` with a default, since a management command has no request."""

    def get_seen(self, course: Course) -> str:
        request = self.context.get("request")
        return getattr(getattr(request, "user", None), "username", "nobody")


@adversary("raises")
class HasattrOfUser(CourseLeak):
    """DRF's own documentation shows `if request and hasattr(request, "user")`."""

    def get_seen(self, course: Course) -> str:
        request = self.context.get("request")
        return request.user.username if request and hasattr(request, "user") else ""


@adversary("raises")
class ThroughView(CourseLeak):
    """The view's action or user decides on details."""

    def get_seen(self, course: Course) -> str:
        return self.context["view"].request.user.username


@adversary("raises")
class ThroughViewKwargs(CourseLeak):
    """The tenant is part of the URL."""

    def get_seen(self, course: Course) -> str:
        return self.context["view"].kwargs["tenant"]


@adversary("raises")
class ThroughRootContext(CourseLeak):
    """`_context` is shorter than what it stands for."""

    def get_seen(self, course: Course) -> str:
        return self.root._context["request"].user.username


@adversary("raises")
class ThroughOwnContext(CourseLeak):
    """A list's child has a `_context` of its own as well."""

    def get_seen(self, course: Course) -> str:
        return self._context["request"].user.username


@adversary("raises")
class ThroughParentContext(CourseLeak):
    """Fields reach for their parent's context."""

    def get_seen(self, course: Course) -> str:
        return (self.parent or self)._context["request"].user.username


@adversary("raises")
class ThroughArguments(CourseLeak):
    """DRF keeps the arguments that a serializer was made with."""

    def get_seen(self, course: Course) -> str:
        return self._kwargs["context"]["request"].user.username


@adversary("raises")
class ThroughHttpRequest(CourseLeak):
    """`request._request` gives Django's own request to old helpers."""

    def get_seen(self, course: Course) -> str:
        return self.context["request"]._request.GET["q"]


@adversary("raises")
class ThroughVars(CourseLeak):
    """A debugging aid that dumps the request."""

    def get_seen(self, course: Course) -> list[str]:
        found = vars(self.context["request"])
        return sorted(str(getattr(value, "user", "")) for value in found.values())


@adversary("raises")
class ExtraContext(CourseLeak):
    """`get_serializer_context` adds what the view knows."""

    def get_seen(self, course: Course) -> str:
        return self.context.get("tenant", "none")


@adversary("raises")
class ContextCopied(CourseLeak):
    """A nested serializer is called by hand with a copy of the context."""

    def get_seen(self, course: Course) -> str:
        context = self.context.copy()
        return context["user"].username


@adversary("raises")
class ContextUnpacked(CourseLeak):
    """The same, with an update."""

    def get_seen(self, course: Course) -> str:
        return {**self.context, "depth": 1}["request"].user.username


@adversary("raises")
class ContextMerged(CourseLeak):
    """The same, as Python 3.9 spells it."""

    def get_seen(self, course: Course) -> str:
        return (self.context | {"depth": 1})["request"].user.username


@adversary("raises")
class ContextAsMemo(CourseLeak):
    """The context is where serializers of one answer share a memo."""

    def get_seen(self, course: Course) -> str:
        memo = self.context.setdefault("memo", {})
        return memo.setdefault("who", self.context["tenant"])


@adversary("raises")
class WrittenContext(CourseLeak):
    """The same, written to."""

    def get_seen(self, course: Course) -> str:
        self.context["last"] = course.pk
        return self.context["tenant"]


class StampField(serializers.CharField):
    """A field that marks its value with who looks at it."""

    def to_representation(self, value: Any) -> str:
        return f"{value} seen by {self.context['request'].user}"


@adversary("raises")
class ThroughFieldContext(CourseLeak):
    """A custom field reads the context of its serializer."""

    seen = StampField(source="title")


class Who:
    """A default like DRF's CurrentUserDefault."""

    requires_context = True

    def __call__(self, field: Any) -> str:
        return field.context["request"].user.username


@adversary("raises")
class ThroughDefault(CourseLeak):
    """A default that wants the field stands in for a missing attribute."""

    seen = serializers.CharField(source="educator.agent.name", default=Who())


@adversary("raises")
class Represented(CourseLeak):
    """`to_representation` adds a key at the end."""

    def get_seen(self, course: Course) -> int:
        return 0

    def to_representation(self, instance: Any) -> Any:
        return super().to_representation(instance) | {"seen": self.context["request"].user.username}


@adversary("raises")
class RepresentedLess(CourseLeak):
    """`to_representation` removes what only staff may see."""

    def get_seen(self, course: Course) -> int:
        return 0

    def to_representation(self, instance: Any) -> Any:
        emitted = super().to_representation(instance)
        if not self.context["request"].user.is_staff:
            emitted.pop("seen")
        return emitted


@adversary("raises")
class InBatch(CourseLeak):
    """A batch method filters by the user without saying so."""

    seen = batched(serializers.BooleanField(), default=False)

    @seen.batch
    def find_seen(self, pks: Any) -> Any:
        return set(pks) if self.context["request"].user.is_staff else set()


@adversary("raises")
class InPartOfAnotherVary(CourseLeak):
    """A part that is kept apart by language looks at the user."""

    seen = batched(serializers.CharField(), vary="language")

    @seen.batch
    def name_all(self, pks: Any) -> Any:
        return dict.fromkeys(pks, self.context["request"].user.username)


@adversary("raises")
class InPartByTimeout(CourseLeak):
    """A part with a shorter timeout looks at the user."""

    seen = batched(serializers.CharField(), timeout=5)

    @seen.batch
    def name_all(self, pks: Any) -> Any:
        return dict.fromkeys(pks, self.context["request"].user.username)


class ByRole(CourseLeak):
    class Meta(CourseLeak.Meta):
        cache = Cache(timeout=60, vary="role")


@adversary("apart")
class RoleAllowsStaff(ByRole):
    """What vary names may be used."""

    def get_seen(self, course: Course) -> bool:
        return self.context["request"].user.is_staff


@adversary("raises")
class RoleForbidsKey(ByRole):
    """A role is not a person."""

    def get_seen(self, course: Course) -> Any:
        user = self.context["request"].user
        return user.pk if user.is_staff else user.username


@adversary("raises")
class RoleForbidsComparison(ByRole):
    """`obj.owner == request.user` needs the person."""

    def get_seen(self, course: Course) -> bool:
        return course.educator == self.context["request"].user


@adversary("raises")
class RoleForbidsClass(ByRole):
    """`isinstance` tells users apart as well."""

    def get_seen(self, course: Course) -> bool:
        from django.contrib.auth.models import AnonymousUser

        return isinstance(self.context["request"].user, AnonymousUser)


@adversary("raises")
class RoleForbidsGroups(ByRole):
    """Permissions are finer than roles."""

    def get_seen(self, course: Course) -> bool:
        return self.context["request"].user.has_perm("catalog.change_course")


@lru_cache
def permissions_of(request: Any) -> str:
    return f"{request.user}"


@adversary("raises")
class RememberedByRequest(CourseLeak):
    """`lru_cache` around a function of the request."""

    def get_seen(self, course: Course) -> str:
        return permissions_of(self.context["request"])


MEMO: dict[tuple[str, int], str] = {}


@adversary("raises")
class RememberedByUser(CourseLeak):
    """A memo of the module, kept for each user."""

    def get_seen(self, course: Course) -> str:
        key = self.context["request"].user.username, course.pk
        return MEMO.setdefault(key, "/".join(map(str, key)))


@adversary("apart")
class KindOfRequest(CourseLeak):
    """Code for Django's and DRF's requests asks which it has; all callers bring the same."""

    def get_seen(self, course: Course) -> bool:
        return isinstance(self.context["request"], Request)


@adversary("apart")
class LinkByHand(CourseLeak):
    """Links put together from scheme and host, which method fields are kept apart by."""

    def get_seen(self, course: Course) -> str:
        request = self.context["request"]
        return f"{request.scheme}://{request.get_host()}/{course.pk}/{request.is_secure()}"


def looks(name: str, doc: str, look: Any) -> None:
    """A method field that looks at one part of the request."""
    body = {
        "__doc__": doc,
        "__module__": __name__,
        "get_seen": lambda self, course: str(look(self.context["request"])),
    }
    adversary("raises")(type(name, (CourseLeak,), body))


looks("Header", "Feature switches come as headers.", lambda request: request.headers.get("X-Tenant"))
looks("Meta", "Proxies tell the client's address in META.", lambda request: request.META["REMOTE_ADDR"])
looks("MetaHeader", "Headers by their old names.", lambda request: request.META.get("HTTP_X_TENANT"))
looks("Cookie", "A theme is kept in a cookie.", lambda request: request.COOKIES.get("theme"))
looks("Session", "A basket is kept in the session.", lambda request: request.session["basket"])
looks("QueryString", "A search term is to be highlighted.", lambda request: request.query_params["q"])
looks("HttpQueryString", "The same by Django's name.", lambda request: request.GET.get("q"))
looks("QueryList", "Several values of one parameter.", lambda request: request.GET.getlist("q"))
looks("QueryDict", "All parameters are passed on.", lambda request: request.GET.dict())
looks("Body", "What was posted decides what comes back.", lambda request: request.data.get("body"))
looks("Posted", "The same by Django's name.", lambda request: request.POST)
looks("Token", "The token's scopes decide.", lambda request: request.auth)
looks("Renderer", "HTML and JSON differ.", lambda request: request.accepted_renderer.format)
looks("MediaType", "A parameter of the media type decides.", lambda request: request.accepted_media_type)
looks("Route", "The route's name decides.", lambda request: request.resolver_match)
looks("OwnUrl", "A link to this very answer.", lambda request: request.build_absolute_uri())
looks("RelativeUrl", "A link relative to this answer.", lambda request: request.build_absolute_uri("next"))
looks("Path", "The path decides.", lambda request: request.path)
looks("FullPath", "A way back after logging in.", lambda request: request.get_full_path())
looks("Verb", "HEAD and GET differ.", lambda request: request.method)
looks("Port", "The port is not in the host.", lambda request: request.get_port())
looks("SignedCookie", "A signed cookie.", lambda request: request.get_signed_cookie("theme", default="none"))
looks("WholeRequest", "The request goes into a message.", repr)
looks("KeptOnRequest", "A memo on the request.", lambda request: setattr(request, "memo", 1) or request.memo)
