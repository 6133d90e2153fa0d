"""Headless Chromium, driven by the DevTools protocol over two pipes, so that no port and no other library is needed."""

import base64
import itertools
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
]
PIPED_FLAGS = [*FLAGS, "--hide-scrollbars", "--remote-debugging-pipe"]
# Bash puts the pipes where Chromium looks for them; a plain sh knows no descriptor above 9.
PIPED = 'to="$1" from="$2"; shift 2; eval "exec \\"\\$@\\" 3<&$to 4>&$from"'


def chromium() -> str:
    """Where the browser is; without one the test fails, or is skipped where that was asked for."""
    if os.environ.get("STRANGLER_NO_BROWSER") == "1":
        pytest.skip("STRANGLER_NO_BROWSER=1: the report is not looked at in a browser")
    found = shutil.which("chromium")
    if found is None:
        pytest.fail("Chromium is missing: apt-get install -y chromium, or set STRANGLER_NO_BROWSER=1 to skip")
    return found


class Browser:
    """One page of a browser; what it said on its console and asked of the network is remembered."""

    def __init__(self, to: Any, answers: Any) -> None:
        self._to, self._answers = to, answers
        self._numbers = itertools.count(1)
        self._session, self._left = "", b""
        self.events: list[dict[str, Any]] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log", "Accessibility", "DOM"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **parameters: Any) -> Any:
        """Send one command and wait for its result."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._to.write(json.dumps(message).encode() + b"\0")
        self._to.flush()
        while (answer := self._read()).get("id") != number:
            self.events.append(answer)
        assert "error" not in answer, (method, answer)
        return answer["result"]

    def open(
        self, page: Path, *, width: int = 1280, scheme: str = "light", zoom: int = 1, forced: bool = False
    ) -> None:
        """Open a file in a window of this width, with the reader's colour scheme, zoom, and own colours if `forced`."""
        self.events.clear()
        size = {"width": width // zoom, "height": 900 // zoom, "deviceScaleFactor": zoom, "mobile": False}
        self.ask("Emulation.setDeviceMetricsOverride", **size)
        features = {"prefers-color-scheme": scheme, "forced-colors": "active" if forced else "none"}
        media = [{"name": name, "value": value} for name, value in features.items()]
        self.ask("Emulation.setEmulatedMedia", features=media)
        self.ask("Page.navigate", url=page.as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._read())

    def run(self, script: str) -> Any:
        """What an expression is, in the page; it goes past the page's own policy against scripts."""
        answer = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, key: str, *, code: int, text: str = "") -> None:
        """Press a key and let it go."""
        for kind in ("keyDown", "keyUp"):
            said = text if kind == "keyDown" else ""
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, text=said)

    def tree(self) -> list[dict[str, Any]]:
        """The accessibility tree's nodes that a screen reader meets, as `{"role", "name", …}`, in order."""
        nodes = {node["nodeId"]: node for node in self.ask("Accessibility.getFullAXTree")["nodes"]}
        found, waiting = [], [next(iter(nodes))]
        while waiting:
            node = nodes[waiting.pop()]
            found += [] if node["ignored"] else [_node(node)]
            waiting += reversed([child for child in node.get("childIds", ()) if child in nodes])
        return found

    def asked(self) -> list[str]:
        """Addresses that the page asked for, apart from itself."""
        requests = [event for event in self.events if event.get("method") == "Network.requestWillBeSent"]
        urls = [event["params"]["request"]["url"] for event in requests]
        return [url for url in urls[1:] if not url.startswith("data:")]

    def said(self) -> list[str]:
        """What the page wrote on the console, and what the browser logged about it."""
        kinds = {"Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"}
        return [json.dumps(event["params"]) for event in self.events if event.get("method") in kinds]

    def picture(self, file: Path, *, height: int | None = None) -> None:
        """Write a PNG of the whole page, or of its first `height` pixels."""
        size = self.ask("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": height or size["height"], "scale": 1}
        taken = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        file.write_bytes(base64.b64decode(taken["data"]))

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._left:
            more = self._answers.read1(1_000_000)
            assert more, "Chromium ended"
            self._left += more
        text, _, self._left = self._left.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        return message


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A browser with a profile of its own, which ends with the block."""
    (theirs_in, to), (answers, theirs_out) = os.pipe(), os.pipe()
    command = ["bash", "-c", PIPED, "bash", str(theirs_in), str(theirs_out), chromium(), *PIPED_FLAGS]
    process = subprocess.Popen(
        [*command, f"--user-data-dir={profile}", "about:blank"],
        pass_fds=(theirs_in, theirs_out),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs_in)
    os.close(theirs_out)
    with os.fdopen(to, "wb") as writing, os.fdopen(answers, "rb") as reading:
        try:
            yield Browser(writing, reading)
        finally:
            process.terminate()
            process.wait(20)


def _node(node: dict[str, Any]) -> dict[str, Any]:
    properties = {each["name"]: each["value"].get("value") for each in node.get("properties", [])}
    return {
        "role": node["role"]["value"],
        "name": node.get("name", {}).get("value", ""),
        "description": node.get("description", {}).get("value", ""),
        **properties,
    }
