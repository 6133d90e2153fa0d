"""Record playbooks through ara's HTTP API, as its Ansible plugin does; the same ones on each run."""

import json
import urllib.request
import uuid
from dataclasses import dataclass
from typing import Any

__all__ = ["KINDS", "record"]

KINDS = ("playbooks", "plays", "tasks", "hosts", "latesthosts", "results", "files", "records", "labels")
TIME = "2026-01-{:02}T{:02}:{:02}:{:02}.{:06}Z"
PLAYS, TASKS, HOSTS = 2, 3, 3


@dataclass(frozen=True, slots=True)
class Api:
    """ara's API at one address."""

    base: str

    def post(self, kind: str, **fields: Any) -> int:
        """Create an object; returns its id."""
        created: int = self._send("POST", kind, fields)["id"]
        return created

    def patch(self, kind: str, key: int, **fields: Any) -> None:
        """Change an object."""
        self._send("PATCH", f"{kind}/{key}", fields)

    def _send(self, method: str, path: str, fields: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{self.base}/api/v1/{path}",
            method=method,
            data=json.dumps(fields).encode(),
            headers={"Content-Type": "application/json", "Accept": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            found: dict[str, Any] = json.load(response)
            return found


def record(base: str, first: int, count: int) -> None:
    """Record `count` playbooks, numbered from `first`; every fifth has a host that fails."""
    api = Api(base)
    for number in range(first, first + count):
        _playbook(api, number)


def _playbook(api: Api, number: int) -> None:
    day, fails = number % 28 + 1, number % 5 == 4
    playbook = api.post(
        "playbooks",
        name=f"playbook-{number}",
        path=f"/srv/site{number}.yml",
        status="running",
        ansible_version="2.19.0",
        client_version="1.8.0",
        python_version="3.11.7",
        controller=f"ctl{number % 2}",
        user="röot",
        arguments={"check": False, "tags": ["all"], "extra": {"ratio": 0.1, "none": None, "text": "日本 🙂 </script>"}},
        labels=[f"env:{'prod' if number % 2 else 'dev'}", "seed"],
        started=TIME.format(day, 0, 0, 0, 0),
    )
    file = api.post("files", playbook=playbook, path=f"/srv/site{number}.yml", content=f"---\n# {number % 3}\n")
    hosts = [
        api.post("hosts", playbook=playbook, name=f"host{host}", facts={"ansible_distribution": "Debian", "n": host})
        for host in range(HOSTS)
    ]
    for play in range(PLAYS):
        _play(api, playbook, file, hosts, (number, day, play), fails=fails)
    for place, host in enumerate(hosts):
        failed = int(fails and place == HOSTS - 1)
        api.patch("hosts", host, ok=PLAYS * TASKS - failed, failed=failed, changed=0 if place else PLAYS * TASKS)
    api.post("records", playbook=playbook, key="git-sha", value={"sha": str(number) * 7}, type="json")
    api.post("records", playbook=playbook, key="note", value=f"plain text {number}", type="text")
    ended = TIME.format(day, 5, 0, 0, 0)
    api.patch("playbooks", playbook, status="failed" if fails else "completed", ended=ended)


def _play(api: Api, playbook: int, file: int, hosts: list[int], place: tuple[int, int, int], *, fails: bool) -> None:
    _, day, number = place
    started = TIME.format(day, number, 0, 0, 0)
    play = api.post(
        "plays", playbook=playbook, name=f"play-{number}", uuid=_uuid(*place), status="running", started=started
    )
    for step in range(TASKS):
        task = api.post(
            "tasks",
            playbook=playbook,
            play=play,
            file=file,
            name=f"task-{step}",
            action="command",
            lineno=step + 2,
            tags=["always"],
            handler=False,
            status="running",
            uuid=_uuid(*place, step),
            warnings=["careful"] if step == 1 else [],
            deprecations=[],
            exceptions=[],
            started=TIME.format(day, number, step, 0, 0),
        )
        for index, host in enumerate(hosts):
            failed = fails and step == TASKS - 1 and index == HOSTS - 1
            api.post(
                "results",
                playbook=playbook,
                play=play,
                task=task,
                host=host,
                delegated_to=[hosts[0]] if index == 1 and step == 0 else [],
                status="failed" if failed else "ok",
                changed=index == 0,
                ignore_errors=False,
                content={"msg": f"result {number}/{step}/{index}", "rc": int(failed)},
                started=TIME.format(day, number, step, 0, 100_000 * index),
                ended=TIME.format(day, number, step, 0, 100_000 * index + 50_000),
            )
        api.patch("tasks", task, status="completed", ended=TIME.format(day, number, step, 0, 900_000))
    api.patch("plays", play, status="completed", ended=TIME.format(day, number, 30, 0, 0))


def _uuid(*place: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(map(str, place))))
