"""The HTML report in a real browser: what the page shows, how wide it is, and that it asks nobody for anything."""

import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from threading import Thread

import pytest
from django.core.management import call_command

from strangler_shadow.reports import write_report
from tests.shadow.browser import FLAGS, chromium
from tests.shadow.page import Page
from tests.shadow.sample_reports import diverged, finding, observation, report, sample

# What Chromium asks its maker, with any page; no flag stops all of it.
OF_THE_BROWSER = re.compile(r"^(https?://)?[\w.-]+\.(google|googleapis|gvt1)\.com[:/]")


@dataclass
class Server:
    """A web server, and a proxy that answers everything itself; it remembers what was asked of it."""

    address: str = ""
    pages: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    known = Server()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known.asked.append(self.path)
            body = known.pages.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body or b"")

        do_CONNECT = do_POST = do_HEAD = do_GET

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as listening:
        known.address = f"127.0.0.1:{listening.server_port}"
        Thread(target=listening.serve_forever, daemon=True).start()
        yield known
        listening.shutdown()


@pytest.fixture
def dom(tmp_path: Path) -> Callable[..., Page]:
    """Open an address in the browser and take apart the page that it made of it."""

    def open_page(address: str, *flags: str) -> Page:
        command = [chromium(), *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", *flags, "--dump-dom", address]
        shown = subprocess.run(command, capture_output=True, check=True, timeout=60)
        return Page(shown.stdout.decode())

    return open_page


def written(tmp_path: Path, found: object = None) -> Path:
    path = tmp_path / "verify.html"
    write_report(found or sample(), "html", path)
    return path


def test_the_page_shows_the_verdict_the_differing_field_and_both_answers_side_by_side(dom, tmp_path):
    page = dom(written(tmp_path).as_uri())
    assert "DIVERGED" in page.text
    assert "At least one call got different answers." in page.text
    assert "GET /api/v1/courses/?ordering=-price&page=1 as learner" in page.text
    rows = [[" ".join(cell.split()) for cell in row] for row in page.rows]
    place = "$.results[*].price values from $.results[5].price"
    assert [place, "type another type", "high", "1", '"129.50"', "49.0"] in rows
    assert ["≠differs", '"price": "129.50"', '"price": 49.0'] in rows
    assert ["≠differs", "status", "401", "403"] in rows
    assert ["+only in the candidate", "", '"unlisted"'] in rows
    assert any(row[0].startswith("41 equal lines") for row in rows if len(row) == 1)


def test_the_page_asks_nobody_for_anything_even_if_a_value_wants_it_to(dom, server, tmp_path):
    wish = (
        '<img src="http://pixel.invalid/a.png"><script src="http://pixel.invalid/a.js"></script>'
        '<link rel="stylesheet" href="http://pixel.invalid/a.css"><style>@import "http://pixel.invalid/b.css";</style>'
    )
    wishful = finding(observation({"a": wish}), observation({wish: wish}, status=500), query=wish)
    through_us = (f"--proxy-server=http://{server.address}", "--proxy-bypass-list=<-loopback>")
    page = dom(written(tmp_path, report(diverged(wishful, endpoint=wish, reason=wish))).as_uri(), *through_us)
    assert wish in page.text
    assert [address for address in server.asked if not OF_THE_BROWSER.search(address)] == []

    plain = tmp_path / "plain.html"
    plain.write_text(wish)
    dom(plain.as_uri(), *through_us)
    assert "http://pixel.invalid/a.png" in server.asked


@pytest.mark.parametrize("width", [400, 1280])
def test_the_page_is_never_wider_than_its_window(dom, server, tmp_path, width):
    long = finding(observation({"a": "x" * 3000}), observation({"a": "y" * 3000}), path="/" + "z" * 500)
    found = sample()
    server.pages["/report"] = written(tmp_path, report(*found.endpoints, diverged(long))).read_bytes()
    assert width_used(dom, server, width) == width


@pytest.mark.parametrize("width", [400, 1280])
def test_the_profile_shows_its_endpoints_and_is_never_wider_than_its_window(dom, server, academy, tmp_path, width):
    path = tmp_path / "profile.html"
    call_command("strangler_profile", "--report", f"html={path}", stdout=StringIO())
    page = dom(path.as_uri())
    assert "What to do first" in page.text
    assert "v1:course-lessons.get" in page.text
    assert "No number of queries grows with a list." in page.text
    server.pages["/report"] = path.read_bytes()
    assert width_used(dom, server, width) == width


def width_used(dom, server, width):
    """How wide the page `/report` is in a window of this width; it allows no script, so one around it measures."""
    server.pages["/"] = f"""<iframe src="/report" width="{width}" height="900"></iframe><p></p><script>
        const frame = document.querySelector("iframe")
        frame.onload = () => {{
            const page = frame.contentDocument.documentElement
            document.querySelector("p").textContent = `${{page.scrollWidth}} of ${{page.clientWidth}}`
        }}
    </script>""".encode()
    measured = dom(f"http://{server.address}/", "--window-size=1600,1000", "--hide-scrollbars").text.split()
    assert int(measured[2]) == width
    return int(measured[0])
