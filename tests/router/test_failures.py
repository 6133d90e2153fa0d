import json

import pytest
from django.core.exceptions import BadRequest, SuspiciousOperation, TooManyFieldsSent
from django.http.multipartparser import MultiPartParserError
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st
from rest_framework import exceptions
from rest_framework.exceptions import APIException, ErrorDetail

from strangler_protos.v1 import http_pb2
from strangler_router.failures import Refusal, exception_of, message_of, reply_of
from strangler_services import drf_error, text

pytestmark = pytest.mark.django_db

URLS = "tests.router.urls_replies"


class Teapot(APIException):
    status_code = 418
    default_detail = "Short and stout."
    default_code = "teapot"


@pytest.fixture
def answers(project, move, service, monkeypatch):
    """The monolith's answer to an exception that its view raises, and the router's to the message for it."""
    from rest_framework.test import APIClient

    from tests.router.urls_replies import Thing

    project(URLS, ["thing.get"])

    def ask(exception, message=None, **headers):
        error = http_pb2.HttpError(drf=message or message_of(exception))
        service.reply = lambda call: reply_of(error)
        monkeypatch.setattr(Thing, "raised", exception)
        found = []
        for stage in ("monolith", "service"):
            move("thing.get", stage)
            response = APIClient().get("/thing/", **headers)
            found.append((response.status_code, dict(response.items()), response.content))
        return found

    return ask


@pytest.mark.parametrize(
    "exception",
    [
        exceptions.ParseError(),
        exceptions.AuthenticationFailed(),
        exceptions.NotAuthenticated(),
        exceptions.PermissionDenied(),
        exceptions.PermissionDenied("Own words.", "own"),
        exceptions.NotFound(),
        exceptions.MethodNotAllowed("PUT"),
        exceptions.NotAcceptable(),
        exceptions.UnsupportedMediaType("text/plain"),
        exceptions.Throttled(wait=7.2),
        exceptions.Throttled(),
        exceptions.APIException(),
        exceptions.ValidationError("one"),
        exceptions.ValidationError(["one", "two"]),
        exceptions.ValidationError({"title": ["one"], "nested": {"deep": ["two", {"deeper": ["three"]}]}}),
        exceptions.ValidationError([{}, {"title": ["one"]}, {}]),
        exceptions.ValidationError({"title": []}),
        exceptions.ValidationError({}),
        exceptions.ValidationError([]),
        exceptions.ValidationError({"100 %": ["100 % of %s, %(name)s"]}),
        Teapot(),
        Teapot({"own": ["shape"]}),
    ],
    ids=repr,
)
@pytest.mark.parametrize("language", ["en", "de"])
def test_an_exception_of_the_service_is_answered_as_if_the_view_had_raised_it(answers, exception, language):
    monolith, router = answers(exception, HTTP_ACCEPT_LANGUAGE=language)
    assert router == monolith


def test_a_custom_exception_handler_runs(answers, settings):
    settings.REST_FRAMEWORK = {
        **settings.REST_FRAMEWORK,
        "EXCEPTION_HANDLER": "tests.router.urls_replies.loud_handler",
    }
    monolith, router = answers(exceptions.NotFound())
    assert router == monolith
    assert json.loads(router[2]) == {"error": {"detail": "Not found."}, "view": "Thing"}


def test_not_authenticated_gets_the_view_s_challenge(answers):
    _, (status, headers, _) = answers(exceptions.NotAuthenticated())
    assert (status, headers["WWW-Authenticate"]) == (401, 'Basic realm="api"')


def test_throttled_says_when_to_come_back(answers):
    _, (status, headers, _) = answers(exceptions.Throttled(wait=7.2))
    assert (status, headers["Retry-After"]) == (429, "8")


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Not found."), ("de", "Nicht gefunden."), ("fr", "Non trouvé.")]
)
def test_a_service_s_msgid_is_translated_into_the_caller_s_language(answers, language, words):
    message = drf_error("NotFound", text("Not found.")).http_error.drf
    _, (status, headers, body) = answers(None, message, HTTP_ACCEPT_LANGUAGE=language)
    assert (status, headers["Content-Language"]) == (404, language)
    assert json.loads(body) == {"detail": words}


def test_arguments_are_put_in_after_the_translation(answers):
    detail = {
        "title": [text("Ensure this field has no more than {max_length} characters.")],
        "pk": [text("No %(verbose_name)s found matching the query", verbose_name="course")],
        "list": [text("Expected a list of items but got type %s.", "str")],
    }
    _, (status, _, body) = answers(None, drf_error("ValidationError", detail).http_error.drf, HTTP_ACCEPT_LANGUAGE="de")
    assert status == 400
    assert json.loads(body)["pk"] == ["Konnte keine course mit diesen Parametern finden."]
    assert json.loads(body)["list"] == ["Expected a list of items but got type str."]


