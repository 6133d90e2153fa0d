import subprocess
import sys
from typing import Any

import pytest
from django.test import RequestFactory
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from academy.catalog.models import Course
from academy.catalog.serializers import CourseSerializer
from strangler_django import metrics
from strangler_django.serializers import reads
from strangler_django.serializers.reads import Read
from tests.django.conftest import Redis, cached_list, context_of, make_course

SERIALIZER = "academy.catalog.serializers.CourseSerializer"


def value(name: str, **labels: str) -> float:
    found = REGISTRY.get_sample_value(f"strangler_serializer_{name}", {"serializer": SERIALIZER} | labels)
    return found or 0.0


@pytest.fixture
def grown() -> Any:
    """What a sample has grown by since the test began."""
    before: dict[Any, float] = {}
    for family in REGISTRY.collect():
        for sample in family.samples:
            before[sample.name, frozenset(sample.labels.items())] = sample.value

    def growth(name: str, **labels: str) -> float:
        labels = {"serializer": SERIALIZER} | labels
        return value(name, **labels) - before.get((f"strangler_serializer_{name}", frozenset(labels.items())), 0.0)

    return growth


def test_a_process_counts_from_its_start() -> None:
    assert metrics.note in reads.listeners
    metrics.connect()
    assert reads.listeners.count(metrics.note) == 1


def test_a_cold_and_a_warm_list_are_counted(cached: Redis, grown: Any) -> None:
    for _ in range(3):
        make_course()
    cached_list()
    assert (grown("objects_total"), grown("hits_total"), grown("misses_total")) == (3, 0, 3)
    assert grown("fills_total") > 0
    assert grown("queries_total") > 0
    trips = grown("redis_round_trips_total")
    cached_list()
    assert (grown("objects_total"), grown("hits_total"), grown("misses_total")) == (6, 3, 3)
    assert grown("redis_round_trips_total") == trips + 1
    assert grown("reads_total") == grown("read_seconds_count") == 2
    assert 0 < grown("read_seconds_sum") < 10


def test_batches_are_counted_by_field_and_size(cached: Redis, grown: Any) -> None:
    for _ in range(3):
        make_course()
    cached_list()
    assert grown("batch_keys_count", field="lesson_count") == 1
    assert grown("batch_keys_sum", field="lesson_count") == 3
    assert grown("batch_keys_bucket", field="lesson_count", le="2.0") == 0
    assert grown("batch_keys_bucket", field="lesson_count", le="5.0") == 1


def test_stale_values_are_counted(cached: Redis, grown: Any) -> None:
    course = make_course()
    cached_list()
    course.title = "Renamed"
    course.save()
    cached_list()
    assert grown("stale_total") > 0


def test_bypasses_are_counted_by_reason(cached: Redis, grown: Any) -> None:
    make_course()
    assert CourseSerializer([Course.objects.get()], many=True, context=context_of()).json()
    annotated = Course.objects.extra(select={"one": "1"})
    assert CourseSerializer(annotated, many=True, context=context_of()).json()
    samples = [sample for family in REGISTRY.collect() for sample in family.samples]
    reasons = {
        sample.labels["reason"]
        for sample in samples
        if sample.name == "strangler_serializer_bypasses_total" and sample.labels["serializer"] == SERIALIZER
    }
    assert reasons
    assert sum(grown("bypasses_total", reason=reason) for reason in reasons) >= 1


def test_names_that_never_end_become_one_series(monkeypatch: pytest.MonkeyPatch) -> None:
    for limited in ("_serializers", "_reasons", "_fields"):
        monkeypatch.setattr(metrics, limited, metrics._Names(2))
    monkeypatch.setattr(metrics, "_series", {})
    before = REGISTRY.get_sample_value("strangler_serializer_reads_total", {"serializer": "other"}) or 0
    for number in range(5):
        metrics.note(Read(serializer=f"made.Up{number}", bypass=f"reason {number}", batches=[(f"field{number}", 1)]))
    assert REGISTRY.get_sample_value("strangler_serializer_reads_total", {"serializer": "made.Up1"}) == 1
    assert REGISTRY.get_sample_value("strangler_serializer_reads_total", {"serializer": "made.Up2"}) is None
    assert REGISTRY.get_sample_value("strangler_serializer_reads_total", {"serializer": "other"}) == before + 3
    others = {"serializer": "other", "reason": "other"}
    assert REGISTRY.get_sample_value("strangler_serializer_bypasses_total", others) == 3
    others = {"serializer": "other", "field": "other"}
    assert REGISTRY.get_sample_value("strangler_serializer_batch_keys_count", others) == 3
    assert list(metrics._series) == ["made.Up0", "made.Up1", "other"]


def test_the_view_shows_what_prometheus_reads(cached: Redis) -> None:
    make_course()
    cached_list()
    response = metrics.exposition(RequestFactory().get("/metrics"))
    assert response["Content-Type"].startswith("text/plain")
    families = {family.name: family for family in text_string_to_metric_families(response.content.decode())}
    [objects] = [
        sample
        for sample in families["strangler_serializer_objects"].samples
        if sample.name.endswith("_total") and sample.labels == {"serializer": SERIALIZER}
    ]
    assert objects.value == value("objects_total")


def test_metric_names_keep_to_the_conventions() -> None:
    mine = [family for family in REGISTRY.collect() if family.name.startswith("strangler_")]
    assert len(mine) == 13
    for family in mine:
        assert family.documentation.endswith(".")
        assert family.type in ("counter", "histogram")


PREFORK = """
import os
import django
django.setup()
from django.test import RequestFactory
from strangler_django.metrics import exposition
from strangler_django.serializers.reads import Read, tell
children = []
for number in (1, 2):
    pid = os.fork()
    if pid == 0:
        tell(Read(serializer="shop.Serializer", objects=number, seconds=0.1, bypass="annotations"))
        os._exit(0)
    children.append(pid)
for pid in children:
    assert os.waitpid(pid, 0)[1] == 0
print(exposition(RequestFactory().get("/")).content.decode())
"""


def test_workers_that_were_forked_are_summed(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    done = subprocess.run([sys.executable, "-c", PREFORK], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert 'strangler_serializer_objects_total{serializer="shop.Serializer"} 3.0' in done.stdout
    assert 'strangler_serializer_read_seconds_count{serializer="shop.Serializer"} 2.0' in done.stdout


def test_without_the_package_nothing_is_imported() -> None:
    program = (
        "import sys\n"
        "from importlib.abc import MetaPathFinder\n"
        "class Missing(MetaPathFinder):\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == 'prometheus_client': raise ModuleNotFoundError(name)\n"
        "import importlib.util\n"
        "found = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *rest: None if name == 'prometheus_client' else found(name, *rest)\n"
        "sys.meta_path.insert(0, Missing())\n"
        "import django\n"
        "django.setup()\n"
        "from strangler_django.serializers import reads\n"
        "assert reads.listeners == [], reads.listeners\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
