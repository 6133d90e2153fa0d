"""The README's service is run as it is printed there."""

import re
import sqlite3
from contextlib import closing
from io import StringIO
from pathlib import Path

import grpc
import pytest
from django.core.management import call_command

from banyan.catalog.v1 import catalog_pb2, catalog_pb2_grpc
from strangler_django.serializers.databases import database
from strangler_protos.identity import METADATA_KEY, Caller, Keyring, sign
from strangler_services.settings import KNOWN, PREFIX
from tests.django.conftest import Redis

README = (Path(__file__).parents[2] / "services" / "README.md").read_text()
CODE = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
METHOD = "/banyan.catalog.v1.CatalogService/GetCourse"


def test_the_service_runs_as_printed(program_of, tmp_path):
    code, _ = CODE
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


def test_the_writer_runs_as_printed(tmp_path):
    _, code = CODE
    file = tmp_path / "academy.sqlite3"
    with closing(sqlite3.connect(file)) as rows, closing(Redis()) as redis:
        rows.execute("CREATE TABLE learning_review (id, course_id)")
        rows.execute("INSERT INTO learning_review VALUES (1, 5)")
        rows.execute("CREATE TABLE strangler_django_journalrow (model, row, token, settled, written_at)")
        rows.commit()
        names = {"__name__": "printed"}
        replaced = code.replace("academy.sqlite3", str(file)).replace("redis://127.0.0.1:6379", redis.url)
        exec(replaced, names)
        names["correct"](1, 6)
        assert rows.execute("SELECT course_id FROM learning_review").fetchall() == [(6,)]
        keys = {key.decode().partition(":stamp:")[2] for key in redis.client.scan_iter()}
        assert keys == {
            f"default@0123456789ab:{name}" for name in ("catalog.course:5", "catalog.course:6", "learning.review[~]:1")
        }
        redis.kill()
        names["correct"](1, 7)
        journalled = rows.execute("SELECT model, row FROM strangler_django_journalrow ORDER BY row")
        assert journalled.fetchall() == [("catalog.course", "6"), ("catalog.course", "7")]
        names["engine"].dispose()


def test_what_strangler_stamps_prints_is_what_it_prints():
    out = StringIO()
    call_command("strangler_stamps", "learning.Review", stdout=out)
    assert out.getvalue().replace(database("default"), "default@0123456789ab") in README


def test_each_setting_is_in_the_table():
    assert set(re.findall(rf"^\| `{PREFIX}(\w+)`", README, re.MULTILINE)) == KNOWN
