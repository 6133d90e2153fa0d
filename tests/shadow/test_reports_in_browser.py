"""The HTML reports in a real browser: for readers with a keyboard, a screen reader, a small window, a dark screen."""

from collections import Counter
from itertools import pairwise

import pytest

from strangler_shadow.reports import write_report
from strangler_shadow.reports.evidence import write_evidence
from tests.shadow import sample_gates, sample_reports
from tests.shadow.browser import Browser, browser

PAGES = ("verification", "evidence", "a million pairs")
WINDOWS = [(1280, 1), (400, 1), (1280, 2)]
SCHEMES = ("light", "dark")

# Contrast ratio (WCAG 2.2, 1.4.3) of each text against what is painted behind it.
CONTRAST = """(() => {
  const parts = colour => colour.match(/[\\d.]+/g).map(Number)
  const light = c => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4 }
  const luminance = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b)
  const behind = element => {
    for (; element; element = element.parentElement) {
      const found = parts(getComputedStyle(element).backgroundColor)
      if (found.length === 3 || found[3] === 1) return found
      if (found[3] !== 0) throw new Error("half transparent: " + element.className)
    }
    return [255, 255, 255]
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const poor = {}
  let count = 0
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement, style = getComputedStyle(element)
    if (!texts.currentNode.data.trim() || !element.getClientRects().length || element.closest("title, desc")) continue
    const ink = parts(element instanceof SVGElement ? style.fill : style.color)
    const [one, other] = [ink, behind(element)].map(luminance)
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)
    count += 1
    if (ratio < 4.5) poor[`${element.tagName}.${element.className}`] = ratio
  }
  return {count, poor}
})()"""

# Texts that leave what they stand in, and labels of a chart that touch each other.
CLIPPED = """(() => {
  const found = []
  for (const element of document.querySelectorAll("main *, header *, footer *")) {
    const style = getComputedStyle(element)
    const hides = style.overflowX === "hidden" || style.overflowX === "clip"
    if (hides && element.clientWidth > 1 && element.scrollWidth > element.clientWidth + 1) {
      if (!(element instanceof SVGElement)) found.push(`${element.tagName}.${element.className} is cut`)
    }
  }
  for (const svg of document.querySelectorAll("svg[role=img]")) {
    if (!svg.getClientRects().length) continue
    const boxes = [...svg.querySelectorAll("text")].map(text => [text.textContent, text.getBoundingClientRect()])
    for (const [name, box] of boxes) {
      if (box.left < 0 || box.right > innerWidth) found.push(`${name} leaves the window`)
      for (const [other, there] of boxes)
        if (other !== name && box.left < there.right && there.left < box.right
            && box.top + 2 < there.bottom - 2 && there.top + 2 < box.bottom - 2) found.push(`${name} touches ${other}`)
    }
  }
  return found
})()"""

