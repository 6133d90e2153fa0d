"""Which installed packages evidence on an endpoint rests on."""

import pytest

from strangler_django.endpoints import walk_endpoints
from strangler_shadow import packages
from strangler_shadow.packages import packages_digest


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder of installed packages, in front of all others."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    forget()
    yield folder
    forget()


def forget():
    packages._digest.cache_clear()
    packages._providers.cache_clear()


def installed(folder, name, version, *, requires=()):
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(exist_ok=True)
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    (info / "METADATA").write_text("\n".join([*lines, *(f"Requires-Dist: {line}" for line in requires), ""]))
    (info / "top_level.txt").write_text(name.replace("-", "_") + "\n")
    (info / "RECORD").write_text("")


def digest(of="v1:course-list.get"):
    forget()
    [endpoint] = [endpoint for endpoint in walk_endpoints() if endpoint.id == of]
    return packages_digest(endpoint)


def test_a_tool_that_nothing_imports_makes_no_difference(site):
    before = digest()
    installed(site, "some-dev-tool", "1.0")

    assert digest() == before


def test_another_version_of_what_a_view_imports_does(site):
    before = digest()
    installed(site, "djangorestframework", "0.0.1")

    assert digest() != before


def test_what_is_required_in_turn_counts_and_what_an_extra_requires_does_not(site):
    installed(site, "djangorestframework", "0.0.1", requires=["deep-below (>=1)", 'beside; extra == "docs"'])
    installed(site, "deep-below", "1.0")
    installed(site, "beside", "1.0")
    before = digest()
    installed(site, "beside", "2.0")
    (site / "beside-1.0.dist-info" / "METADATA").unlink()
    assert digest() == before

    (site / "deep_below-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: deep-below\nVersion: 2\n")
    assert digest() != before


def test_of_no_endpoint_what_is_around_every_view_is_left():
    assert packages_digest(None)
    assert {line.partition(" ")[0] for line in packages._versions(["Django", "djangorestframework"])} >= {
        "django",
        "djangorestframework",
        "sqlparse",
    }
