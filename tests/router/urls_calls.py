"""Views that read their request in every way."""

from django.http import JsonResponse
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt
from rest_framework.parsers import FileUploadParser, FormParser, JSONParser, MultiPartParser
from rest_framework.response import Response
from rest_framework.versioning import URLPathVersioning
from rest_framework.views import APIView

from strangler_router.peel import peel


class Open(APIView):
    authentication_classes = []
    permission_classes = []
    throttle_classes = []


class Echo(Open):
    parser_classes = [JSONParser, FormParser, MultiPartParser]

    def get(self, request, **kwargs):
        return Response({"query": request.query_params, "kwargs": kwargs})

    def post(self, request, **kwargs):
        files = {name: file.read().decode() for name, file in request.FILES.items()}
        data = {name: value for name, value in request.data.items() if name not in files}
        return Response({"data": data, "files": files})

    put = post


class RawBody(Open):
    def post(self, request):
        return Response({"body": request.body.decode(), "data": request.data})


class Upload(Open):
    parser_classes = [FileUploadParser]

    def put(self, request, filename):
        return Response({"size": request.data["file"].size})


class Versioned(Open):
    versioning_class = URLPathVersioning

    def get(self, request, version):
        return Response({"version": request.version})


def plain(request, pk):
    return JsonResponse({"pk": pk, "user": str(request.user)})


def careless_of_the_user(request):
    return JsonResponse({})


urlpatterns = [
    path("echo/", Echo.as_view(), name="echo"),
    path("echo/<int:pk>/<str:name>/", Echo.as_view(), name="echo-detail"),
    path("upload/<str:filename>/", Upload.as_view(), name="upload"),
    path("raw-body/", RawBody.as_view(), name="raw-body"),
    re_path(r"^(?P<version>v1|v2)/versioned/$", Versioned.as_view(), name="versioned"),
    path("plain/<int:pk>/", csrf_exempt(peel(plain)), name="plain"),
    path("careless/", peel(careless_of_the_user), name="careless"),
]
