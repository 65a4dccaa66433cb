"""A hook of MkDocs (mkdocs.yml): the menu, the pages that lie outside docs/, and links.

docs/index.md is the menu: `##` a tab, `###` a group in it, and each link a page.

Pages are written for readers of the repository, so links are paths in it. In the site a link leads
to the page if the site has it, else to the file in the repository (`extra.repository`). If nobody
says where that is, the link's text is left: a link that leads nowhere is none.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
# By path in the repository: where the site has it.
OUTSIDE = {
    "README.md": "project/readme.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "SECURITY.md": "project/security.md",
    "CHANGELOG.md": "project/changelog.md",
    **{
        f"functions/{path.parent.name}/README.md": f"functions/{path.parent.name}.md"
        for path in sorted(ROOT.glob("functions/*/README.md"))
    },
}
INSIDE = {page: source for source, page in OUTSIDE.items()}
# What is read from left to right: a fenced block, a link (its text may hold code), code.
READ = re.compile(
    r"^ *```.*?^ *```$|(!?)\[((?:[^\]\[]|\[[^\]]*\])*)\]\(([^)\s]+)\)|`[^`\n]+`",
    re.MULTILINE | re.DOTALL,
)
MENU = re.compile(r"^#{2,3} .*$|(?<=\]\()[^)#\s]+(?=\))", re.MULTILINE)
ELSEWHERE = ("http:", "https:", "mailto:")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The menu, as docs/index.md has it."""
    config.nav = menu((ROOT / "docs" / "index.md").read_text(encoding="utf-8"))
    return config


def menu(index: str) -> list[dict[str, list[Any]]]:
    """Tabs, their groups, their pages. The index itself begins the first tab."""
    tabs: list[dict[str, list[Any]]] = []
    tab: list[Any] = []
    pages: list[Any] = []
    for line in MENU.findall(index):
        title = line.lstrip("# ")
        if line.startswith("### "):
            pages = []
            tab.append({title: pages})
        elif line.startswith("## "):
            tab = pages = [] if tabs else ["index.md"]
            tabs.append({title: tab})
        else:
            pages.append(entry(line))

    return tabs


def entry(link: str) -> Any:
    """A page; decisions bring their records along."""
    page = address_of(link, "docs/index.md", "index.md", "") or link
    folder = (ROOT / "docs" / page).parent
    if page.endswith("/README.md"):
        return {folder.name.capitalize(): [page, *records(folder)]}
    return page


def records(folder: Path) -> list[str]:
    paths = sorted(path for path in folder.glob("*.md") if path.name != "README.md")
    return [str(path.relative_to(ROOT / "docs")) for path in paths]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The pages outside docs/ are pages too."""
    from mkdocs.structure.files import File  # tests read this module without MkDocs' own imports

    for source, page in OUTSIDE.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=text))

    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The page with links as the site needs them."""
    source = INSIDE.get(page.file.src_uri, f"docs/{page.file.src_uri}")
    repository = str(config.extra.get("repository") or "").rstrip("/")
    return linked(markdown, source, page.file.src_uri, repository)


def linked(markdown: str, source: str, page: str, repository: str) -> str:
    """The text with every link outside code led to where the site has it."""

    def read(found: re.Match[str]) -> str:
        if not found[3]:
            return found[0]
        address = address_of(found[3], source, page, repository)
        return f"{found[1]}[{found[2]}]({address})" if address else found[2]

    return READ.sub(read, markdown)


def address_of(link: str, source: str, page: str, repository: str) -> str:
    """Where a link of the file ``source``, which is the site's ``page``, leads. "": nowhere."""
    path, hash_, anchor = link.partition("#")
    if link.startswith(ELSEWHERE) or not path:
        return link

    target = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
    readme = f"{target}/README.md"
    shown = OUTSIDE.get(target) or OUTSIDE.get(readme)
    if shown is None and target.startswith("docs/") and (ROOT / target).is_file():
        shown = target.removeprefix("docs/")
    if shown is not None:
        return posixpath.relpath(shown, posixpath.dirname(page)) + hash_ + anchor

    return f"{repository}/blob/main/{target}{hash_}{anchor}" if repository else ""
