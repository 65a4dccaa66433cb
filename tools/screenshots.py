"""The pictures in docs/images, made again: python tools/screenshots.py [NAME...]

Needs chromium on PATH; where pngquant is there as well, the files are a third of the size. Tables
are what a terminal of that many columns gets, colours and all; reports are what a browser shows of
the bundles in tests/bundles. A font for Chinese (fonts-wqy-zenhei) is needed for the picture of
names in other scripts.
"""

from __future__ import annotations

import functools
import html
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable
from pathlib import Path
from unicodedata import east_asian_width

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
BUNDLES = ROOT / "tests" / "bundles"
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "bench")]

import rehearsal  # noqa: E402
import walkthrough  # noqa: E402
from e2e.chromium import Browser, find  # noqa: E402

COLOURS = {
    "1": "font-weight:600;color:#fff",
    "2": "color:#8b949e",
    "31": "color:#ff7b72",
    "32": "color:#7ee2a8",
    "33": "color:#e3b341",
}
TERMINAL = """<!doctype html><meta charset=utf-8><style>
html {{ background: #14171a }} body {{ margin: 0; width: fit-content }}
pre {{ margin: 0; padding: 14px 18px; color: #d5dae0 }}
pre {{ font: 13px/19px "DejaVu Sans Mono", monospace }}
i {{ display: inline-block; width: 2ch; text-align: center; font-style: normal; line-height: 1 }}
b {{ color: #7db4f0; font-weight: 400 }}</style><pre><b>$ {command}</b>
{text}</pre>"""


def explain(bundle: str, *options: str, columns: int = 80) -> str:
    """What a terminal of so many columns gets, with its escape sequences; warnings, on stderr, are
    left out.
    """
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "PYTHONPATH": str(ROOT), "TERM": "xterm"}
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "krm_injector", "explain", *options, f"{bundle}.yaml"]
    process = subprocess.Popen(
        command, cwd=BUNDLES, env=environment, stdout=theirs, stderr=subprocess.DEVNULL
    )
    os.close(theirs)
    output = b""
    while True:
        try:
            part = os.read(ours, 1 << 16)
        except OSError:  # Linux says so when the other end is closed
            break
        if not part:
            break
        output += part
    os.close(ours)
    if process.wait():
        raise SystemExit(f"{' '.join(command)} failed")
    return output.decode().replace("\r\n", "\n")


def terminal(
    browser: Browser, bundle: str, *options: str, columns: int = 80, lines: int = 0
) -> bytes:
    """A picture of a table; lines: only the first so many."""
    text = explain(bundle, *options, columns=columns)
    if lines:
        text = "\n".join([*text.split("\n")[:lines], "…"])
    marked = re.sub(r"\x1b\[(\d+)m", _span, html.escape(text, quote=False))
    # Wide characters take two cells, as in terminals.
    marked = "".join(f"<i>{c}</i>" if east_asian_width(c) in "WF" else c for c in marked)
    command = " ".join(["krm-injector explain", *options, f"{bundle}.yaml"])
    return page(browser, TERMINAL.format(command=command, text=marked), width=60)


def upgrade(browser: Browser, columns: int = 100) -> bytes:
    """A picture of what docs/rehearsal.md says of an upgrade; it needs istioctl and ../shared."""
    meshes, changes = rehearsal.blocks()[:2]
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        rehearsal.prepare(folder)
        rehearsal.run(meshes, folder)
        lines = rehearsal.run(changes, folder).splitlines()

    wrapped = [
        part
        for line in lines
        for part in textwrap.wrap(line, columns, break_on_hyphens=False) or [""]
    ]
    text = html.escape("\n".join(wrapped), quote=False)
    return page(browser, TERMINAL.format(command=changes.strip(), text=text), width=60)


@functools.cache
def plan_page() -> Path:
    """The plan of docs/fleet.md as a page, by the commands that are there; it takes minutes."""
    folder = Path(tempfile.mkdtemp(prefix="fleet-"))
    walkthrough.prepare(folder, walkthrough.WHOLE)
    walkthrough.run(next(block for block in walkthrough.blocks() if "plan.html" in block), folder)
    return folder / "plan.html"