FOCUSED = """(() => {
  const element = document.activeElement, box = element.getBoundingClientRect(), style = getComputedStyle(element)
  return {
    tag: element.tagName, text: element.textContent.trim().slice(0, 60), id: element.id,
    outline: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
    seen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  }
})()"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    found = {name: folder / f"{number}.html" for number, name in enumerate(PAGES)}
    write_report(sample_reports.sample(), "html", found["verification"])
    write_evidence(sample_gates.sample(), "html", found["evidence"])
    write_evidence(sample_gates.million(), "html", found["a million pairs"])
    return found


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


def opened(chromium: Browser, page, **window) -> Browser:
    """The page with everything in it unfolded."""
    chromium.open(page, **window)
    chromium.run('document.querySelectorAll("details").forEach(each => each.open = true)')
    return chromium


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("width", "zoom"), WINDOWS)
@pytest.mark.parametrize("name", PAGES)
def test_the_page_fits_its_window_is_legible_and_quiet(chromium, pages, name, width, zoom, scheme):
    shown = opened(chromium, pages[name], width=width, zoom=zoom, scheme=scheme)
    assert shown.run("document.documentElement.scrollWidth") == width // zoom
    assert shown.run(CLIPPED) == []
    contrast = shown.run(CONTRAST)
    assert contrast["poor"] == {}
    assert contrast["count"] > 100
    assert shown.run("document.getAnimations().length") == 0
    assert shown.said() == []
    assert shown.asked() == []


def test_the_two_schemes_are_two(chromium, pages):
    grounds = set()
    for scheme in SCHEMES:
        chromium.open(pages["evidence"], scheme=scheme)
        grounds.add(chromium.run("getComputedStyle(document.body).backgroundColor"))
    assert grounds == {"rgb(251, 250, 247)", "rgb(20, 23, 27)"}


@pytest.mark.parametrize("name", PAGES)
def test_a_screen_reader_meets_landmarks_headings_in_order_and_names(chromium, pages, name):
    tree = opened(chromium, pages[name]).tree()
    roles = Counter(node["role"] for node in tree)
    assert {role: roles[role] for role in ("banner", "main", "contentinfo")} == {
        "banner": 1,
        "main": 1,
        "contentinfo": 1,
    }
    levels = [node["level"] for node in tree if node["role"] == "heading"]
    assert (levels[0], levels.count(1)) == (1, 1)
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for role in ("heading", "link", "region", "table", "columnheader", "rowheader", "DisclosureTriangle", "image"):
        assert not [node for node in tree if node["role"] == role and not node["name"].strip()], role
    regions = Counter(node["name"] for node in tree if node["role"] == "region")
    assert regions.most_common(1)[0][1] == 1
    assert roles["table"] >= 3
    assert roles["rowheader"] > roles["table"]


@pytest.mark.parametrize(
    ("name", "title", "words"),
    [
        ("verification", "Latency of both sides by quantile", "at p50 12.4 and 3.2 ms"),
        ("evidence", "Latency of both sides by quantile", "at p90 9.2 and 20.6 ms"),
        ("evidence", "Bound on the share of traffic that differs, by day, with its threshold", "it has to fall below"),
    ],
)
def test_a_screen_reader_hears_what_a_chart_shows(chromium, pages, name, title, words):
    pictures = [node for node in opened(chromium, pages[name]).tree() if node["role"] in ("image", "img")]
    assert [node for node in pictures if title == node["name"] and words in node["description"]]


def test_the_keyboard_skips_to_the_evidence_and_reaches_everything_with_its_focus_seen(chromium, pages):
    page = pages["evidence"]
    chromium.open(page)
    wanted = chromium.run(
        """[...document.querySelectorAll("a, summary, [tabindex='0']")].filter(each => each.checkVisibility()).length"""
    )
    chromium.press("Tab", code=9)
    first = chromium.run(FOCUSED)
    assert first["text"] == "Skip to the evidence"
    assert first["seen"]
    places = [first]
    while len(places) < 200:
        chromium.press("Tab", code=9)
        place = chromium.run(FOCUSED)
        if place["tag"] == "BODY":
            break
        places.append(place)
    assert len(places) == wanted
    assert all(place["outline"] >= 2 and place["seen"] for place in places)

    chromium.open(page)
    chromium.press("Tab", code=9)
    chromium.press("Enter", code=13, text="\r")
    assert chromium.run(FOCUSED)["id"] == "evidence"
    chromium.press("Tab", code=9)
    assert chromium.run(FOCUSED)["tag"] == "SUMMARY"
    chromium.press("Enter", code=13, text="\r")
    assert chromium.run("document.activeElement.parentElement.open") is False


def test_both_curves_are_told_apart_without_colour(chromium, pages):
    opened(chromium, pages["verification"])
    dashes = chromium.run(
        """["control", "candidate"].map(side =>
            getComputedStyle(document.querySelector(`polyline.${side}`)).strokeDasharray)"""
    )
    assert dashes == ["none", "7px, 4px"]
    assert chromium.run("document.querySelectorAll('circle.point.control').length") > 0
    assert chromium.run("document.querySelectorAll('rect.point.candidate').length") > 0


def test_a_reader_s_own_colours_are_the_curves_too(chromium, pages):
    strokes = """[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor,
        ...[...document.querySelectorAll("polyline, circle.point, rect.point")].map(e => getComputedStyle(e).stroke)]"""
    for scheme in SCHEMES:
        chromium.open(pages["evidence"], scheme=scheme, forced=True)
        ink, paper, *lines = chromium.run(strokes)
        assert ink != paper
        assert set(lines) == {ink}


def test_the_browser_would_have_said_and_asked(chromium, tmp_path):
    page = tmp_path / "loud.html"
    page.write_text("<script>console.log('loud')</script><img src='http://127.0.0.1:9/a.png'><p style='width:900px'>x")
    chromium.open(page, width=400)
    assert [said for said in chromium.said() if "loud" in said]
    assert chromium.asked() == ["http://127.0.0.1:9/a.png"]
    assert chromium.run("document.documentElement.scrollWidth") > 400
