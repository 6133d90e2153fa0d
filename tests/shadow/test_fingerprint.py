"""What begins a new epoch, and what does not."""

import os
import subprocess
import sys
from dataclasses import asdict, replace

import pytest
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

from strangler_router.table import build_table
from strangler_shadow import fingerprint
from strangler_shadow.fingerprint import fingerprint_of

LIST, ENROLMENT = "v1:course-list.get", "v1:enrolment-detail.get"
CATALOG = "banyan.catalog.v1.CatalogService"


def test_it_is_the_same_in_another_process_whatever_that_one_has_loaded():
    program = (
        "import django; django.setup()\n"
        "import academy.learning.views\n"
        "from strangler_shadow.fingerprint import fingerprint_of\n"
        f"print(fingerprint_of({LIST!r}, 'native').digest)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=os.environ, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == fingerprint_of(LIST, "native").digest


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"STRANGLER": {"SHADOW": {"BUILDS": {CATALOG: {"native": "4f2a"}}}}}, "build"),
        ({"STRANGLER": {"DROP_HEADERS": ["X-Pass"]}}, "rules"),
        ({"STRANGLER": {"AUTHORITY": {ENROLMENT: "MONOLITH"}}}, "contract"),
        ({"REST_FRAMEWORK": {"COERCE_DECIMAL_TO_STRING": False}}, "code"),
        ({"TIME_ZONE": "Asia/Kolkata"}, "code"),
        ({"STRANGLER": {"SHADOW": {"BUILDS": {CATALOG: {"lifted": "4f2a"}}}}}, ""),
        ({"STRANGLER": {"REFRESH": 3.0}}, ""),
    ],
)
def test_a_change_of_settings_changes_its_part_only(settings, change, part):
    before = fingerprint_of(ENROLMENT, "native")
    for name, values in change.items():
        kept = getattr(settings, name)
        setattr(settings, name, {**kept, **values} if isinstance(kept, dict) else values)
    after = fingerprint_of(ENROLMENT, "native")
    assert after.changed_since(asdict(before)) == ([part] if part else [])
    assert (after.digest == before.digest) == (not part)


def test_each_contract_has_its_own_digest(settings):
    typed = fingerprint_of(LIST, "native").contract
    assert typed != fingerprint_of(ENROLMENT, "native").contract
    settings.STRANGLER = {"LIFTED": {LIST: "SERVICE"}}
    assert fingerprint_of(LIST, "lifted").contract not in {"", typed}


def test_a_message_that_changes_somewhere_below_changes_the_contract():
    [entry] = [entry for entry in build_table().values() if entry.binding.id == LIST]

    def contract(**names):
        binding = replace(entry.binding, response=message_with(**names))
        return fingerprint._contract(binding, binding.authority)

    assert contract(inner="title") == contract(inner="title")
    assert len({contract(inner="title"), contract(inner="name"), contract(inner="title", label="repeated")}) == 3


def message_with(*, inner, label="optional"):
    """A message around another one, whose only field has this name."""
    labels = {"optional": FieldDescriptorProto.LABEL_OPTIONAL, "repeated": FieldDescriptorProto.LABEL_REPEATED}
    file = FileDescriptorProto(name="page.proto", package="page", syntax="proto3")
    below = file.message_type.add(name="Below")
    below.field.add(name=inner, number=1, type=FieldDescriptorProto.TYPE_STRING, label=labels[label])
    page = file.message_type.add(name="Page")
    page.field.add(
        name="below",
        number=1,
        type=FieldDescriptorProto.TYPE_MESSAGE,
        type_name=".page.Below",
        label=labels["optional"],
    )
    pool = DescriptorPool()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName("page.Page"))


def test_of_an_endpoint_that_is_gone_only_the_general_parts_are_left():
    found = fingerprint_of("gone.get", "native")
    assert (found.contract, found.code, found.build) == ("", "", "")
    assert found.packages
    assert found.rules
