"""Which modules a view rests on, in a small project of its own."""

import sys
from pathlib import Path

import pytest

from strangler_django.endpoints import walk_endpoints
from strangler_shadow import sources
from strangler_shadow.sources import code_digest, own_modules

FILES = {
    "shop/__init__.py": "",
    "shop/views.py": "import json\nfrom rest_framework import serializers\nfrom . import models\n"
    "from .prices import (\n    RATE,\n)\n\ndef view(request):\n    from shop.late import later\n",
    "shop/models.py": "import shop.deep.sums as sums, os\n",
    "shop/prices.py": "RATE = 2\n",
    "shop/late.py": "def later(): ...\n",
    "shop/deep/__init__.py": "",
    "shop/deep/sums.py": "from ..prices import RATE\nfrom ...beyond import nothing\nfrom .. import rounding as r\n",
    "shop/rounding.py": "from strangler_router import policy\n",
    "shop/unrelated.py": "",
}


@pytest.fixture
def shop(tmp_path, monkeypatch):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    forget()
    yield tmp_path
    forget()


def forget():
    """As another process would find it."""
    for found in (sources._digest, sources._file, sources._own_folders):
        found.cache_clear()


def digest():
    forget()
    return sources._digest(frozenset(["shop.views"]), tuple(sys.path))


def test_imports_are_followed_however_they_are_written(shop):
    expected = {name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in FILES}
    assert own_modules(["shop.views"]).keys() == expected - {"shop.unrelated"}


@pytest.mark.parametrize("name", [name for name in FILES if name != "shop/unrelated.py"])
def test_a_change_of_any_module_that_is_imported_is_a_change(shop, name):
    before = digest()
    (shop / name).write_text(FILES[name] + "# changed\n")
    assert digest() != before


def test_a_change_elsewhere_is_none(shop):
    before = digest()
    (shop / "shop/unrelated.py").write_text("# changed\n")
    assert digest() == before


def test_installed_packages_and_the_framework_are_no_own_modules(shop):
    assert own_modules(["rest_framework.views", "strangler_router.policy", "json", ""]) == {}


def test_an_endpoint_rests_on_its_view_and_on_what_the_route_hands_to_it():
    digests = {endpoint.id: code_digest(endpoint) for endpoint in walk_endpoints()}
    assert digests["v1:course-list.get"] == digests["v1:course-lessons.get"]
    assert digests["v1:course-list.get"] != digests["v1:enrolment-detail.get"]
    [endpoint] = walk_endpoints("tests.shadow.urls_generic")
    found = own_modules(sources.roots_of(endpoint))
    assert found["academy.catalog.models"] == Path("core_django/academy/catalog/models.py").resolve()
