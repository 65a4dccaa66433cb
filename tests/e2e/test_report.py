"""The report in a real browser: chromium, driven over its debugging pipe (no library)."""

from __future__ import annotations

import base64
import json
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest
from e2e.chromium import Browser
from paths import ROOT

BUNDLE = ROOT / "tests" / "e2e" / "report.yaml"
HOSTILE = "</script><script>document.title=1</script><img src=x onerror=document.title=1>"


def report(bundle: Path, target: Path) -> Path:
    command = [
        sys.executable,
        "-m",
        "krm_injector",
        "explain",
        "--output",
        "html",
        "--quiet",
        str(bundle),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    target.write_bytes(done.stdout)
    return target


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Browser:
    browser.events.clear()
    browser.size(1280, 900)
    browser.scheme("light")
    browser.open(report(BUNDLE, tmp_path / "report.html"))
    return browser


def test_it_asks_for_nothing_and_complains_of_nothing(page: Browser) -> None:
    page.press("j", "Enter")
    assert page.requested() == []
    assert page.complaints() == []
    assert len(page.visible()) == 21


def test_finding_by_keyboard(page: Browser) -> None:
    page.press("/")
    assert page.js("document.activeElement.id") == "find"
    page.press(*"ledger")
    assert page.visible() == ["ledger"]
    assert page.js("document.querySelector('#shown').textContent") == "1 of 21"
    page.press(*"xyz")
    assert page.visible() == []
    assert page.js("document.querySelector('#nothing').hidden") is False
    page.press("Escape")
    assert len(page.visible()) == 21
    page.press("/", *"batch", "ArrowDown")
    assert page.js("document.activeElement.textContent.trim()") == "Job migrate"


def test_moving_and_opening_by_keyboard(page: Browser) -> None:
    page.press("j", "j", "j", "k")
    assert page.js("document.activeElement.textContent.trim()") == "Deployment catalogue"
    assert page.js("document.querySelectorAll('.diff').length") == 0, (
        "diffs are drawn when they are asked for"
    )
    page.press("Enter")
    assert page.js("document.activeElement.getAttribute('aria-expanded')") == "true"
    row = "document.getElementById(document.activeElement.getAttribute('aria-controls'))"
    assert "namespace.sidecar-injector.istio.io matches" in page.js(f"{row}.textContent")
    assert "policy: enabled" in page.js(f"{row}.querySelector('.decided').textContent")
    assert page.js(f"{row}.querySelectorAll('.diff td.add').length") > 100
    assert "istio-proxy" in page.js(
        f"[...{row}.querySelectorAll('td.add')].map(c => c.textContent).join()"
    )
    assert page.js(f"{row}.querySelectorAll('.diff td.cut').length") < 20, (
        "what stays is not shown as changed"
    )
    page.press("Enter")
    assert page.js(f"{row}.hidden") is True


def test_what_would_change_a_verdict_is_told(page: Browser) -> None:
    page.press("/", *"ingress-dns", "ArrowDown", "Enter")
    assert "What would change it" in page.js("document.querySelector('tr.detail').textContent")


def test_filters_and_sorting(page: Browser) -> None:
    page.js("document.querySelector('[name=show][value=no]').click()")
    assert set(page.visible()) == {"legacy", "node-agent", "ingress-dns", "log-agent"}
    page.js("document.querySelector('[name=show][value=all]').click()")
    page.js("document.querySelector('#table th button').click()")
    names = page.visible()
    assert names == sorted(names)
    assert page.js("document.querySelector('#table th').getAttribute('aria-sort')") == "ascending"
    page.js("document.querySelector('#table th button').click()")
    assert page.visible() == names[::-1]


@pytest.mark.parametrize("width", [360, 800, 1280, 1920])
def test_nothing_runs_out_of_the_window(page: Browser, width: int) -> None:
    page.size(width, 900)
    page.js("document.querySelectorAll('.open')[8].click()")
    assert page.js("document.documentElement.scrollWidth") <= width


def test_light_and_dark_are_told_apart_and_readable(page: Browser, tmp_path: Path) -> None:
    light = page.js("getComputedStyle(document.documentElement).backgroundColor")
    page.scheme("dark")
    dark = page.js("getComputedStyle(document.documentElement).backgroundColor")
    assert brightness(light) > 0.9 > 0.2 > brightness(dark)
    for scheme in ("light", "dark"):
        page.scheme(scheme)
        for selector in (
            "h1",
            ".mesh",
            ".rule",
            ".yes .verdict",
            ".chip.warning",
            ".kind",
            "th button",
        ):
            colour = page.js(
                f"getComputedStyle(document.querySelector({json.dumps(selector)})).color"
            )
            ground = page.js("getComputedStyle(document.documentElement).backgroundColor")
            assert contrast(colour, ground) >= 4.5, (scheme, selector)
        picture = page.screenshot(tmp_path / f"{scheme}.png")
        assert len(colours(picture)) > 20, "something is painted"


def test_it_prints(page: Browser) -> None:
    pdf = base64.b64decode(page.call("Page.printToPDF")["data"])
    assert pdf.startswith(b"%PDF")
    page.call("Emulation.setEmulatedMedia", media="print")
    try:
        assert page.js("getComputedStyle(document.querySelector('.bar')).display") == "none"
        assert (
            page.js("getComputedStyle(document.querySelector('#table tr.w')).display")
            == "table-row"
        )
    finally:
        page.call("Emulation.setEmulatedMedia", media="")


def test_hostile_words_are_shown_and_not_obeyed(browser: Browser, tmp_path: Path) -> None:
    name = "a\u202eb" + HOSTILE
    value = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": name,
            "namespace": "shop",
            "annotations": {HOSTILE: HOSTILE, "many": "x\n" * 50},
        },
        "spec": {
            "template": {
                "metadata": {"labels": {"sidecar.istio.io/inject": "true"}},
                "spec": {"containers": [{"name": "c", "image": HOSTILE}]},
            }
        },
    }
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    bundle = tmp_path / "hostile.json"
    bundle.write_text(json.dumps(space) + "\n" + json.dumps(value))
    browser.events.clear()
    browser.open(report(bundle, tmp_path / "hostile.html"))
    browser.press("j", "Enter")
    assert browser.visible() == ["a\\u202eb" + HOSTILE]
    assert browser.js("document.title") == "Sidecar injection"
    assert browser.js("document.querySelectorAll('img').length") == 0
    assert HOSTILE in browser.js("document.querySelector('.diff').textContent")
    assert (browser.requested(), browser.complaints()) == ([], [])


