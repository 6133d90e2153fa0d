"""The wheel, installed beside a project that has folders of the same names as ours."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.protos.conftest import CONTRACT

ROOT = Path(__file__).parents[2]
PACKAGES = [
    "strangler_django", "strangler_extract", "strangler_protos", "strangler_router", "strangler_services",
    "strangler_shadow",
]  # fmt: skip
WALK = """
import importlib, json, pkgutil, sys
import router, services
packages = sys.argv[1:]
modules = {}
for name in packages:
    package = importlib.import_module(name)
    modules[name] = package.__file__
    for found in pkgutil.walk_packages(package.__path__, name + "."):
        if ".management.commands." not in found.name and not found.name.endswith("__main__"):
            modules[found.name] = importlib.import_module(found.name).__file__
print(json.dumps({"modules": modules, "project": [router.__file__, services.__file__]}))
"""
SETTINGS = """
SECRET_KEY = "test"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "strangler_django", "strangler_router",
                  "strangler_shadow", "strangler_extract"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "project.sqlite3"}}
ROOT_URLCONF = "router.urls"
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    [found] = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


@pytest.fixture(scope="module")
def project(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with `router` and `services` packages of its own, and a virtual environment with the wheel."""
    folder = tmp_path_factory.mktemp("project")
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    [site] = (folder / "venv" / "lib").glob("python*/site-packages")
    # What the wheel depends on comes from this environment; its own editable install is a .pth file that is not read.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    installer = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--ignore-installed"]
    target = ["--prefix", str(folder / "venv")]
    subprocess.run([*installer, *target, str(wheel)], check=True, capture_output=True)
    for name in ("router", "services"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text("")
    (folder / "router" / "urls.py").write_text("urlpatterns = []\n")
    (folder / "project_settings.py").write_text(SETTINGS)
    return folder


def run(project: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "project_settings",
        "PYTHONPATH": str(project),
        "HOME": str(project),
    }
    program = [str(project / "venv" / "bin" / command[0]), *command[1:]]
    return subprocess.run(program, cwd=project, env=environment, capture_output=True, text=True, check=False)


def test_the_wheel_holds_the_framework_and_nothing_else(names):
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == set(PACKAGES)
    assert [name for name in names if "academy" in name or "catalog_service" in name or "banyan" in name] == []
    # `testing` is for the project's own tests.
    assert [name for name in names if Path(name).name.startswith(("test_", "conftest"))] == []


def test_it_is_typed_and_carries_protos_templates_and_migrations(names):
    wanted = [f"{package}/py.typed" for package in PACKAGES]
    wanted += [f"strangler_protos/v1/{name}.proto" for name in ("http", "identity", "lift", "options")]
    wanted += [f"strangler_protos/v1/{name}_pb2.pyi" for name in ("http", "identity", "lift", "options")]
    wanted += ["strangler_shadow/reports/report.html.j2", "strangler_shadow/reports/report.css"]
    wanted += [f"{package}/migrations/0001_initial.py" for package in PACKAGES if f"{package}/models.py" in names]
    assert set(wanted) - set(names) == set()
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_every_module_is_imported_from_the_wheel_beside_the_projects_own_packages(project):
    walk = f"import django; django.setup()\n{WALK}"
    result = run(project, "python", "-W", "error", "-c", walk, *PACKAGES)
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert len(found["modules"]) > 60
    venv_folder = str(project / "venv")
    assert [name for name, file in found["modules"].items() if not (file or venv_folder).startswith(venv_folder)] == []
    assert found["project"] == [str(project / name / "__init__.py") for name in ("router", "services")]


def test_the_command_line_works(project):
    result = run(project, "strangler", "--help")
    assert result.returncode == 0, result.stderr
    for verb in ("cutover", "endpoints", "explain", "host", "shadow", "verify"):
        assert f"  {verb}" in result.stdout
    assert run(project, "strangler", "verify", "--help").returncode == 0
    assert run(project, "strangler", "verify").returncode == 64


def test_a_contract_is_compiled_with_the_protos_that_the_wheel_carries(project):
    (project / "protos" / "shop").mkdir(parents=True)
    (project / "protos" / "shop" / "items.proto").write_text(CONTRACT.format(package="shop"))
    for arguments in (["generate"], ["generate", "--check"]):
        result = run(project, "python", "-m", "strangler_protos", *arguments)
        assert result.returncode == 0, result.stderr
    assert (project / "protos" / "gen" / "shop" / "items_codec.py").exists()


def test_its_tables_are_made_by_migrate(project):
    result = run(project, "python", "-m", "django", "migrate", "--verbosity", "0")
    assert result.returncode == 0, result.stderr
    assert run(project, "python", "-m", "django", "makemigrations", "--check").returncode == 0
