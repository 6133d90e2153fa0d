"""Every exception of DRF, raised inside the handler; and handlers of exceptions of the project's own."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.utils.translation import gettext_lazy
from rest_framework import exceptions, permissions, throttling
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView, exception_handler

from bazaar.serializers import GoodSerializer


class Closed(exceptions.APIException):
    status_code = 423
    default_detail = gettext_lazy("Not found.")
    default_code = "closed"


class Numbered(exceptions.APIException):
    """An error whose detail holds more than text."""

    status_code = 409

    def __init__(self):
        self.detail = {"code": 1001, "fatal": False, "ratio": 0.5, "missing": None, "items": [1, "two"]}


class Coded(exceptions.APIException):
    """An error with a number that the exception handler writes."""

    status_code = 409

    def __init__(self, number):
        super().__init__("Conflict.")
        self.number = number


ERRORS = {
    "parse": exceptions.ParseError,
    "authentication": exceptions.AuthenticationFailed,
    "anonymous": exceptions.NotAuthenticated,
    "denied": lambda: exceptions.PermissionDenied("Not yours: 100 %s", code="yours"),
    "missing": exceptions.NotFound,
    "method": lambda: exceptions.MethodNotAllowed("GET"),
    "acceptable": exceptions.NotAcceptable,
    "media": lambda: exceptions.UnsupportedMediaType("text/x"),
    "throttled": lambda: exceptions.Throttled(wait=61.2),
    "throttled without end": exceptions.Throttled,
    "server": exceptions.APIException,
    "closed": Closed,
    "numbered": Numbered,
    "http404": lambda: Http404("No such good"),
    "django denied": lambda: PermissionDenied("Not yours"),
    "text": lambda: exceptions.ValidationError("Only text."),
    "list": lambda: exceptions.ValidationError(["One.", "Two."]),
    "tree": lambda: exceptions.ValidationError({"a": [{"b": {"c": ["d", {"e": "f"}]}}, {}], "g": []}),
    "keys": lambda: exceptions.ValidationError({1: ["one"], "ü.[0]": ["odd"], None: "none", False: "no"}),
    "long": lambda: exceptions.ValidationError({str(number): ["ü" * 1000] for number in range(150)}),
    "lines": lambda: exceptions.ValidationError("a\r\nb\x00{braces} %(percent)s"),
}


class Failing(APIView):
    def get(self, request, kind):
        error = ERRORS[kind]()
        raise error

    post = get


class Exploding(APIView):
    def get(self, request):
        raise ValueError("a fault of the view")


class Private(APIView):
    permission_classes = [permissions.IsAuthenticated]

    def get(self, request):
        return Response({"user": request.user.username, "staff": request.user.is_staff})


class StaffOnly(Private):
    permission_classes = [permissions.IsAdminUser]


class Throttled(APIView):
    throttle_classes = [throttling.ScopedRateThrottle]
    throttle_scope = "once"

    def get(self, request):
        return Response({"a": 1})


class Narrow(APIView):
    """One renderer, one parser, few methods."""

    renderer_classes = [JSONRenderer]
    parser_classes = [JSONParser]

    def post(self, request):
        return Response(request.data)


def unprocessable(error, context):
    """422 for what is invalid, in an envelope of the project's own."""
    response = exception_handler(error, context)
    if isinstance(error, exceptions.ValidationError):
        codes, view = error.get_codes(), type(context["view"]).__name__
        response = Response(
            {"errors": error.detail, "codes": codes, "view": view}, status=422, headers={"X-Why": "invalid"}
        )
    return response


class Unprocessable(APIView):
    def get_exception_handler(self):
        return unprocessable

    def post(self, request):
        serializer = GoodSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(serializer.validated_data)


def by_class(error, context):
    """An envelope that says which class was raised, and of what is none of DRF's makes an answer too."""
    if isinstance(error, Http404):
        return Response({"lost": str(error)}, status=404)
    if isinstance(error, ValidationError):
        return Response({"invalid": error.messages}, status=400)
    if isinstance(error, Coded):
        return Response({"number": error.number}, status=409)
    return exception_handler(error, context)


class Handled(APIView):
    errors = {
        "http404": lambda: Http404("No such good"),
        "django": lambda: ValidationError(["a", "b"]),
        "coded": lambda: Coded(7),
    }

    def get_exception_handler(self):
        return by_class

    def get(self, request, kind):
        error = self.errors[kind]()
        raise error

    post = get
