"""Follows the page that extracts an endpoint, on a copy of the academy."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.end_to_end.demo.processes import free_port

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "services/docs/extracting.md").read_text()
BLOCK = re.compile(r"```(\w+)(?: file=(\S+))?\n(.*?)```", re.DOTALL)


def test_the_page_works_as_it_is_written(tmp_path):
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("core_django/academy", "protos/banyan", "protos/gen"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignore)
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": ":".join(str(tmp_path / name) for name in ("core_django", "protos/gen", "services")),
        "DJANGO_SETTINGS_MODULE": "academy.settings",
        "ACADEMY_STATE": str(tmp_path / "state"),
        "ACADEMY_TOPICS": f"127.0.0.1:{free_port()}",
        "ACADEMY_TOPICS_TYPED": f"127.0.0.1:{free_port()}",
    }

    def run(script: str) -> str:
        done = subprocess.run(
            ["bash", "-c", f"set -e\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n{script}"],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=110, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run(f"python {ROOT}/core_django/manage.py migrate -v0; python {ROOT}/core_django/manage.py seed --courses 12")
    served = []
    for kind, file, text in BLOCK.findall(PAGE):
        commands = [line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ ")]
        if file:
            with (tmp_path / file).open("a") as target:
                target.write(f"\n{text}")
        elif kind == "console" and not served and "pytest" not in text:
            shown = run("\n".join(commands)).splitlines()
            expected = [line for line in text.splitlines() if not line.startswith("$ ") and line != "…"]
            assert [line for line in expected if line not in shown] == []
        elif kind == "console":
            served += commands
        elif kind == "proto":
            assert text.strip() in (tmp_path / "protos/banyan/topics/v1/topics.proto").read_text()
    reach = "(echo > /dev/tcp/${STRANGLER_SERVICE_ADDRESS/:/\\/}) 2>/dev/null"
    wait = f"for _ in $(seq 100); do {reach} && break; sleep 0.1; done"
    served = [each for line in served for each in ([line, wait] if line.endswith("&") else [line])]
    served.append(
        'python -c "import django; django.setup(); from django.test import Client; '
        "r = Client().get('/api/v1/topics/'); pin = r.wsgi_request.strangler_pin; "
        'print(r.status_code, pin.decision.side.value, pin.fell_back, len(r.json()))"'
    )
    shown = run("\n".join(served))
    assert shown.count("EQUIVALENT  exit code 0") == 2, shown
    assert 'queryset = Topic.objects.annotate(course_count=Count("courses"))' in shown
    assert re.search(r"^200 service False \d+$", shown, re.MULTILINE), shown
