"""The pages of a fleet in a real browser: chromium, driven over its debugging pipe."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from e2e.chromium import Browser
from e2e.test_report import brightness, contrast
from fleet.forms import plans, reports
from fleet.forms.reports import result, target, workload
from fleet.forms.test_explain_forms import LONG, company
from fleet.forms.test_pages import HOSTILE, hostile_plan, hostile_report

from krm_injector.fleet.forms import explain, plan_page
from krm_injector.fleet.model import Report
from krm_injector.presenting.explain.style import Style


class Pages:
    """Opens a page of its own text."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self._browser, self._file = browser, folder / "page.html"

    def open(self, page: str, width: int = 1280) -> Browser:
        self._file.write_text(page, encoding="utf-8")
        self._browser.events.clear()
        self._browser.size(width, 900)
        self._browser.scheme("light")
        self._browser.open(self._file)
        return self._browser

    def explain(self, report: Report, width: int = 1280) -> Browser:
        return self.open(explain.render(report, "html", Style()), width)


@pytest.fixture
def pages(browser: Browser, tmp_path: Path) -> Pages:
    return Pages(browser, tmp_path)


def shown(page: Browser) -> str:
    return str(page.js("document.querySelector('#shown').textContent"))


def choose(page: Browser, name: str, value: str) -> None:
    page.js(
        f"{{const s = document.querySelector('#{name}'); s.value = {json.dumps(value)};"
        "s.dispatchEvent(new Event('input', {bubbles: true}))}"
    )


def small() -> Report:
    """Three clusters; one app is left out in the last."""
    targets = [target(f"c{at}/shop", f"c{at}", "apps/shop") for at in range(3)]
    results = [
        result(
            each.name,
            [workload("web"), workload("api", "left out" if at == 2 else "injected", doubt="it")],
        )
        for at, each in enumerate(targets)
    ]
    return reports.report(results, targets, ["c0", "c1", "c2"])


# ---------------------------------------------------------------- explain


def test_ten_thousand_workloads_stay_usable(pages: Pages) -> None:
    page = pages.explain(company())
    began = time.monotonic()
    assert shown(page) == "9,970 workloads"
    assert len(page.visible()) == 200, "rows beyond are drawn when they are asked for"
    assert page.js("document.querySelector('#more span').textContent") == "9,770 more fit."
    page.js("document.querySelector('#more button').click()")
    assert len(page.visible()) == 400
    focused = "[...document.querySelectorAll('.open')].indexOf(document.activeElement)"
    assert page.js(focused) == 200, "readers go on where they were"

    page.press("/", *"cluster-17/apps/app-33")
    assert shown(page) == "10 of 9,970", "what is not drawn is found"
    page.press("Escape")
    page.js("document.querySelector('#table th:nth-child(3) button').click()")
    assert time.monotonic() - began < 60
    assert (page.requested(), page.complaints()) == ([], [])


def test_filters(pages: Pages) -> None:
    page = pages.explain(small())
    assert shown(page) == "6 workloads"
    choose(page, "cluster", "c1")
    assert (shown(page), page.visible()) == ("2 of 6", ["web", "api"])
    choose(page, "cluster", "*")
    choose(page, "reason", "no-webhook-matches")
    assert page.visible() == ["api"]
    page.press("Escape")
    counts = {"injected": 5, "left out": 1, "error": 0, "unlike": 1, "meant": 1}
    for kind, count in counts.items():
        page.js(f"document.querySelector('[name=show][value=\"{kind}\"]').click()")
        assert len(page.visible()) == count, kind
    assert page.js("document.querySelector('#nothing').hidden") is True
    page.press("/", *"nobody")
    assert page.js("document.querySelector('#nothing').hidden") is False
    page.js("document.querySelector('#nothing button').click()")
    assert shown(page) == "6 workloads"


def test_a_section_leads_to_its_rows(pages: Pages) -> None:
    page = pages.explain(small())
    page.js("document.querySelector('section[aria-labelledby=h-unlike] .filter').click()")
    assert page.visible() == ["api"]
    assert page.js("document.activeElement.id") == "find"
    page.js("document.querySelector('button[data-cluster=c0]').click()")
    assert page.js("document.querySelector('#cluster').value") == "c0"
    assert shown(page) == "2 of 6"


def test_a_row_is_opened_by_keyboard_and_says_all(pages: Pages) -> None:
    page = pages.explain(small())
    choose(page, "cluster", "c2")
    page.press("j", "j", "Enter")
    assert page.js("document.activeElement.getAttribute('aria-expanded')") == "true"
    row = "document.getElementById(document.activeElement.getAttribute('aria-controls'))"
    told = page.js(f"{row}.textContent")
    assert "it is injected in 2 of 3 targets" in told
    assert "c2/shop" in told and "apps/shop" in told and "no other builds on it" in told
    page.press("Enter")
    assert page.js("document.querySelectorAll('tr.detail').length") == 0


def test_columns_are_sorted(pages: Pages) -> None:
    page = pages.explain(small())
    page.js("document.querySelector('#table th button').click()")
    assert page.visible() == ["api"] * 3 + ["web"] * 3
    page.js("document.querySelector('#table th button').click()")
    assert page.visible() == ["web"] * 3 + ["api"] * 3
    assert page.js("document.querySelector('#table th').getAttribute('aria-sort')") == "descending"


