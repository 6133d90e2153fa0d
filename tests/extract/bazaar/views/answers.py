"""Statuses, headers, empty bodies, large ones, and what conditional requests ask."""

from datetime import UTC, datetime

from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.http import condition
from rest_framework.decorators import api_view
from rest_framework.parsers import FileUploadParser, FormParser, JSONParser, MultiPartParser
from rest_framework.response import Response
from rest_framework.views import APIView

OPENED = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
EMPTIES = {"nothing": None, "object": {}, "list": [], "text": "", "zero": 0, "false": False, "float": 0.0}
DOCUMENTS = {
    "numbers": [0, -0.0, 1.0, 1e22, 1e-7, 2**63, -(2**63), 10**40, 0.1 + 0.2],
    "texts": ["", "\x00", "\u2028", "😀", '"\\/', "<script>"],
    "nested": {"a": {"b": [[], {}, [None, [True]]]}},
    "text": "only text",
    "number": 17,
}


class Statuses(APIView):
    def get(self, request, code):
        return Response({"status": code}, status=code)


class Empties(APIView):
    def get(self, request, kind):
        if kind == "no content":
            return Response(status=204)
        if kind == "no content with a body":
            return Response({"but": "a body"}, status=204)
        if kind == "plain":
            return HttpResponse()
        return Response(EMPTIES[kind])


class Documents(APIView):
    def get(self, request, kind):
        return Response(DOCUMENTS[kind])


class Headers(APIView):
    def get(self, request):
        headers = {"X-Total": "12", "Link": "</a>; rel=next", "Vary": "X-Shop", "Cache-Control": "max-age=60"}
        return Response({"a": 1}, headers=headers | dict(request.query_params.items()))


class Modified(APIView):
    def get(self, request):
        return Response({"a": 1}, headers={"Last-Modified": "Mon, 06 May 2024 07:08:09 GMT"})


@method_decorator(condition(etag_func=lambda *_args: '"v1"', last_modified_func=lambda *_args: OPENED), name="dispatch")
class Conditional(APIView):
    def get(self, request):
        return Response({"a": 1})

    def put(self, request):
        return Response({"put": request.data})


class Plain(APIView):
    def get(self, request):
        return JsonResponse({"by": "Django"}, status=202, headers={"X-Plain": "1"})


class Typed(APIView):
    def get(self, request):
        return Response({"title": "gone"}, status=410, content_type="application/problem+json")


class Cookie(APIView):
    def get(self, request):
        response = Response({"a": 1})
        response.set_cookie("basket", "7", httponly=True)
        return response


class Elsewhere(APIView):
    def post(self, request):
        return HttpResponseRedirect("/goods/?by=post")


class OwnHeaders(APIView):
    """Headers that the handler leaves on the view."""

    def get(self, request):
        self.headers["X-Left"] = "on the view"
        return Response({"a": 1})


class Finished(APIView):
    """What the handler found out, said by `finalize_response()`."""

    def get(self, request):
        self.found = 7
        return Response({"a": 1})

    def finalize_response(self, request, response, *args, **kwargs):
        response = super().finalize_response(request, response, *args, **kwargs)
        response["X-Found"] = str(self.found)
        return response


@api_view(["GET", "POST"])
def function(request):
    return Response({"method": request.method, "data": request.data})


class Big(APIView):
    def get(self, request):
        return Response({"text": "ü" * int(request.query_params.get("size", 10))})


class Forms(APIView):
    parser_classes = [JSONParser, FormParser, MultiPartParser]

    def post(self, request):
        files = {name: [file.name, file.read().decode()] for name, file in request.FILES.items()}
        fields = {name: value for name, value in request.data.items() if name not in files}
        return Response({"fields": fields, "files": files}, status=201, headers={"Location": "/forms/1/"})


class Upload(APIView):
    parser_classes = [FileUploadParser]

    def put(self, request, filename):
        return Response({"name": request.data["file"].name, "text": request.data["file"].read().decode()})
