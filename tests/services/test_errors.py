import grpc
import pytest
from rest_framework import exceptions

from strangler_protos.v1 import http_pb2
from strangler_services import drf_error, exact_reply, text
from strangler_services.errors import STATUS_OF_DRF


@pytest.mark.parametrize("name", STATUS_OF_DRF)
def test_the_status_of_an_exception_is_drfs_own(name):
    assert getattr(exceptions, name).status_code == STATUS_OF_DRF[name]
    assert drf_error(name).status == STATUS_OF_DRF[name]


def test_every_exception_of_drf_is_known():
    named = {
        name
        for name, item in vars(exceptions).items()
        if isinstance(item, type) and issubclass(item, exceptions.APIException)
    }
    assert named == set(STATUS_OF_DRF)


def test_a_detail_nests_as_drfs_do():
    error = drf_error("ValidationError", {"title": ["Too long."], "tags": {"0": [text("Is %(what)s.", what="odd")]}})
    detail = error.http_error.drf.detail
    title, tags = detail.map.entries
    assert (title.key, title.detail.list.items[0].text.message) == ("title", "Too long.")
    assert dict(tags.detail.map.entries[0].detail.list.items[0].text.named) == {"what": "odd"}


def test_what_is_filled_into_a_message_travels_as_the_message_writes_it():
    of_django = text("Is %(what)s.", what="odd").text
    of_drf = text("At most {max_value}.", code="max_value", max_value="5").text
    assert (dict(of_django.named), dict(of_django.braced)) == ({"what": "odd"}, {})
    assert (dict(of_drf.named), dict(of_drf.braced), of_drf.code) == ({}, {"max_value": "5"}, "max_value")


def test_throttled_says_how_long():
    assert drf_error("Throttled", wait=2.5).http_error.drf.wait == 2.5
    assert not drf_error("Throttled").http_error.drf.HasField("wait")


def test_a_name_that_drf_lacks_is_refused():
    with pytest.raises(ValueError, match="'Missing' is no exception of DRF; known are APIException"):
        drf_error("Missing")


def test_the_rich_status_carries_the_answer():
    status = exact_reply(410, b"gone").rich_status()
    assert status.code == grpc.StatusCode.NOT_FOUND.value[0]
    error = http_pb2.HttpError()
    assert status.details[0].Unpack(error)
    assert (error.exact.status, error.exact.body) == (410, b"gone")