def test_each_control_has_a_name(pages: Pages) -> None:
    """What a screen reader says of it."""
    for page in (pages.explain(small()), pages.open(plan_page.page(plans.plan_of()))):
        nameless = page.js(
            "[...document.querySelectorAll('input, select, button, a, summary')].filter(one => "
            "!(one.textContent.trim() || one.closest('label')?.textContent.trim())).length"
        )
        assert nameless == 0
        untitled = page.js(
            "[...document.querySelectorAll('section')].filter(one => !one.classList.contains('two')"
            " && !document.getElementById(one.getAttribute('aria-labelledby'))).length"
        )
        assert untitled == 0
        ids = page.js("[...document.querySelectorAll('[id]')].map(one => one.id)")
        assert len(ids) == len(set(ids))


# ---------------------------------------------------------------- plan


def test_the_plans_list_and_its_links(pages: Pages) -> None:
    page = pages.open(plan_page.page(plans.plan_of(3, 4, 5)))
    assert shown(page) == "60 workloads"
    page.js("document.querySelector('#wave-2 .filter').click()")
    assert shown(page) == "20 of 60"
    page.js("document.querySelector('#group-2 .filter').click()")
    assert page.visible() == ["service-0", "service-1"]
    page.js("document.querySelector('.open').click()")
    assert "25% of 2: at most 0" in page.js("document.querySelector('tr.detail').textContent")
    page.press("Escape")
    page.js("document.querySelector('[name=show][value=outage]').click()")
    assert len(page.visible()) == 2
    assert (page.requested(), page.complaints()) == ([], [])


def test_a_link_opens_the_change_it_leads_to(pages: Pages) -> None:
    page = pages.open(plan_page.page(plans.plan_of(3, 4, 5)))
    page.js("document.querySelector('#group-1').open = false")
    page.js("document.querySelector('#wave-1 a[href=\"#group-1\"]').click()")
    for _ in range(50):
        if page.js("document.querySelector('#group-1').open"):
            return
        time.sleep(0.02)
    raise AssertionError("it stays closed")


def test_ten_thousand_workloads_in_a_plan(pages: Pages) -> None:
    began = time.monotonic()
    page = pages.open(plan_page.page(plans.plan_of(20, 50, 10)))
    assert shown(page) == "10,000 workloads"
    page.press("/", *"cluster-17/apps/app-33")
    assert shown(page) == "10 of 10,000"
    assert time.monotonic() - began < 60


# ---------------------------------------------------------------- both


def long_names() -> Report:
    targets = [target(f"{LONG}/{at}", f"{LONG}{at}") for at in range(3)]
    ones = [workload(LONG, verdict, namespace=LONG, detail=LONG) for verdict in (
        "injected", "injected", "left out")]  # fmt: skip
    return reports.report(
        [result(each.name, [one]) for each, one in zip(targets, ones, strict=True)], targets
    )


@pytest.mark.parametrize("width", [360, 800, 1280, 1920])
def test_nothing_runs_out_of_the_window(pages: Pages, width: int) -> None:
    for page in (
        explain.render(company(3, 12, 3), "html", Style()),
        explain.render(long_names(), "html", Style()),
        plan_page.page(plans.plan_of()),
        plan_page.page(hostile_plan()),
    ):
        opened = pages.open(page, width)
        opened.js("for (const one of document.querySelectorAll('details')) one.open = true")
        opened.js("document.querySelector('.open').click()")
        assert opened.js("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("kind", ["explain", "plan"])
def test_light_and_dark_are_readable(pages: Pages, kind: str) -> None:
    text = plan_page.page(plans.plan_of())
    selectors = ["h1", ".mesh", ".state.ready", ".state.blocked", ".up", ".doubt", "main a"]
    if kind == "explain":
        text = explain.render(company(4, 12, 3), "html", Style())
        selectors = ["h1", ".mesh", ".rule", ".yes .verdict", ".chip.warning", ".link", ".count"]

    page = pages.open(text)
    grounds = {}
    for scheme in ("light", "dark"):
        page.scheme(scheme)
        grounds[scheme] = page.js("getComputedStyle(document.documentElement).backgroundColor")
        for selector in selectors:
            found = f"document.querySelector({json.dumps(selector)})"
            colour = page.js(f"getComputedStyle({found}).color")
            assert contrast(colour, grounds[scheme]) >= 4.5, (scheme, selector)

    assert brightness(grounds["light"]) > 0.9 > 0.2 > brightness(grounds["dark"])


def test_on_paper_all_is_open_and_no_control_is_left(pages: Pages) -> None:
    for text in (
        explain.render(company(3, 12, 3), "html", Style()), plan_page.page(plans.plan_of()),
    ):  # fmt: skip
        page = pages.open(text)
        page.js("dispatchEvent(new Event('beforeprint'))")
        page.call("Emulation.setEmulatedMedia", media="print")
        try:
            closed = "document.querySelectorAll('details:not([open]):not(.others)').length"
            assert page.js(closed) == 0
            for selector in (".bar", ".show", ".keys"):
                found = f"getComputedStyle(document.querySelector('{selector}')).display"
                assert page.js(found) == "none", selector
            row = "getComputedStyle(document.querySelector('#table tr.w')).display"
            assert page.js(row) == "table-row"
        finally:
            page.call("Emulation.setEmulatedMedia", media="")
        page.js("dispatchEvent(new Event('afterprint'))")
        page.call("Page.printToPDF")


@pytest.mark.parametrize("kind", ["explain", "plan"])
def test_hostile_words_are_shown_and_not_obeyed(pages: Pages, kind: str) -> None:
    text = plan_page.page(hostile_plan())
    if kind == "explain":
        text = explain.render(hostile_report(), "html", Style())
    page = pages.open(text)
    page.js("for (const one of document.querySelectorAll('.open')) one.click()")
    assert page.js("document.querySelectorAll('img').length") == 0
    assert HOSTILE in page.js("document.querySelector('#table').textContent")
    assert (page.requested(), page.complaints()) == ([], [])
