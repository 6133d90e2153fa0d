"""One view for every kind of reply."""

from django.http import JsonResponse
from django.urls import path
from rest_framework.authentication import BasicAuthentication
from rest_framework.response import Response
from rest_framework.views import APIView, exception_handler

from strangler_router.peel import peel


def loud_handler(exc, context):
    response = exception_handler(exc, context)
    response.data = {"error": response.data, "view": type(context["view"]).__name__}
    return response


class Thing(APIView):
    authentication_classes = [BasicAuthentication]
    permission_classes = []
    throttle_classes = []
    raised = None
    answered = Response({})

    def get(self, request, **kwargs):
        if self.raised is not None:
            raise self.raised
        return self.answered

    post = get


@peel
def plain(request):
    return JsonResponse({"answered": "by the monolith"})


urlpatterns = [path("thing/", Thing.as_view(), name="thing"), path("plain/", plain, name="plain")]
