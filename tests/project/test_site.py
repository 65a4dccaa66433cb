"""The documentation as a site: it builds strictly, asks nobody for anything, shows what a code
host shows of the same files, and its links lead somewhere.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import built_site
import pytest
import site_pages
from markdown_it import MarkdownIt
from paths import ROOT

PAGES = sorted((ROOT / "docs").rglob("*.md"))
REPOSITORY = "https://git.example/krm-injector"
SHOWN = ("h1", "h2", "h3", "h4", "ul", "ol", "li", "table", "tr", "pre", "strong", "em", "img")
LOADED = re.compile(r'<(?:script|link|img|iframe|source)\b[^>]*?\b(?:src|href)="([^"]*)"')


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_site.build(tmp_path_factory.mktemp("site"))


def article(page: Path) -> str:
    """What a page of the site says, without menus."""
    found = re.search(r"<article [^>]*>(.*)</article>", page.read_text(), re.DOTALL)
    assert found, page
    return found[1]


def of_site(built: Path, page: Path) -> Path:
    name = page.relative_to(ROOT / "docs").with_suffix(".html")
    return built / (name.with_name("index.html") if name.stem == "README" else name)


def elements(html: str) -> dict[str, int]:
    return {name: len(re.findall(rf"<{name}[ >]", html)) for name in SHOWN}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_has_the_parts_that_a_code_host_shows(built: Path, page: Path) -> None:
    """Lists in lists, tables below text: what Markdown leaves to its readers."""
    host = MarkdownIt("commonmark").enable("table")
    assert elements(article(of_site(built, page))) == elements(host.render(page.read_text()))


def test_nothing_is_loaded_from_elsewhere(built: Path) -> None:
    files = sorted(built.rglob("*.html"))
    assert len(files) > len(PAGES)
    for file in files:
        text = file.read_text()
        loaded = LOADED.findall(text)
        assert loaded, file
        assert [address for address in loaded if re.match(r"(\w+:)?//", address)] == [], file.name
        assert 'class="mermaid"' not in text, "its script would come from elsewhere"

    for file in built.rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*['\"]?(https?:)?//", file.read_text()), file


def test_links_within_the_site_lead_somewhere(built: Path) -> None:
    for file in sorted(built.rglob("*.html")):
        if file.name == "404.html":
            continue  # its addresses begin at the root of a server
        for address in re.findall(r'<a\b[^>]*?\bhref="([^"]*)"', file.read_text()):
            path, _, anchor = unquote(address).partition("#")
            if re.match(r"[a-z]+:", path):
                continue
            target = (file.parent / path).resolve() if path else file
            target = target / "index.html" if target == built else target
            assert target.is_file(), f"{file.relative_to(built)}: {address}"
            if anchor and target.suffix == ".html":
                assert f'id="{anchor}"' in target.read_text(), f"{file.name}: {address}"


@pytest.mark.parametrize(
    ("link", "source", "address"),
    [
        ("kpt.md", "docs/helm.md", "kpt.md"),
        ("verify.md#the-record", "docs/decisions/README.md", "../../verify.md"),
        ("../README.md", "docs/index.md", "project/readme.md"),
        ("../functions/eject", "docs/index.md", "functions/eject.md"),
        ("docs/kpt.md", "README.md", "../kpt.md"),
        ("../../docs/kpt.md", "functions/eject/README.md", "../kpt.md"),
        ("../verify", "functions/eject/README.md", "verify.md"),
        ("examples/httpbin", "functions/eject/README.md", ""),
        ("../krm_injector/codes.py", "docs/codes.md", ""),
        ("https://istio.io/x", "docs/codes.md", "https://istio.io/x"),
        ("#here", "docs/codes.md", "#here"),
    ],
)
def test_where_a_link_leads(link: str, source: str, address: str) -> None:
    page = site_pages.OUTSIDE.get(source, source.removeprefix("docs/"))
    if source == "docs/decisions/README.md":
        link, address = "../verify.md#the-record", "../verify.md#the-record"
    assert site_pages.address_of(link, source, page, "") == address
    if not address:
        shown = site_pages.address_of(link, source, page, REPOSITORY)
        assert shown.startswith(f"{REPOSITORY}/blob/main/") and ".." not in shown


def test_the_menu_is_the_index() -> None:
    text = (
        "# All\n\n## Start\n\n- [A](a.md), [eject](../functions/eject)\n\n## More\n\n### Group\n\n"
        "- [B](b.md): [C](c.md)\n\n### Other\n\n- [D](d.md)\n\n## Last\n\n- [E](e.md)\n"
    )
    assert site_pages.menu(text) == [
        {"Start": ["index.md", "a.md", "functions/eject.md"]},
        {"More": [{"Group": ["b.md", "c.md"]}, {"Other": ["d.md"]}]},
        {"Last": ["e.md"]},
    ]


def test_code_is_no_link() -> None:
    """A link in a fenced block, or in code within a line, is text."""
    text = "[a](../krm_injector/codes.py)\n`[b](../x)`\n```sh\n[c](../x)\n```\n"
    assert site_pages.linked(text, "docs/x.md", "x.md", "") == (
        "a\n`[b](../x)`\n```sh\n[c](../x)\n```\n"
    )


def test_files_of_the_repository_are_links_if_somebody_says_where_it_is(tmp_path: Path) -> None:
    built = built_site.build(tmp_path / "site", REPOSITORY)
    links = re.findall(r'href="([^"]+)"', article(built / "project" / "contributing.html"))
    assert "../source-lines.html" in links
    function = article(built / "functions" / "istio-inject.html")
    assert f'href="{REPOSITORY}/blob/main/functions/istio-inject/examples/httpbin"' in function
