import pytest
from django.core.checks import run_checks

from strangler_router import flags
from strangler_router.conf import Settings
from strangler_router.policy import Flag, Stage

URLS = "tests.router.urls_refused"
MIDDLEWARE = "strangler_router.middleware.RouterMiddleware"
CATALOG = "banyan.catalog.v1.CatalogService"
LIFT = "strangler.v1.Lift"
KEYS = {LIFT: {"one": "00" * 32}}


@pytest.fixture
def check(settings):
    """Our messages of `manage.py check --database default`, as (id, message)."""

    def run(databases=None, urlconf=URLS, **values):
        settings.ROOT_URLCONF = urlconf
        settings.STRANGLER = {"REFRESH": 0, **values}
        return [
            (message.id, message.msg)
            for message in run_checks(databases=databases)
            if message.id.startswith("strangler_router.")
        ]

    return run


def lifted(endpoint="groups.get", **values):
    return {"LIFTED": {endpoint: "SERVICE"}, "BACKEND": lambda binding, rung: None, **values}


def complaints():
    """What is said of the academy, and not of what other tests have declared."""
    ours = [message for message in run_checks() if message.id.startswith("strangler")]
    return [
        message
        for message in ours
        if not message.id.startswith("strangler_django.")
        or getattr(message.obj, "__module__", "").startswith("academy")
    ]


def test_the_academy_has_nothing_to_complain_about(settings):
    assert complaints() == []


def test_no_settings_are_no_error(settings):
    del settings.STRANGLER
    assert complaints() == []


@pytest.mark.parametrize("key", Settings.known_keys())
def test_an_unknown_key_is_an_error_with_what_was_meant(check, key):
    ((id_, message),) = check(**{key[:-1] + "_": "x"})
    assert id_ == "strangler_router.E001"
    assert f"{key[:-1]}_" in message
    assert f"did you mean {key!r}?" in message


def test_settings_that_are_no_dict_are_an_error(settings):
    settings.STRANGLER = ["LIFTED"]
    assert [message.id for message in run_checks() if message.id.startswith("strangler_router")] == [
        "strangler_router.E001"
    ]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("LIFTED", ["groups.get"]),
        ("CONTRACTS", "banyan.catalog.v1.catalog_pb2"),
        ("OBSERVERS", 3),
        ("REFRESH", "fast"),
        ("BUDGET", None),
        ("RPC_TIMEOUT", "2"),
        ("IN_FLIGHT", 1.5),
        ("BODY_LIMIT", True),
        ("KILL_FILE", 1),
        ("BACKEND", 5),
        ("COHORT_KEY", b"session"),
        ("AUTHORITY", "MONOLITH"),
        ("KEYS", [KEYS]),
        ("SHADOW", "all"),
    ],
)
def test_a_value_of_the_wrong_type_is_an_error(check, key, value):
    ((id_, message),) = check(**{key: value})
    assert id_ == "strangler_router.E001"
    assert key in message
    assert repr(value) in message


@pytest.mark.parametrize(
    "targets", [{LIFT: {"lifted": {"adress": "localhost:1"}}}, {LIFT: "localhost:1"}, {LIFT: {"lifted": 5}}]
)
def test_a_target_that_cannot_be_read_is_an_error(check, targets):
    ((id_, message),) = check(TARGETS=targets)
    assert id_ == "strangler_router.E001"
    assert LIFT in message


def test_a_cohort_key_is_session_or_a_header(check):
    ((id_, message),) = check(COHORT_KEY="cookie")
    assert id_ == "strangler_router.E001"
    assert "'cookie' is neither 'session' nor 'header:NAME'" in message
    assert check(COHORT_KEY="session") == []
    assert check(COHORT_KEY="header:X-Device") == []


def test_a_contract_that_cannot_be_imported_is_an_error(check):
    ((id_, message),) = check(CONTRACTS=["nowhere_pb2"])
    assert id_ == "strangler_router.E002"
    assert "nowhere_pb2" in message
    assert "python -m strangler_protos generate" in message


def test_a_contract_for_endpoints_of_another_project_is_an_error(check):
    messages = check(CONTRACTS=["banyan.catalog.v1.catalog_pb2"])
    assert {id_ for id_, _ in messages} == {"strangler_router.E003"}
    assert len(messages) == 6
    assert any("v1:course-list.get is no endpoint of this project" in message for _, message in messages)


def test_a_route_that_the_contract_spells_otherwise_is_an_error(check):
    messages = check(urlconf="tests.router.urls_moved", CONTRACTS=["banyan.catalog.v1.catalog_pb2"])
    assert ("E004", True) in {(id_[-4:], "api/v1/educators/<int:pk>/" in message) for id_, message in messages}
    message = next(message for id_, message in messages if id_.endswith("E004"))
    assert "v1:educator-detail.get" in message
    assert "api/v1/teachers/<int:pk>/" in message


@pytest.mark.parametrize(
    ("number", "endpoint", "authority"),
    [
        ("E003", "nowhere.get", "SERVICE"),
        ("E005", "twin.get", "SERVICE"),
        ("E007", "plain.get", "SERVICE"),
        ("E008", "asynchronous.get", "SERVICE"),
        ("E009", "careless.get", "SERVICE"),
        ("E010", "guarded.get", ""),
        ("E011", "filtered.get", "MONOLITH"),
        ("E012", "counted.get", "SERVICE"),
        ("W001", "cached.get", "SERVICE"),
    ],
)
def test_each_refusal_is_a_system_check(check, number, endpoint, authority):
    ((id_, message),) = check(**lifted() | {"LIFTED": {endpoint: authority}})
    assert id_ == f"strangler_router.{number}"
    assert endpoint in message


