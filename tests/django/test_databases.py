from django.db import connections

from strangler_django.serializers.databases import database


def test_two_databases_under_one_alias_have_keys_of_their_own(monkeypatch):
    here = database("default")
    assert here.startswith("default@")
    monkeypatch.setitem(connections["default"].settings_dict, "NAME", "another")
    assert database("default") != here


def test_two_schemas_of_one_database_have_keys_of_their_own(monkeypatch):
    monkeypatch.setattr(connections["default"], "schema_name", "one", raising=False)
    one = database("default")
    monkeypatch.setattr(connections["default"], "schema_name", "two", raising=False)
    assert database("default") != one
