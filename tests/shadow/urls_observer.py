"""A monolith whose answer the tests change between two questions."""

from django.urls import path
from rest_framework.decorators import api_view
from rest_framework.response import Response

answers = []


@api_view(["GET"])
def changing(request):
    """The next answer; the last one again and again. An exception is raised."""
    answer = answers.pop(0) if len(answers) > 1 else answers[0]
    if isinstance(answer, Exception):
        raise answer
    return Response({"value": answer})


urlpatterns = [path("changing/", changing, name="changing")]
