import importlib.util
import sys
from dataclasses import replace

import pytest
from django.core.management import call_command
from rest_framework.generics import ListAPIView

from academy.catalog import views as academy_views
from academy.catalog.models import Educator
from strangler_django.endpoints import walk_endpoints
from strangler_extract.extracting import Place
from strangler_extract.typed_sources import typed_files
from strangler_extract.view_source import view_source
from strangler_protos.errors import ContractError
from strangler_protos.v1.http_pb2 import HttpRequest
from strangler_protos.v1.identity_pb2 import Identity
from strangler_router import lifted
from strangler_router.transcode import call_from
from tests.extract import monolith_views

SERVICE = "banyan.catalog.v1.CatalogService"


def loaded(source, path, name):
    path.write_text(source)
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_copy_has_the_project_s_own_bases_and_every_name_they_use(tmp_path):
    source = view_source(monolith_views.UserList)
    assert source.splitlines()[:6] == [
        "from __future__ import annotations",
        "",
        "import datetime as dt",
        "from django.contrib.auth.models import User",
        "from django.db.models import QuerySet",
        "from rest_framework import generics",
    ]
    assert "from tests.extract.monolith_views import Names, SINCE" in source
    copy = loaded(source, tmp_path / "copied.py", "copied").UserList
    assert copy is not monolith_views.UserList
    assert not issubclass(copy, monolith_views.Newcomers)
    assert issubclass(copy, ListAPIView)
    assert copy.serializer_class is monolith_views.Names
    assert "date_joined" in str(copy().get_queryset().query)


@pytest.mark.parametrize(
    "view", [academy_views.CourseViewSet, academy_views.EducatorDetail], ids=lambda view: view.__name__
)
def test_a_copy_of_the_academy_s_views_says_what_the_view_says(view, tmp_path):
    copy = getattr(loaded(view_source(view), tmp_path / "copied.py", "copied"), view.__name__)
    assert set(vars(copy)) <= set(vars(view))
    assert {"get_queryset", "queryset"} & set(vars(copy))
    assert copy.serializer_class is view.serializer_class


def test_a_class_within_a_function_is_refused():
    with pytest.raises(ContractError, match="not defined at the top of its module"):
        view_source(monolith_views.local_view())


def test_a_class_without_source_is_refused():
    made = type("Made", (ListAPIView,), {"__module__": monolith_views.__name__})
    with pytest.raises(ContractError, match="has no source to read"):
        view_source(made)


def test_a_function_stays_lifted_and_says_why(tmp_path):
    [endpoint] = [found for found in walk_endpoints() if found.id == "v1:course-list.get"]
    function = type(endpoint)(
        id="plain.get", name="plain", route="plain/", http_method="GET", callback=monolith_views.plain,
        view_class=monolith_views.plain.cls, action=None,
    )  # fmt: skip
    place = Place.of(SERVICE, tmp_path)
    files = typed_files(place, [("ListCourses", endpoint), ("GetPlain", function)], services=tmp_path)
    assert files.lifted == {
        "plain.get": "its view is a function below @api_view; override its method in the service's class"
    }
    [typed] = files.generated.values()
    assert "def ListCourses" in typed
    assert "GetPlain" not in typed
    with pytest.raises(ContractError, match="stays lifted"):
        typed_files(place, [("GetPlain", function)], services=tmp_path)


def test_the_copies_are_written_once_and_the_class_each_time(tmp_path, capsys):
    arguments = ["--service", SERVICE, "--root", "protos", "--rung", "typed", "--no-samples"]
    folders = ["--services", str(tmp_path), "--tests", str(tmp_path / "tests")]
    call_command("strangler_extract", *arguments, *folders)
    copy, typed = (tmp_path / "catalog_service" / name for name in ("views/educator_detail.py", "typed.py"))
    copy.write_text(copy.read_text() + "# ours\n")
    typed.write_text("")
    with pytest.raises(SystemExit, match="65"):
        call_command("strangler_extract", *arguments, *folders, "--check")
    assert f"{typed}: out of date" in capsys.readouterr().err
    call_command("strangler_extract", *arguments, *folders)
    call_command("strangler_extract", *arguments, *folders, "--check")
    assert copy.read_text().endswith("# ours\n")
    assert "def GetEducator" in typed.read_text()


@pytest.mark.django_db
def test_the_copy_answers_and_not_the_monolith_s_view(tmp_path):
    call_command("seed", "--courses", "12", verbosity=0)
    source = view_source(academy_views.EducatorDetail).replace(".all()", ".none()")
    copy = loaded(source, tmp_path / "copied.py", "copied").EducatorDetail
    [(binding, endpoint)] = [pair for pair in lifted.bind().pairs if pair[0].id == "v1:educator-detail.get"]
    pk = str(Educator.objects.first().pk)
    http = HttpRequest(method="GET", path=f"/api/v1/educators/{pk}/", host="testserver")
    call = call_from(binding, binding.request(pk=pk, strangler_http=http), Identity())
    assert lifted.hosted_backend(binding, endpoint)(call).status == 200
    assert lifted.hosted_backend(binding, replace(endpoint, view_class=copy))(call).exception.status_code == 404


def test_a_missing_rung_is_said_in_words(tmp_path, monkeypatch, capsys):
    call_command(
        "strangler_extract", "--service", SERVICE, "--root", "protos", "--no-samples",
        "--services", str(tmp_path), "--tests", str(tmp_path / "tests"),
    )  # fmt: skip
    main = loaded((tmp_path / "catalog_service/__main__.py").read_text(), tmp_path / "main.py", "service_main")
    monkeypatch.setattr(sys, "argv", ["catalog_service", "--rung", "typed"])
    assert main.main() == 64
    assert "`strangler extract --rung typed` writes it" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["catalog_service", "--rung", "other"])
    assert main.main() == 64
