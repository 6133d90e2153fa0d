import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from strangler_router import flags
from strangler_router.models import FlagChange
from strangler_router.policy import Flag, Rung, Stage

pytestmark = pytest.mark.django_db


def append(endpoint="a.get", **values):
    return flags.append(Flag(endpoint=endpoint, **values), who="ada", why="because")


def test_a_change_keeps_who_when_why_and_evidence():
    flags.append(Flag(endpoint="a.get", stage=Stage.CANARY, basis_points=5), who="ada", why="try", evidence="report 7")
    change = FlagChange.objects.get()
    assert (change.who, change.why, change.evidence) == ("ada", "try", "report 7")
    assert change.at is not None
    assert str(change).startswith("a.get: canary (ada, ")


def test_an_endpoint_s_newest_change_is_its_flag():
    append(stage=Stage.CANARY, basis_points=500)
    append("b.get", stage=Stage.SERVICE, rung=Rung.NATIVE, seed="shared", mirror=10)
    newest = append(stage=Stage.MONOLITH)
    policy = flags.read_policy()
    assert policy.revision == newest.pk
    assert policy.flag("a.get") == Flag(endpoint="a.get")
    assert policy.flag("b.get") == Flag(
        endpoint="b.get", stage=Stage.SERVICE, rung=Rung.NATIVE, seed="shared", mirror=10
    )
    assert not policy.killed


@pytest.mark.parametrize("count", [0, 1, 50])
def test_the_policy_is_one_query(django_assert_num_queries, count):
    for number in range(count):
        append(f"{number % 7}.get", mirror=number)
    with django_assert_num_queries(1):
        policy = flags.read_policy()
    assert len(policy.flags) == min(count, 7)


@pytest.mark.parametrize(
    "values", [{"basis_points": 10_001}, {"mirror": 10_001}, {"basis_points": -1}, {"endpoint": "x" * 301}]
)
def test_a_value_out_of_range_is_not_appended(values):
    with pytest.raises(ValidationError):
        append(**values)
    assert not FlagChange.objects.exists()


@pytest.mark.parametrize("values", [{"who": "", "why": "because"}, {"who": "ada", "why": ""}])
def test_a_change_without_a_name_or_a_reason_is_not_appended(values):
    with pytest.raises(ValidationError):
        flags.append(Flag(endpoint="a.get"), **values)


@pytest.mark.parametrize("values", [{"basis_points": 10_001}, {"mirror": 10_001}])
def test_the_database_holds_the_range_too(values):
    change = FlagChange(endpoint="a.get", stage="canary", rung="lifted", who="ada", why="because", **values)
    with pytest.raises(IntegrityError), transaction.atomic():
        change.save()


def test_a_change_can_be_neither_changed_nor_deleted():
    change = append(stage=Stage.SERVICE)
    change.stage = "monolith"
    for forbidden in (
        change.save,
        change.delete,
        FlagChange.objects.all().delete,
        lambda: FlagChange.objects.update(stage="monolith"),
        lambda: FlagChange.objects.filter(pk=change.pk).delete(),
        lambda: FlagChange.objects.bulk_update([change], ["stage"]),
    ):
        with pytest.raises(TypeError, match="append-only"), transaction.atomic():
            forbidden()
    assert flags.read_policy().flag("a.get").stage is Stage.SERVICE


def test_a_new_row_does_not_replace_one_of_the_same_key(monkeypatch):
    change = append(stage=Stage.SERVICE)
    again = FlagChange(
        pk=change.pk, endpoint="a.get", stage="monolith", rung="lifted", who="eve", why="because", at=change.at
    )
    # Otherwise an UPDATE would fail as well: on the date, which only an INSERT fills in.
    monkeypatch.setattr(FlagChange._meta.get_field("at"), "auto_now_add", False)
    with pytest.raises(IntegrityError), transaction.atomic():
        again.save()
    assert flags.read_policy().flag("a.get").stage is Stage.SERVICE