def plan(
    browser: Browser,
    scheme: str,
    media: str = "screen",
    width: int = 1280,
    height: int = 1000,
    at: str = "",
) -> bytes:
    """A picture of that page: its top, or from an element on; on a screen or on paper."""
    browser.size(width, height)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.call("Emulation.setEmulatedMedia", media=media, features=features)
    browser.open(plan_page())
    if at:
        browser.js(f"document.querySelector({at!r}).scrollIntoView()")
    with tempfile.TemporaryDirectory() as directory:
        picture = browser.screenshot(Path(directory) / "page.png")
    browser.call("Emulation.setEmulatedMedia", media="", features=[])
    return picture


def _span(match: re.Match[str]) -> str:
    return "</span>" if match[1] == "0" else f'<span style="{COLOURS[match[1]]}">'


def page(browser: Browser, text: str, width: int) -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "page.html"
        file.write_text(text)
        browser.size(width, 100)
        browser.open(file)
        box = browser.js("[document.body.scrollWidth, document.body.scrollHeight]")
        browser.size(*box)
        return browser.screenshot(file.with_suffix(".png"))


def report(
    browser: Browser,
    bundle: str,
    scheme: str,
    width: int = 1280,
    height: int = 900,
    find: str = "",
    at: str = "",
) -> bytes:
    """A picture of a report: its top; or what is found; or, opened, from a place on."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "page.html"
        options = ["--output", "html", "--quiet", f"{bundle}.yaml"]
        command = [sys.executable, "-m", "krm_injector", "explain", *options]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            command, cwd=BUNDLES, env=environment, capture_output=True, check=True
        )
        file.write_bytes(done.stdout)

        browser.size(width, height)
        browser.scheme(scheme)
        browser.open(file)
        if find:
            browser.press("/", *find, "ArrowDown")
        if at:
            browser.press("Enter")
            browser.js(f"document.querySelector({at!r}).scrollIntoView()")
        return browser.screenshot(file.with_suffix(".png"))


PICTURES: dict[str, Callable[[Browser], bytes]] = {
    "table-shop-80": lambda browser: terminal(browser, "shop"),
    "table-platform-80": lambda browser: terminal(browser, "platform"),
    "table-platform-200": lambda browser: terminal(browser, "platform", columns=200),
    "table-optin-200": lambda browser: terminal(browser, "optin", columns=200),
    "table-names-80": lambda browser: terminal(browser, "names"),
    "evidence-policy": lambda browser: terminal(browser, "policy", "-v", columns=100, lines=36),
    "rehearsal": upgrade,
    "report-shop": lambda browser: report(browser, "shop", "light", height=1020),
    "report-platform-dark": lambda browser: report(browser, "platform", "dark", height=1000),
    "report-opened": lambda browser: report(
        browser, "platform", "light", 1280, 1200, "billing-api", ".bar"
    ),
    "report-diff-dark": lambda browser: report(
        browser, "shop", "dark", 1280, 900, "frontend", ".diff"
    ),
    "fleet-plan": lambda browser: plan(browser, "light"),
    "fleet-plan-dark": lambda browser: plan(browser, "dark"),
    "fleet-plan-print": lambda browser: plan(browser, "light", "print", 794, 1123),
    "report-phone": lambda browser: report(browser, "jobs", "light", 420, 900, "nightly"),
}


def main(names: list[str]) -> None:
    program = find()
    if program is None:
        raise SystemExit("chromium is not on PATH")
    unknown = set(names) - set(PICTURES)
    if unknown:
        raise SystemExit(
            f"there is no picture {', '.join(sorted(unknown))}; there are: {', '.join(PICTURES)}"
        )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(program, Path(profile))
        try:
            for name in names or PICTURES:
                file = IMAGES / f"{name}.png"
                file.write_bytes(PICTURES[name](browser))
                if shutil.which("pngquant"):
                    subprocess.run(
                        ["pngquant", "--force", "--ext", ".png", "--speed", "1", "128", file],
                        check=True,
                    )
                print(f"{file.relative_to(ROOT)}: {file.stat().st_size:,} bytes")
        finally:
            browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
