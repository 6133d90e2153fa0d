from strangler_shadow.fields import OWN_NAMES, declared_names


def test_a_contract_declares_its_fields_nested_ones_included():
    names = declared_names("v1:course-list.get")
    assert {"results", "title", "educator", "photo", "topics", "slug"} <= names
    assert "bio" not in names


def test_an_endpoint_without_a_contract_declares_its_serializer_s_fields(settings):
    declared_names.cache_clear()
    settings.STRANGLER = {**settings.STRANGLER, "CONTRACTS": [], "LIFTED": {"v1:course-detail.get": "SERVICE"}}
    assert {"title", "educator", "photo", "level_label"} <= declared_names("v1:course-detail.get")
    declared_names.cache_clear()


def test_an_endpoint_that_nobody_knows_declares_nothing():
    assert declared_names("nowhere.get") == OWN_NAMES