def test_an_endpoint_that_is_bound_twice_is_bound_to_nothing(check, settings):
    from strangler_router.table import bind

    values = {"CONTRACTS": ["banyan.catalog.v1.catalog_pb2"], "LIFTED": {"v1:educator-detail.get": "SERVICE"}}
    ((id_, message),) = check(urlconf="academy.urls", BACKEND=lambda binding, rung: None, **values)
    assert id_ == "strangler_router.E006"
    assert "v1:educator-detail.get is bound twice" in message
    bound = {binding.id for binding, _ in bind().pairs}
    assert len(bound) == 5
    assert "v1:educator-detail.get" not in bound


def test_a_service_needs_an_address(check):
    ((id_, message),) = check(LIFTED={"groups.get": "SERVICE"}, KEYS=KEYS)
    assert id_ == "strangler_router.E013"
    assert f"groups.get is bound to {LIFT}" in message
    assert "STRANGLER['TARGETS']" in message


def test_a_service_off_loopback_needs_tls(check):
    values = {"LIFTED": {"groups.get": "SERVICE"}, "KEYS": KEYS}
    ((id_, message),) = check(TARGETS={LIFT: {"lifted": "catalog.example:50051"}}, **values)
    assert id_ == "strangler_router.E013"
    assert "catalog.example:50051 is not on loopback, so TLS is required" in message
    assert check(TARGETS={LIFT: {"lifted": {"address": "catalog.example:50051", "ca": "ca.pem"}}}, **values) == []
    for local in ("127.0.0.1:1", "localhost:1", "[::1]:1", "unix:/tmp/socket"):
        assert check(TARGETS={LIFT: {"lifted": local}}, **values) == []


@pytest.mark.parametrize("keys", [{}, {LIFT: {}}, {LIFT: {"one": "00"}}, {LIFT: {"one": "no hex"}}, {LIFT: {"one": 3}}])
def test_a_service_needs_a_key(check, keys):
    ((id_, message),) = check(LIFTED={"groups.get": "SERVICE"}, TARGETS={LIFT: {"lifted": "127.0.0.1:1"}}, KEYS=keys)
    assert id_ == "strangler_router.E013"
    assert f"STRANGLER['KEYS'][{LIFT!r}]" in message


def test_the_service_s_time_must_leave_some_for_a_fallback(check):
    ((id_, message),) = check(RPC_TIMEOUT=3, BUDGET=3)
    assert id_ == "strangler_router.E014"
    assert "RPC_TIMEOUT (3 s)" in message
    assert check(RPC_TIMEOUT=2.9, BUDGET=3) == []


def test_bindings_without_the_middleware_are_an_error(check, settings):
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != MIDDLEWARE]
    ((id_, message),) = check(**lifted())
    assert id_ == "strangler_router.E015"
    assert MIDDLEWARE in message
    assert check() == []


def test_the_middleware_should_be_the_last(check, settings):
    settings.MIDDLEWARE = [MIDDLEWARE, *(name for name in settings.MIDDLEWARE if name != MIDDLEWARE)]
    ((id_, message),) = check(**lifted())
    assert id_ == "strangler_router.W002"
    assert "the last of MIDDLEWARE" in message


@pytest.mark.parametrize("key", ["GATE", "TENANT", "BACKEND"])
def test_a_callable_that_does_not_import_is_an_error(check, key):
    ((id_, message),) = check(**{key: "nowhere.function"})
    assert id_ == "strangler_router.E018"
    assert key in message
    assert "nowhere" in message


def test_an_observer_that_does_not_import_is_an_error(check):
    ((id_, message),) = check(OBSERVERS=["strangler_router.types.Observe"])
    assert id_ == "strangler_router.E018"
    assert "OBSERVERS" in message


def append(endpoint, stage=Stage.SERVICE, **values):
    flags.append(Flag(endpoint=endpoint, stage=stage, **values), who="test", why="test")


@pytest.mark.django_db
def test_a_flag_of_an_endpoint_that_is_gone_is_an_error(check):
    append("group.get")
    append("grups.get")
    ((id_, message),) = check(databases=["default"])
    assert id_ == "strangler_router.E016"
    assert "grups.get names no endpoint any more; did you mean 'groups.get'?" in message
    assert "strangler cutover grups.get --stage monolith --mirror 0" in message


@pytest.mark.django_db
def test_a_flag_that_went_back_may_outlive_its_endpoint(check):
    append("grups.get")
    append("grups.get", Stage.MONOLITH)
    assert check(databases=["default"]) == []


@pytest.mark.django_db
def test_flags_are_read_only_where_the_database_is_checked(check, django_assert_num_queries):
    append("grups.get")
    with django_assert_num_queries(0):
        assert check() == []


@pytest.mark.django_db
def test_a_mirrored_write_is_an_error(check):
    append("groups.post", Stage.MONOLITH, mirror=1)
    append("groups.get", Stage.MONOLITH, mirror=1)
    ((id_, message),) = check(databases=["default"])
    assert id_ == "strangler_router.E017"
    assert "groups.post" in message
    assert "strangler cutover groups.post --mirror 0" in message
