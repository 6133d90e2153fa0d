"""Views that put a text of their own, all with the word zanzibar, wherever an answer, an error or a log has room."""

import logging
import os

from django.http import HttpResponse
from django.urls import path
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.response import Response
from rest_framework.views import APIView

SIDE = os.environ.get("PRIVATE_SIDE", "monolith")
logger = logging.getLogger("project")


def planted(place):
    """The text of a place, another one on each side."""
    return f"zanzibar-{place}-of-the-{SIDE}"


class AnswerSerializer(serializers.Serializer):
    name = serializers.CharField()
    shown = serializers.CharField()
    rows = serializers.ListField()
    amount = serializers.CharField()
    birthday = serializers.CharField()


class View(APIView):
    serializer_class = AnswerSerializer
    throttle_classes = []
    permission_classes = []

    def get(self, request, **kwargs):
        logger.warning("the project says %s", planted("log"))
        return self.answer(request)


class Everything(View):
    def answer(self, request):
        extra = "" if SIDE == "monolith" else " "
        document = {
            "name": planted("value"),
            "shown": planted("shown"),
            planted("plain_key").replace("-", "_"): 1,
            f"zanzibar key{extra}@example.org": {"name": planted("nested"), "zanzibar_inner": planted("inner")},
            "rows": [{"id": number, "name": planted(f"row-{number}"), "tags": [planted("tag")]} for number in range(3)],
            "amount": "77700177.10" if SIDE == "monolith" else "77700177.1",
            "birthday": None if SIDE == "monolith" else planted("not-null"),
            "same": "zanzibar-same",
            "phone": 77700277001 + (SIDE == "monolith"),
            "turned": {"zanzibar_a": 1, "zanzibar_b": 2} if SIDE == "monolith" else {"zanzibar_b": 2, "zanzibar_a": 1},
        }
        response = Response(document, headers={"X-Own": planted("header"), "ETag": f'"{planted("etag")}"'})
        response.headers["Location"] = f"http://host/{planted('location')}"
        response.headers["Link"] = f'</{planted("link")}>; rel="next"'
        response.headers["Retry-After"] = planted("retry")
        if SIDE == "monolith":
            response.set_cookie("flavour", planted("cookie"), path=f"/{planted('cookie-path')}")
        else:  # as a hosted view may
            response.headers["Set-Cookie"] = f"flavour={planted('cookie')}; Path=/{planted('cookie-path')}"
        return response


class Text(View):
    def answer(self, request):
        lines = [f"{number},zanzibar-line" for number in range(50)] + [planted("text")]
        return HttpResponse("\n".join(lines), content_type="text/csv")


class Coded(View):
    def answer(self, request):
        return HttpResponse(planted("coded"), content_type="text/plain", headers={"Content-Encoding": "br"})


class Picture(View):
    def answer(self, request):
        return HttpResponse(planted("binary").encode(), content_type="image/png")


class Refuses(View):
    def answer(self, request):
        if SIDE == "monolith":
            raise ValidationError({"zanzibar_field": [planted("message")]}, code="zanzibar-code")
        raise NotFound(planted("detail"), code="zanzibar-code")


class Crashes(View):
    def answer(self, request):
        raise RuntimeError(planted("exception"))


class CrashesThere(View):
    def answer(self, request):
        if SIDE == "monolith":
            return Response({"name": "zanzibar-fine"})
        raise RuntimeError(planted("exception"))


class CrashesHere(View):
    def answer(self, request):
        if SIDE == "service":
            return Response({"name": "zanzibar-fine"})
        raise RuntimeError(planted("exception"))


VIEWS = [Everything, Text, Coded, Picture, Refuses, Crashes, CrashesThere, CrashesHere]
urlpatterns = [path(f"{view.__name__.lower()}/<slug>/", view.as_view(), name=view.__name__.lower()) for view in VIEWS]
IDS = [f"{view.__name__.lower()}.get" for view in VIEWS]