@pytest.mark.parametrize(
    ("name", "status", "detail"),
    [
        ("NotFound", 404, {"detail": "Not found."}),
        ("PermissionDenied", 403, {"detail": "You do not have permission to perform this action."}),
        ("ValidationError", 400, ["Invalid input."]),
        ("Throttled", 429, {"detail": "Request was throttled. Expected available in 3 seconds."}),
    ],
)
def test_an_error_without_a_detail_has_drf_s_own(answers, name, status, detail):
    wait = 3 if name == "Throttled" else None
    _, (found, _, body) = answers(None, drf_error(name, wait=wait).http_error.drf)
    assert (found, json.loads(body)) == (status, detail)


def test_throttled_without_wait_or_detail(answers):
    _, (status, headers, body) = answers(None, drf_error("Throttled").http_error.drf)
    assert (status, "Retry-After" in headers) == (429, False)
    assert json.loads(body) == {"detail": "Request was throttled."}


@pytest.mark.parametrize("name", ["Nonsense", "nowhere.Nonsense", "os", "ErrorDetail", "APIException.x", ""])
def test_an_unknown_exception_keeps_the_status_that_was_sent(name):
    message = http_pb2.DrfError(exception=name, status=409)
    message.detail.text.message = "Own words."
    exception = exception_of(message)
    assert type(exception) is APIException
    assert (exception.status_code, exception.detail) == (409, "Own words.")


def test_a_project_s_own_exception_is_found_again_by_its_dotted_name():
    exception = exception_of(message_of(Teapot()))
    assert type(exception) is Teapot
    assert exception.get_codes() == "teapot"


def test_words_that_a_view_did_not_translate_are_not_translated_on_the_way():
    with translation.override("de"):
        exception = exception_of(message_of(exceptions.ValidationError({"state": ["Not found."]})))
    assert exception.detail == {"state": ["Not found."]}


details = st.recursive(
    st.builds(ErrorDetail, st.text(), st.sampled_from(["invalid", "required", "", "ü"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(details)
def test_every_detail_survives_the_wire_with_its_codes(detail):
    sent = exceptions.APIException()
    sent.detail = detail
    message = http_pb2.DrfError.FromString(message_of(sent).SerializeToString())
    back = exception_of(message)
    assert back.detail == detail
    assert back.get_codes() == sent.get_codes()


BRACED = [
    (text("Ensure this value is less than or equal to {max_value}.", max_value="5"),
     "Stelle sicher, dass dieser Wert kleiner oder gleich 5 ist."),
    (text("Surrogate characters are not allowed: U+{code_point:X}.", code_point="D800"),
     "Ersatzzeichen sind nicht erlaubt: U+D800."),
    (text('Unsupported media type "{media_type}" in request.', media_type="{x} %s"),
     'Nicht unterstützter Medientyp "{x} %s" in der Anfrage.'),
]  # fmt: skip


@pytest.mark.parametrize(("detail", "expected"), BRACED)
def test_messages_of_drf_are_translated_before_they_are_filled(detail, expected):
    with translation.override("de"):
        exception = exception_of(drf_error("ValidationError", [detail]).http_error.drf)
    assert exception.detail == [expected]


def test_keys_of_details_are_spelled_as_json_spells_them(answers):
    detail = {None: ["a"], 1: ["b"], False: ["c"], 2.5: ["d"], "ü": ["e"]}
    monolith, service = answers(exceptions.ValidationError(detail))
    assert service == monolith
    assert list(json.loads(service[2])) == ["null", "1", "false", "2.5", "ü"]


@pytest.mark.parametrize(
    ("raised", "answered"),
    [
        (TooManyFieldsSent("a=1"), TooManyFieldsSent),
        (BadRequest("secret"), BadRequest),
        (MultiPartParserError("boundary"), MultiPartParserError),
        (type("Tampered", (SuspiciousOperation,), {})("id 7"), SuspiciousOperation),
    ],
)
def test_what_django_answers_itself_is_raised_anew_without_its_text(raised, answered):
    error = http_pb2.HttpError(drf=message_of(Refusal.of(raised)))
    found = reply_of(http_pb2.HttpError.FromString(error.SerializeToString())).exception
    assert (type(found), found.status_code, type(found.raised())) == (Refusal, 400, answered)
    assert not set(map(str, raised.args)) & set(str(found.raised()).split())
