from http import HTTPStatus

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangler_protos.status import GRPC_OF_HTTP, HTTP_OF_GRPC, grpc_code, http_status

ROWS = [
    (400, "INVALID_ARGUMENT"),
    (401, "UNAUTHENTICATED"),
    (403, "PERMISSION_DENIED"),
    (404, "NOT_FOUND"),
    (405, "UNIMPLEMENTED"),
    (406, "INVALID_ARGUMENT"),
    (409, "ABORTED"),
    (410, "NOT_FOUND"),
    (412, "FAILED_PRECONDITION"),
    (415, "INVALID_ARGUMENT"),
    (422, "INVALID_ARGUMENT"),
    (429, "RESOURCE_EXHAUSTED"),
    (501, "UNIMPLEMENTED"),
    (503, "UNAVAILABLE"),
    (504, "DEADLINE_EXCEEDED"),
]


@pytest.mark.parametrize(("status", "code"), ROWS)
def test_an_applications_status_has_its_grpc_code(status, code):
    assert grpc_code(status).name == code


def test_each_row_of_the_table_is_tested():
    assert [status for status, _ in ROWS] == sorted(GRPC_OF_HTTP)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (302, "FAILED_PRECONDITION"),
        (402, "FAILED_PRECONDITION"),
        (418, "FAILED_PRECONDITION"),
        (499, "FAILED_PRECONDITION"),
        (500, "INTERNAL"),
        (502, "INTERNAL"),
        (599, "INTERNAL"),
    ],
)
def test_an_unlisted_status_goes_by_its_class(status, code):
    assert grpc_code(status).name == code


@pytest.mark.parametrize("code", grpc.StatusCode)
def test_a_failure_of_the_infrastructure_is_504_in_time_trouble_and_503_else(code):
    late = code in (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED)
    assert http_status(code) == (HTTPStatus.GATEWAY_TIMEOUT if late else HTTPStatus.SERVICE_UNAVAILABLE)


def test_the_channels_unauthenticated_is_never_a_401():
    assert HTTPStatus.UNAUTHORIZED not in HTTP_OF_GRPC.values()


@given(st.integers(min_value=300, max_value=999))
def test_no_error_status_becomes_a_success(status):
    assert grpc_code(status) is not grpc.StatusCode.OK
