import pytest
from google.protobuf import descriptor_pb2, descriptor_pool
from hypothesis import given
from hypothesis import strategies as st

from strangler_protos.bindings import read_contract
from strangler_protos.fingerprint import LENGTH, fingerprint, missing_of, named_hashes
from strangler_protos.v1 import options_pb2

[LIST, *_] = read_contract("banyan.catalog.v1.catalog_pb2")


def catalog(change=None):
    """The catalog's ListCourses, its file changed, in a pool of its own."""
    pool = descriptor_pool.DescriptorPool()
    files = [descriptor_pb2.DESCRIPTOR, *_imports(LIST.response.DESCRIPTOR.file), LIST.response.DESCRIPTOR.file]
    for file in {each.name: each for each in files}.values():
        own = descriptor_pb2.FileDescriptorProto()
        file.CopyToProto(own)
        if change is not None and file is files[-1]:
            change(own)
        pool.AddSerializedFile(own.SerializeToString())
    return pool.FindMethodByName(LIST.rpc[1:].replace("/", "."))


def _imports(file):
    for each in file.dependencies:
        yield from _imports(each)
        yield each


def course(file):
    return next(message for message in file.message_type if message.name == "Course")


def names_missing(router, service):
    names = named_hashes(router)
    return sorted(
        names[each] for each in missing_of(fingerprint(named_hashes(router)), fingerprint(named_hashes(service)))
    )


def test_a_contract_agrees_with_itself_and_names_the_rpc_and_each_field_of_both_sides():
    assert fingerprint(named_hashes(catalog())) == fingerprint(named_hashes(catalog()))
    assert {LIST.rpc, "banyan.catalog.v1.Course.title", "banyan.catalog.v1.ListCoursesRequest.page"} <= set(
        named_hashes(catalog()).values()
    )
    assert not any("strangler.v1" in name for name in named_hashes(catalog()).values())


def test_a_service_with_more_fields_keeps_to_an_older_router_and_not_the_other_way():
    def older(file):
        del course(file).field[[field.name for field in course(file).field].index("topics")]

    assert names_missing(catalog(older), catalog()) == []
    lost = names_missing(catalog(), catalog(older))
    assert lost[0] == "banyan.catalog.v1.Course.topics"
    assert all(name.startswith("banyan.catalog.v1.Topic.") for name in lost[1:])


def renumber(field):
    field.number = 900


def retype(field):
    field.type = field.TYPE_BYTES


def rekey(field):
    field.json_name = "other"


@pytest.mark.parametrize("change", [renumber, retype, rekey])
def test_a_field_that_means_something_else_is_missing(change):
    def other(file):
        change(next(field for field in course(file).field if field.name == "title"))

    assert names_missing(catalog(), catalog(other)) == ["banyan.catalog.v1.Course.title"]


def test_another_status_is_another_rpc():
    def accepted(file):
        method = file.service[0].method[0]
        method.options.Extensions[options_pb2.endpoint].success_status = 202

    assert names_missing(catalog(), catalog(accepted)) == [LIST.rpc]


@given(st.sets(st.binary(min_size=LENGTH, max_size=LENGTH)), st.sets(st.binary(min_size=LENGTH, max_size=LENGTH)))
def test_what_is_missing_is_the_difference_of_the_sets(theirs, ours):
    assert set(missing_of(b"".join(sorted(theirs)), b"".join(sorted(ours)))) == theirs - ours


def test_what_is_no_fingerprint_is_refused():
    with pytest.raises(ValueError, match="5 bytes are no fingerprint"):
        missing_of(b"abcde", b"")
