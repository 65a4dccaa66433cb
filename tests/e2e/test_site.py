"""The site of the documentation in a real browser: it asks nobody else for anything, search finds,
and it is readable in light and dark.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import built_site
import pytest
from e2e.chromium import Browser


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Tests print nothing of it."""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_site.build(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def address(directory: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(directory)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def until(browser: Browser, condition: str) -> None:
    for _ in range(200):
        if browser.js(condition):
            return
        time.sleep(0.05)
    raise AssertionError(condition)


def opened(browser: Browser, address: str) -> None:
    browser.events.clear()
    browser.call("Page.navigate", url=address)
    until(browser, f"document.readyState === 'complete' && location.href === '{address}'")


@pytest.mark.parametrize("page", ["index", "explain", "architecture", "functions/istio-inject"])
def test_a_page_asks_nobody_else(browser: Browser, address: str, page: str) -> None:
    opened(browser, f"{address}/{page}.html")
    time.sleep(0.3)  # scripts that load others
    elsewhere = [
        asked for asked in browser.requested() if not asked.startswith((address, "data:", "blob:"))
    ]
    assert (elsewhere, browser.complaints()) == ([], [])
    assert browser.js("document.documentElement.scrollWidth <= innerWidth")


def test_search_finds(browser: Browser, address: str) -> None:
    opened(browser, f"{address}/index.html")
    browser.js("document.querySelector('[data-md-toggle=search]').click()")
    browser.js("document.querySelector('.md-search__input').focus()")
    browser.call("Input.insertText", text="port-collision")
    until(browser, "document.querySelectorAll('.md-search-result__link').length > 0")
    found = browser.js(
        "[...document.querySelectorAll('.md-search-result__link')].map(one => one.href).join(' ')"
    )
    assert "warnings.html" in found


def test_a_page_opens_as_a_file(browser: Browser, directory: Path) -> None:
    browser.events.clear()
    browser.open(directory / "helm.html")
    styled = "getComputedStyle(document.querySelector('.md-header')).position"
    assert browser.js(styled) == "sticky"
    assert [one for one in browser.requested() if not one.startswith("data:")] == []
