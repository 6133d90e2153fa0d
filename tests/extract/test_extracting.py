"""Extraction of the academy's own endpoints, from their views to the committed files."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, load_command_class

from strangler_django.endpoints import walk_endpoints
from strangler_extract.extracting import Place, bound_endpoints, extract
from strangler_extract.lock import KindChanged, Lock, lock_path
from strangler_protos.compiler import generate
from strangler_protos.errors import ContractError

ROOT = Path(__file__).parents[2] / "protos"
SERVICE = "banyan.catalog.v1.CatalogService"
IDS = [
    "v1:course-list.get", "v1:course-detail.get", "v1:course-lessons.get", "v1:course-reviews.post",
    "v1:educator-detail.get", "v1:enrolment-detail.get",
]  # fmt: skip


def endpoints(*ids):
    known = {endpoint.id: endpoint for endpoint in walk_endpoints()}
    return [known[name] for name in ids]


def run(verb, *arguments):
    """Output, errors and exit code of a verb."""
    command = load_command_class("strangler_extract", f"strangler_{verb}")
    command.stdout, command.stderr = type(command.stdout)(StringIO()), type(command.stderr)(StringIO())
    parser = command.create_parser("strangler", f"strangler_{verb}")
    code = 0
    try:
        command.handle(**vars(parser.parse_args(arguments)))
    except SystemExit as error:
        code = error.code
    return command.stdout._out.getvalue(), command.stderr._out.getvalue(), code


def test_extracting_the_academy_from_scratch_gives_the_committed_files(tmp_path):
    place = Place.of(SERVICE, tmp_path)
    extract(endpoints(*IDS), place).write()
    generate(tmp_path, tmp_path / "gen")
    written = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    committed = {path.relative_to(ROOT): path.read_bytes() for path in ROOT.rglob("*catalog*") if path.is_file()}
    committed = {path: content for path, content in committed.items() if "__pycache__" not in path.parts}
    assert written == committed


def test_samples_change_nothing_that_the_academy_declares(academy, tmp_path):
    place = Place.of(SERVICE, tmp_path)
    sampled, declared = (extract(endpoints(*IDS), place, users=users) for users in ([None], []))
    assert sampled.files == declared.files


def test_the_committed_contract_passes_the_check():
    assert run("extract", "--service", SERVICE, "--root", str(ROOT), "--no-samples", "--check") == ("", "", 0)


def test_the_check_names_the_file_that_is_out_of_date(tmp_path):
    place = Place.of(SERVICE, tmp_path)
    extract(endpoints(*IDS), place).write()
    place.proto.write_text(place.proto.read_text().replace("// SlugField", "// CharField"))
    _, said, code = run("extract", "--service", SERVICE, "--root", str(tmp_path), "--no-samples", "--check")
    assert code == 65
    assert said == f"{place.proto}: out of date; run `strangler extract --service {SERVICE}`\n"


def test_endpoints_of_the_contract_stay_in_it_in_their_order(tmp_path):
    place = Place.of(SERVICE, tmp_path)
    extract(endpoints(IDS[4]), place).write()
    arguments = ["--service", SERVICE, "--root", str(tmp_path), "--services", str(tmp_path / "services")]
    run("extract", IDS[0], *arguments, "--tests", str(tmp_path / "tests"), "--no-samples")
    assert bound_endpoints(place) == [IDS[4], IDS[0]]


def test_the_service_package_is_written_once(tmp_path):
    folders = ["--root", str(tmp_path), "--services", str(tmp_path / "services"), "--tests", str(tmp_path / "tests")]
    arguments = [IDS[4], "--service", SERVICE, *folders, "--no-samples"]
    run("extract", *arguments)
    own = tmp_path / "services/catalog_service/service.py"
    own.write_text("# ours\n")
    run("extract", *arguments)
    assert own.read_text() == "# ours\n"


def test_a_field_that_changed_its_kind_is_refused_with_the_choices(tmp_path):
    place = Place.of(SERVICE, tmp_path)
    extract(endpoints(IDS[4]), place).write()
    path = lock_path(place.proto)
    path.write_text(path.read_text().replace('"key": "bio", "kind": "string"', '"key": "bio", "kind": "int64"'))
    with pytest.raises(KindChanged, match="bio"):
        extract(endpoints(IDS[4]), place)


def test_a_field_that_is_gone_leaves_its_number_reserved(tmp_path):
    place = Place.of(SERVICE, tmp_path)
    path = lock_path(place.proto)
    extraction = extract(endpoints(IDS[4]), place)
    extraction.write()
    lock = json.loads(path.read_text())
    lock["Educator"]["9"] = {"key": "twitter", "kind": "string", "name": "twitter"}
    lock["Educator"]["next"] = 10
    path.write_text(json.dumps(lock))
    again = extract(endpoints(IDS[4]), place)
    assert "reserved 9;" in again.files[place.proto]
    again.write()
    assert 9 in Lock.read(path).messages["Educator"].tombstones


def test_an_endpoint_is_dropped_and_one_that_is_gone_is_named(tmp_path):
    place = Place.of(SERVICE, tmp_path)
    folders = ["--root", str(tmp_path), "--services", str(tmp_path / "services"), "--tests", str(tmp_path / "tests")]
    arguments = ["--service", SERVICE, *folders, "--no-samples"]
    run("extract", IDS[4], IDS[5], *arguments)
    run("extract", *arguments, "--drop", IDS[4])
    assert bound_endpoints(place) == [IDS[5]]
    assert len(Lock.read(lock_path(place.proto)).messages["Educator"].tombstones) == 8
    place.proto.write_text(place.proto.read_text().replace(IDS[5], "v1:gone.get"))
    _, said, code = run("extract", *arguments)
    assert code == 65
    assert said.endswith("take it out: --drop v1:gone.get\n")


def test_an_endpoint_has_one_contract(tmp_path):
    first = Place.of(SERVICE, tmp_path)
    extract(endpoints(IDS[4]), first).write()
    with pytest.raises(ContractError, match=r"catalog\.proto binds it already"):
        extract(endpoints(IDS[4]), Place.of("banyan.other.v1.OtherService", tmp_path))


@pytest.mark.parametrize("service", ["Catalog", "banyan.CatalogService", "banyan.catalog.v1.Catalog", ""])
def test_a_name_that_is_no_full_name_of_a_service_is_refused(service, tmp_path):
    with pytest.raises(ContractError, match="full name"):
        Place.of(service, tmp_path)


def test_an_endpoint_that_is_not_there_is_named():
    with pytest.raises(CommandError, match="nope"):
        run("extract", "nope.get", "--service", SERVICE, "--root", str(ROOT), "--no-samples")


def test_inspect_says_what_a_view_is_made_of():
    said, _, code = run("inspect", "v1:course-list.get", "--format", "json")
    [facts] = json.loads(said)
    assert code == 0
    assert facts["verdict"] == "eligible"
    assert facts["query"] == [
        "page", "page_size", "level", "language", "is_free", "min_price", "max_price", "topic", "search", "ordering",
    ]  # fmt: skip
    assert facts["answers with"] == "a list of CourseSerializer (get_serializer())"
    assert facts["pagination"] == ["CoursePagination"]


def test_inspect_lists_every_endpoint():
    said, _, _ = run("inspect")
    assert all(endpoint.id in said for endpoint in walk_endpoints())
