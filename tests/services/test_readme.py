"""The README's service is run as it is printed there."""

import re
from pathlib import Path

import grpc
import pytest

from banyan.catalog.v1 import catalog_pb2, catalog_pb2_grpc
from strangler_protos.identity import METADATA_KEY, Caller, Keyring, sign
from strangler_services.settings import KNOWN, PREFIX

README = (Path(__file__).parents[2] / "services" / "README.md").read_text()
METHOD = "/banyan.catalog.v1.CatalogService/GetCourse"


def test_the_service_runs_as_printed(program_of, tmp_path):
    [code] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (tmp_path / "catalog.py").write_text(code)
    [keys] = re.findall(r"STRANGLER_SERVICE_KEYS='(.*)'", README)
    assert "$ python catalog.py" in README
    with program_of(tmp_path / "catalog.py", KEYS=keys) as service:
        address = service.wait_for("listening")["address"]
        [(kid, key)] = re.findall(r'"(k1)": "(\w+)"', keys)
        with grpc.insecure_channel(address) as channel:
            stub = catalog_pb2_grpc.CatalogServiceStub(channel)

            def get(pk):
                request = catalog_pb2.GetCourseRequest(pk=pk)
                token = sign(
                    Caller(),
                    keyring=Keyring.from_hex({kid: key}),
                    method=METHOD,
                    message=request.SerializeToString(),
                )
                return stub.GetCourse(request, timeout=5, metadata=((METADATA_KEY, token),))

            assert get("1").title == "Soil and water"
            with pytest.raises(grpc.RpcError) as failure:
                get("2")
        assert failure.value.code() is grpc.StatusCode.NOT_FOUND


def test_each_setting_is_in_the_table():
    assert set(re.findall(rf"^\| `{PREFIX}(\w+)`", README, re.MULTILINE)) == KNOWN
