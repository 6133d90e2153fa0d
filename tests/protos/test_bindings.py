import importlib

import pytest

from strangler_protos.bindings import GENERIC_RPC, Authority, generic_binding, read_contract, snake_case
from strangler_protos.errors import ContractError
from strangler_protos.v1 import lift_pb2


def test_a_contract_is_read_into_one_binding_for_each_rpc_with_an_endpoint(compiled):
    thing, numbers = read_contract(compiled)
    messages = importlib.import_module(compiled)
    assert (thing.id, thing.route, thing.http_method) == ("thing-detail.get", "things/<pk>/", "GET")
    assert (thing.rpc, thing.service) == ("/every_slot.Things/GetThing", "every_slot.Things")
    assert (thing.request, thing.response) == (messages.GetThingRequest, messages.Thing)
    assert (thing.success_status, thing.authority) == (203, Authority.MONOLITH)
    assert (thing.path_fields, thing.query_fields) == (("pk",), (("page_size", "page-size"),))
    assert (numbers.id, numbers.success_status, numbers.authority) == ("number-list.get", 200, Authority.UNDECLARED)
    assert (thing.is_safe, thing.is_generic) == (True, False)


def test_an_array_is_the_documents_top_level(compiled):
    numbers = read_contract(compiled)[1]
    for document in ([1, 2], [], None, {"items": [1]}, [2**63], "text"):
        message = numbers.response.FromString(numbers.encode(document).SerializeToString())
        assert numbers.decode(message) == document
    assert list(numbers.encode([1, 2]).items) == [1, 2]


def test_the_academys_contract_binds_its_six_endpoints():
    found = {binding.id: binding.rpc.rpartition("/")[2] for binding in read_contract("banyan.catalog.v1.catalog_pb2")}
    assert found == {
        "v1:course-list.get": "ListCourses",
        "v1:course-detail.get": "GetCourse",
        "v1:course-lessons.get": "ListLessons",
        "v1:course-reviews.post": "CreateReview",
        "v1:educator-detail.get": "GetEducator",
        "v1:enrolment-detail.get": "GetEnrolment",
    }


@pytest.mark.parametrize("name", ["no.such_pb2", "strangler_protos.v1.http_pb2"])
def test_a_contract_that_cannot_be_imported_names_the_remedy(name):
    with pytest.raises(ContractError, match=f"{name!r} cannot be imported .*python -m strangler_protos generate"):
        read_contract(name)


def test_an_endpoint_without_a_contract_travels_through_the_generic_rpc():
    binding = generic_binding(id="x.post", route="x/", http_method="POST", authority=Authority.SERVICE)
    assert (binding.rpc, binding.service, binding.is_generic) == (GENERIC_RPC, "strangler.v1.Lift", True)
    assert (binding.request, binding.response) == (lift_pb2.CallRequest, lift_pb2.CallResponse)
    assert (binding.encode, binding.decode, binding.is_safe) == (None, None, False)


NAMES = [("Course", "course"), ("ListCoursesResponse", "list_courses_response"), ("HTTPError", "http_error"),
         ("Level2Entry", "level2_entry"), ("course", "course")]  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), NAMES)
def test_message_names_become_function_names(name, expected):
    assert snake_case(name) == expected
