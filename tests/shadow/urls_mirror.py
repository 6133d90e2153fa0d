"""Views to mirror; each text that must not be kept holds the word canary."""

from django.urls import path
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView


class AnswerSerializer(serializers.Serializer):
    name = serializers.CharField()
    level = serializers.CharField()
    price = serializers.IntegerField()


class View(APIView):
    serializer_class = AnswerSerializer
    throttle_classes = []
    permission_classes = []

    def get(self, request):
        return Response(self.answer(request))


class Plain(View):
    def answer(self, request):
        return {"level": request.GET.get("level", "easy"), "name": "by the monolith"}

    def post(self, request):
        return Response("posted", status=201)


class Secret(View):
    def get(self, request):
        document = {
            "name": "canary-name",
            "canary key@example.org": "canary-value",
            "items": ["canary-1", {"canary/2": 1.5}],
            "number": 4242424242,
            "same": "canary-same",
        }
        response = Response(document, headers={"X-Canary": "canary-header"})
        response.set_cookie("flavour", "canary-cookie")
        return response


class Crashes(View):
    def answer(self, request):
        raise RuntimeError("canary-error")


class Lists(View):
    def answer(self, request):
        levels = ["easy", "hard", "hard", "odd"]
        return {"results": [{"level": level, "price": number} for number, level in enumerate(levels)]}


VIEWS = [Plain, Secret, Crashes, Lists]
urlpatterns = [path(f"{view.__name__.lower()}/", view.as_view(), name=view.__name__.lower()) for view in VIEWS]
IDS = [f"{view.__name__.lower()}.get" for view in VIEWS]