def many(bundle: Path, count: int) -> None:
    template = {
        "metadata": {"labels": {"app": "w"}},
        "spec": {"containers": [{"name": "c", "image": "i:1"}]},
    }
    objects: list[object] = [
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": "shop", "labels": {"istio-injection": "enabled"}},
        }
    ]
    for number in range(count):
        metadata = {"name": f"w-{number}", "namespace": "shop"}
        objects.append(
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": metadata,
                "spec": {"template": template},
            }
        )
    bundle.write_text("\n".join(map(json.dumps, objects)))


def test_a_thousand_workloads(browser: Browser, tmp_path: Path) -> None:
    bundle = tmp_path / "many.json"
    many(bundle, 1000)
    file = report(bundle, tmp_path / "many.html")
    assert file.stat().st_size < 20_000_000
    began = time.monotonic()
    browser.open(file)
    assert len(browser.visible()) == 1000
    browser.press("/", *"w-77", "ArrowDown", "Enter")
    assert browser.js("document.querySelectorAll('.diff').length") == 1
    assert time.monotonic() - began < 20


def test_more_workloads_than_a_browser_likes(browser: Browser, tmp_path: Path) -> None:
    bundle = tmp_path / "more.json"
    many(bundle, 2100)
    file = report(bundle, tmp_path / "more.html")
    assert file.stat().st_size < 20_000_000
    browser.events.clear()
    browser.size(1280, 900)
    browser.open(file)
    assert "first 2,000 of 2,100 workloads" in browser.js(
        "document.querySelector('.limits').textContent"
    )
    assert browser.js("document.querySelector('#shown').textContent") == "2,100 workloads"
    assert len(browser.visible()) == 1000, "rows beyond are drawn when they are asked for"
    assert browser.js("document.querySelector('#more span').textContent") == "1,100 more fit."
    browser.press("/", *"w-2099", "ArrowDown", "Enter")
    assert browser.visible() == ["w-2099"], "what is not drawn is found"
    assert browser.js("document.querySelector('#more').hidden") is True
    assert browser.js("document.querySelectorAll('.diff').length") == 0
    assert "only the first 2,000 workloads" in browser.js(
        "document.querySelector('tr.detail').textContent"
    )
    assert "policy: enabled" in browser.js("document.querySelector('tr.detail').textContent")
    browser.press("Escape")
    browser.js("document.querySelector('#more button').click()")
    assert len(browser.visible()) == 2100
    assert browser.complaints() == []


