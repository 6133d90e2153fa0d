from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from rest_framework import serializers

from academy.catalog.models import Course
from strangler_django import checks
from strangler_django.serializers import Cache, CachedModelSerializer, batched, registry


@pytest.fixture(autouse=True)
def own_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_plans", {})
    monkeypatch.setattr(registry, "refusals", {})


def found() -> list[tuple[str | None, str]]:
    return [
        (m.id, m.msg)
        for m in run_checks()
        if (m.id or "").startswith("strangler_django.") and "Serializer" in str(m.obj)
    ]


def serializer(meta: dict[str, Any] | None = None, **fields: Any) -> type[CachedModelSerializer]:
    options = {"model": Course, "fields": ["id", *fields], "cache": Cache()} | (meta or {})
    return type("CourseSerializer", (CachedModelSerializer,), {"Meta": type("Meta", (), options), **fields})


def with_method(**options: Any) -> Any:
    field = batched(serializers.IntegerField(), **options)
    field.batch(serializers.ModelSerializer.validate)
    return field


def test_a_sound_serializer_passes() -> None:
    serializer(count=with_method(depends_on=["lessons", "educator__courses"]))
    assert found() == []


def test_an_unknown_fresh_field_is_an_error_with_a_guess() -> None:
    serializer({"no_cache_fields": ["idd"]})
    [message] = [m for m in run_checks() if m.id == "strangler_django.E101"]
    assert message.hint == "Did you mean 'id'?"


def test_a_batched_field_without_method_is_an_error() -> None:
    serializer(count=batched(serializers.IntegerField()))
    assert [name for name, _ in found()] == ["strangler_django.E102"]


@pytest.mark.parametrize("path", ["lesson", "title", "lessons__nothing"])
def test_a_path_that_does_not_resolve_is_an_error(path: str) -> None:
    serializer(count=with_method(depends_on=path))
    assert [name for name, _ in found()] == ["strangler_django.E103"]


def test_a_cache_that_cannot_work_is_a_warning() -> None:
    serializer(count=with_method(depends_on="lessons"), nested=NestedSerializer(source="*"))
    assert found()[-1][0] == "strangler_django.W101"
    assert "the nested field 'mine' is fresh" in found()[-1][1]


class NestedSerializer(CachedModelSerializer):
    mine = batched(serializers.IntegerField(), fresh=True)

    class Meta:
        model = Course
        fields = ["mine"]

    @mine.batch
    def find(self, pks: Any) -> dict[int, int]:
        return {}


def test_an_unknown_name_to_vary_by_is_an_error_with_a_guess() -> None:
    serializer({"cache": Cache(vary=["languag"])})
    [message] = [m for m in run_checks() if m.id == "strangler_django.E104"]
    assert message.hint == "Did you mean 'language'?"


def test_a_batched_field_that_varies_by_nothing_known_is_an_error() -> None:
    serializer(count=with_method(vary="tenant"))
    assert [name for name, _ in found()] == ["strangler_django.E104"]


def test_a_list_serializer_that_renders_by_itself_is_a_warning() -> None:
    class Listing(serializers.ListSerializer):
        def to_representation(self, data: Any) -> list[Any]:
            return [self.child.to_representation(item) for item in data]

    class Ordered(serializers.ListSerializer):
        def to_representation(self, data: Any) -> Any:
            return super().to_representation(sorted(data, key=str))

    serializer({"list_serializer_class": Ordered})
    assert found() == []
    serializer({"list_serializer_class": Listing})
    assert [name for name, _ in found()] == ["strangler_django.W105"]


def test_a_table_that_others_write_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    serializer()
    monkeypatch.setattr(Course._meta, "managed", False)
    assert [name for name, _ in found()] == ["strangler_django.W104"]


def test_a_server_without_its_library_is_an_error(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CACHEOPS_REDIS = "unix:///nowhere"
    monkeypatch.setattr(checks, "find_spec", lambda name: None)
    assert [m.id for m in checks.check_redis(None)] == ["strangler_django.E105"]


@pytest.mark.parametrize(("atomic", "messages"), [(True, 1), (False, 0)])
def test_requests_that_are_transactions_are_a_warning(settings: Any, atomic: bool, messages: int) -> None:
    serializer()
    settings.CACHEOPS_REDIS = "unix:///nowhere"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(settings.DATABASES["default"], "ATOMIC_REQUESTS", atomic)
        assert len([m for m in run_checks() if m.id == "strangler_django.W102"]) == messages


def test_fields_that_need_a_request_are_a_warning() -> None:
    def get_fields(self: Any) -> Any:
        return self.context["request"]

    type("DynamicSerializer", (serializer(),), {"get_fields": get_fields})
    assert [name for name, _ in found()] == ["strangler_django.W101"]


@pytest.mark.parametrize("timeout", [0, -1, 86_401])
def test_a_timeout_out_of_range_is_refused(timeout: int) -> None:
    with pytest.raises(ImproperlyConfigured, match="86400"):
        Cache(timeout=timeout)
