"""`strangler endpoints`, `cutover` and `explain` as Django commands."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from strangler_django.verb import UsageError
from strangler_router import flags
from strangler_router.gate import Judgement, Verdict
from strangler_router.models import FlagChange
from strangler_router.policy import Flag, Rung, Stage
from strangler_router.snapshot import KILL_VARIABLE
from strangler_router.switch import bucket

pytestmark = pytest.mark.django_db

NAME = "v1:educator-detail.get"
CATALOG = "banyan.catalog.v1.CatalogService"


def run(verb, *arguments):
    out = StringIO()
    call_command(f"strangler_{verb}", *arguments, stdout=out)
    return out.getvalue()


def cutover(*arguments, why="test"):
    return run("cutover", *arguments, "--why", why)


def flag(name=NAME):
    return flags.read_policy().flag(name)


def refused(*arguments, **options):
    before = FlagChange.objects.count()
    with pytest.raises(UsageError) as error:
        cutover(*arguments, **options)
    assert error.value.returncode == 64
    assert FlagChange.objects.count() == before
    return str(error.value)


asked = []


def gate(endpoint, *, stage, basis_points, rung):
    asked.append((endpoint, stage, basis_points, rung))
    verdict = Verdict[gate.verdict]
    return Judgement(verdict=verdict, reason="12 calls differ", evidence="report 7")


@pytest.fixture
def gated(settings):
    """Install the gate with a verdict; returns what it is asked."""

    def use(verdict):
        asked.clear()
        gate.verdict = verdict
        settings.STRANGLER = {**settings.STRANGLER, "GATE": "tests.router.test_commands.gate"}
        return asked

    return use


def test_endpoints_lists_the_project_with_bindings_and_flags(move):
    move(NAME, "canary", basis_points=250, mirror=10_000, rung="native")
    rows = {row["endpoint"]: row for row in json.loads(run("endpoints", "--format", "json"))}
    assert rows[NAME] == {
        "endpoint": NAME,
        "method": "GET",
        "route": "api/v1/educators/<int:pk>/",
        "binding": f"/{CATALOG}/GetEducator",
        "stage": "canary",
        "percent": 2.5,
        "mirror": 100.0,
        "rung": "native",
        "rungs": "lifted native",
    }
    assert rows["v1:token.post"]["binding"] == ""
    assert rows["v1:course-list.get"]["stage"] == "monolith"


def test_endpoints_can_leave_out_what_is_not_bound():
    bound = json.loads(run("endpoints", "--bound", "--format", "json"))
    assert len(bound) == 6
    assert all(row["binding"] for row in bound)


def test_a_lifted_endpoint_is_listed_as_generic(settings):
    settings.STRANGLER = {**settings.STRANGLER, "LIFTED": {"v1:token.post": "SERVICE"}}
    rows = {row["endpoint"]: row for row in json.loads(run("endpoints", "--format", "json"))}
    assert rows["v1:token.post"]["binding"] == "generic"


def test_the_table_of_endpoints_is_not_cut_off_where_nobody_looks():
    table = run("endpoints")
    for word in ("endpoint", "mirror", NAME, f"/{CATALOG}/GetEducator", "api/v1/courses/(?P<pk>[^/.]+)/lessons/$"):
        assert word in table


def test_endpoints_looks_into_the_database_once(django_assert_num_queries):
    with django_assert_num_queries(1):
        run("endpoints")


def test_cutover_moves_an_endpoint_and_keeps_who_and_why():
    assert cutover(
        NAME, "--stage", "canary", "--percent", "5", "--mirror", "10.5", "--rung", "native", "--who", "ada"
    ) == (f"{NAME}: monolith, mirror 0 %, rung lifted -> canary 5 %, mirror 10.5 %, rung native\n")
    assert flag() == Flag(endpoint=NAME, stage=Stage.CANARY, basis_points=500, mirror=1050, rung=Rung.NATIVE)
    change = FlagChange.objects.get()
    assert (change.who, change.why) == ("ada", "test")


def test_cutover_keeps_what_it_was_not_told_to_change():
    cutover(NAME, "--stage", "canary", "--percent", "5", "--mirror", "10", "--rung", "native", "--seed", "shop")
    cutover(NAME, "--percent", "20")
    assert flag() == Flag(
        endpoint=NAME, stage=Stage.CANARY, basis_points=2000, mirror=1000, rung=Rung.NATIVE, seed="shop"
    )
    cutover(NAME, "--stage", "service")
    assert (flag().stage, flag().basis_points, flag().mirror) == (Stage.SERVICE, 0, 1000)
    cutover(NAME, "--stage", "monolith", "--mirror", "0")
    assert (flag().stage, flag().mirror, flag().rung) == (Stage.MONOLITH, 0, Rung.NATIVE)
    assert FlagChange.objects.count() == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["v1:educator.get", "--stage", "service"], f"'v1:educator.get' is not bound; did you mean {NAME!r}?"),
        (["nonsense", "--stage", "service"], "see `strangler endpoints`"),
        ([NAME, "--stage", "half"], "invalid choice: 'half'"),
        ([NAME, "--stage", "canary"], "--stage canary needs --percent"),
        ([NAME, "--percent", "5"], "--percent counts in stage canary only, and the stage is monolith"),
        ([NAME, "--stage", "service", "--percent", "5"], "--percent counts in stage canary only"),
        ([NAME, "--stage", "canary", "--percent", "101"], "invalid percentage (0 to 100) value: '101'"),
        ([NAME, "--mirror", "-1"], "percentage"),
        ([NAME, "--mirror", "nan"], "invalid percentage (0 to 100) value: 'nan'"),
        ([NAME, "--mirror", "inf"], "invalid percentage (0 to 100) value: 'inf'"),
        ([NAME, "--rung", "typed", "--stage", "service"], "has no rung typed"),
        ([NAME, "--stage", "retired"], "only an endpoint in stage service can be retired"),
        ([NAME, "--seed", "x" * 301], "--seed: Ensure this value has at most 300 characters"),
        (["--stage", "service"], "required: ID"),
        ([NAME, "--stages", "service"], "unrecognized arguments: --stages"),
    ],
)
def test_a_wrong_argument_is_refused_readably(arguments, message):
    assert message in refused(*arguments)


def test_a_change_needs_a_reason():
    with pytest.raises(CommandError, match="--why"):
        run("cutover", NAME, "--stage", "service")
    assert "--why: This field cannot be blank." in refused(NAME, "--stage", "service", why="")


def test_a_write_is_never_mirrored(settings):
    settings.STRANGLER = {"LIFTED": {"v1:course-reviews.post": "SERVICE"}, "REFRESH": 0}
    assert "POST is not safe" in refused("v1:course-reviews.post", "--mirror", "1")


def test_a_retired_endpoint_was_in_stage_service_before():
    cutover(NAME, "--stage", "service")
    cutover(NAME, "--stage", "retired")
    assert flag().stage is Stage.RETIRED
    cutover(NAME, "--stage", "service")


def test_a_flag_whose_endpoint_is_gone_can_only_go_back(move):
    move("gone.get", "service")
    assert "can only go back: --stage monolith --mirror 0" in refused("gone.get", "--mirror", "5")
    cutover("gone.get", "--stage", "monolith")
    assert flag("gone.get").stage is Stage.MONOLITH


def test_the_gate_is_asked_before_a_step_forward(gated):
    asked = gated("EQUIVALENT")
    cutover(NAME, "--stage", "canary", "--percent", "5")
    cutover(NAME, "--percent", "10")
    cutover(NAME, "--stage", "service")
    assert asked == [
        (NAME, "canary", 500, "lifted"), (NAME, "canary", 1000, "lifted"), (NAME, "service", 0, "lifted"),
    ]  # fmt: skip
    assert set(FlagChange.objects.values_list("evidence", flat=True)) == {"report 7"}


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict is not Verdict.EQUIVALENT])
def test_a_step_that_the_gate_refuses_is_not_made_and_exits_with_its_verdict(gated, verdict):
    gated(verdict.name)
    with pytest.raises(CommandError) as error:
        cutover(NAME, "--stage", "service")
    assert error.value.returncode == verdict.value
    assert f"the gate says {verdict.name}: 12 calls differ" in str(error.value)
    assert not FlagChange.objects.exists()


def test_a_step_back_and_a_mirror_ask_nobody(gated, move):
    asked = gated("DIVERGED")
    cutover(NAME, "--mirror", "100")
    move(NAME, "service")
    cutover(NAME, "--stage", "canary", "--percent", "50")
    cutover(NAME, "--percent", "5")
    cutover(NAME, "--stage", "monolith")
    cutover(NAME, "--rung", "native")
    assert asked == []


def test_users_of_the_service_meet_a_higher_rung_only_with_the_gate_s_word(gated, move):
    asked = gated("DIVERGED")
    move(NAME, "service", rung="lifted")
    with pytest.raises(CommandError, match="the gate says DIVERGED"):
        cutover(NAME, "--rung", "native")
    with pytest.raises(CommandError, match="the gate says DIVERGED"):
        cutover(NAME, "--stage", "canary", "--percent", "1", "--rung", "native")
    assert asked == [(NAME, "service", 0, "native"), (NAME, "canary", 100, "native")]
    assert flag().rung is Rung.LIFTED
    move(NAME, "service", rung="native")
    cutover(NAME, "--rung", "lifted")
    assert (len(asked), flag().rung) == (2, Rung.LIFTED)


def test_a_forced_step_is_made_and_its_history_says_what_the_gate_said(gated):
    gated("DIVERGED")
    cutover(NAME, "--stage", "service", "--force", why="the old one loses money")
    change = FlagChange.objects.get()
    assert (change.stage, change.why) == ("service", "the old one loses money")
    assert change.evidence == "forced: the gate said DIVERGED: 12 calls differ (report 7)"


def test_force_changes_nothing_where_the_gate_agrees(gated):
    gated("EQUIVALENT")
    cutover(NAME, "--stage", "service", "--force")
    assert FlagChange.objects.get().evidence == "report 7"


def test_of_several_endpoints_none_moves_where_the_gate_refuses_one(gated, monkeypatch):
    other = "v1:course-list.get"
    gated("EQUIVALENT")
    words = {NAME: Verdict.EQUIVALENT, other: Verdict.INCONCLUSIVE}
    monkeypatch.setattr(
        "tests.router.test_commands.gate", lambda name, **_: Judgement(verdict=words[name], reason="too few")
    )
    with pytest.raises(CommandError, match="INCONCLUSIVE: too few"):
        cutover(NAME, other, "--stage", "service")
    assert not FlagChange.objects.exists()


@pytest.fixture
def explained(user):
    def ask(*arguments):
        return json.loads(run("explain", NAME, "--format", "json", *arguments))

    return ask


def test_explain_says_who_answers_and_why(explained, move, user):
    place = bucket(NAME, f"user:{user.pk}")
    move(NAME, "canary", basis_points=place + 1, rung="native")
    answer = explained("--user", "user")
    assert (answer["answered by"], answer["subject"], answer["bucket"]) == ("service", f"user:{user.pk}", place)
    assert answer["because"] == f"canary: bucket {place} is below {place + 1}"
    assert (answer["rung"], answer["target"]) == ("native", "127.0.0.1:50051")
    assert "by test: test" in answer["last change"]
    assert explained("--user", str(user.pk)) == answer
    assert explained()["answered by"] == "monolith"


def test_explain_knows_the_authority_of_the_rung(move):
    name = "v1:enrolment-detail.get"
    for rung, authority in (("lifted", "MONOLITH"), ("native", "SERVICE")):
        move(name, rung=rung)
        assert json.loads(run("explain", name, "--format", "json"))["authority"] == authority


def test_explain_knows_the_kill_switch(explained, move, monkeypatch):
    move(NAME)
    monkeypatch.setenv(KILL_VARIABLE, "1")
    assert explained()["because"] == "the kill switch is on"


def test_explain_of_an_endpoint_that_never_moved(explained):
    answer = explained()
    assert (answer["answered by"], answer["stage"], answer["last change"]) == ("monolith", "monolith", "never set")


def test_explain_prints_one_line_for_each_fact():
    lines = run("explain", NAME).splitlines()
    assert lines[0].split() == ["endpoint", NAME]
    assert lines[1].split() == ["answered", "by", "monolith"]


@pytest.mark.parametrize("who", ["nobody", "0", "99999999999999999999"])
def test_explain_refuses_a_user_who_does_not_exist(who):
    with pytest.raises(UsageError, match=f"there is no user '{who}'"):
        run("explain", NAME, "--user", who)


def test_explain_refuses_an_endpoint_that_is_not_bound():
    with pytest.raises(UsageError, match="is not bound, so the monolith answers"):
        run("explain", "v1:token.post")