def test_every_warning_is_printed(page: Browser) -> None:
    assert page.js("document.querySelectorAll('details[open]').length") == 0
    page.js("dispatchEvent(new Event('beforeprint'))")
    assert page.js("document.querySelectorAll('details:not([open])').length") == 0
    page.js("dispatchEvent(new Event('afterprint'))")
    assert page.js("document.querySelectorAll('details[open]').length") == 0


def test_workloads_of_the_same_name_say_where_they_are_written(
    browser: Browser, tmp_path: Path
) -> None:
    browser.size(1280, 900)
    browser.open(report(ROOT / "tests" / "bundles" / "names.yaml", tmp_path / "names.html"))
    rows = browser.js("[...document.querySelectorAll('tr.w .open')].map(name => name.textContent)")
    twins = [row for row in rows if "twin" in row]
    assert len(set(twins)) == 2 and all("names.yaml:" in row for row in twins)
    assert not any("names.yaml" in row for row in rows if "twin" not in row)
    assert browser.js("document.documentElement.scrollWidth") <= 1280, (
        "a name of 253 characters is broken"
    )


def test_sums_and_counts(page: Browser) -> None:
    """The totals say what the rows say."""
    pairs = (
        "[...document.querySelectorAll('.tiles div')].map(tile => [...tile.children].map(part "
        "=> part.textContent))"
    )
    tiles = dict(page.js(pairs))
    assert int(tiles["workloads"]) == len(page.visible())
    assert int(tiles["injected"]) == page.js("document.querySelectorAll('tr.w.yes').length")
    assert int(tiles["left out"]) == page.js("document.querySelectorAll('tr.w:not(.yes)').length")
    pods = page.js(
        "[...document.querySelectorAll('.requests tbody tr')].map(row => "
        "Number(row.cells[1].textContent))"
    )
    assert (
        int(page.js("document.querySelector('.requests tfoot tr').cells[1].textContent"))
        == sum(pods)
        > 0
    )


def test_what_decided_is_marked_where_it_can_be_seen(page: Browser) -> None:
    page.press("/", *"legacy", "ArrowDown", "Enter")
    marks = "[...document.querySelectorAll('tr.detail .outcome')]"
    assert page.js(f"{marks}.length") > 4
    assert page.js(
        f"{marks}.every(mark => mark.closest('details') || mark.getBoundingClientRect().left > 0)"
    )


# ---------------------------------------------------------------- colours


def channels(colour: str) -> list[float]:
    return [int(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]


def brightness(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((brightness(one), brightness(other)))
    return (high + 0.05) / (low + 0.05)


def colours(png: bytes) -> set[bytes]:
    """A sample of the byte triples of a PNG's unpacked data: many, where something is painted."""
    data, place = b"", 8
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        if png[place + 4 : place + 8] == b"IDAT":
            data += png[place + 8 : place + 8 + length]
        place += 12 + length
    raw = zlib.decompress(data)
    return {raw[at : at + 3] for at in range(0, len(raw) - 3, 97)}
