from strangler_shadow.fields import OWN_NAMES, declared_names


def test_a_contract_declares_its_fields_nested_ones_included():
    names = declared_names("v1:course-list.get")
    assert {"results", "title", "educator", "photo", "topics", "slug"} <= names
    assert "bio" not in names


def test_an_endpoint_without_a_contract_declares_its_serializer_s_fields(settings):
    settings.STRANGLER = {**settings.STRANGLER, "CONTRACTS": [], "LIFTED": {"v1:course-detail.get": "SERVICE"}}
    assert {"title", "educator", "photo", "level_label"} <= declared_names("v1:course-detail.get")


def test_other_settings_and_other_urls_declare_other_fields(settings):
    settings.STRANGLER = {**settings.STRANGLER, "CONTRACTS": [], "LIFTED": {"plain.get": "SERVICE"}}
    assert declared_names("plain.get") == OWN_NAMES
    settings.ROOT_URLCONF = "tests.shadow.urls_mirror"
    assert {"level", "price"} <= declared_names("plain.get")
    settings.STRANGLER = {**settings.STRANGLER, "LIFTED": {}}
    assert declared_names("plain.get") == OWN_NAMES


def test_an_endpoint_that_nobody_knows_declares_nothing():
    assert declared_names("nowhere.get") == OWN_NAMES
