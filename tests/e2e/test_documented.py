"""The pages under docs/ are true: their commands run, in order, and lead to injected workloads in at most three."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from real_programs import ROOT, Programs, deployment, namespace, write

# The pages whose commands run in a directory of plain manifests, and what they need.
PAGES = {
    "kustomize": ["kustomize", "kubectl"],
    "kpt": ["kpt"],
    "container": ["docker", "kustomize"],
}


WEB = namespace("shop") + "---\n" + deployment("web")


def blocks(page: str) -> list[str]:
    text = (ROOT / "docs" / f"{page}.md").read_text()
    return re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_commands_of_the_page(programs: Programs, tmp_path: Path, page: str, request: pytest.FixtureRequest) -> None:
    for program in PAGES[page]:
        programs.need(program)
    if page == "container":
        request.getfixturevalue("image")  # the layers, so that the page's own build takes a second
    work = write(tmp_path / "work", {"web.yaml": WEB})
    (tmp_path / "krm-injector").symlink_to(ROOT)
    home = {"HOME": str(tmp_path / "home"), "XDG_CONFIG_HOME": ""}
    if page == "container":
        home.pop("HOME")  # podman keeps its images there
    first, *others = blocks(page)
    assert 1 <= len(first.splitlines()) <= 3
    done = programs.run(["sh", "-ec", first], work, env=home)
    assert b"name: istio-proxy" in done.out + (work / "web.yaml").read_bytes()
    for block in others:
        programs.run(["sh", "-ec", block], work, env=home)
    if page == "kustomize":
        (check,) = [block for block in others if "krm-injector verify" in block]
        forgotten = ["sh", "-ec", check.replace(" --enable-exec", "")]
        programs.run(["krm-injector", "init", "kustomize"], write(tmp_path / "new", {"web.yaml": WEB}))
        programs.run(["sh", "-ec", check], tmp_path / "new", env=home)
        said = programs.run(forgotten, tmp_path / "new", 1, env=home).err
        assert "Deployment shop/web is not injected" in said and "--enable-exec" in said


def named() -> list[tuple[str, str]]:
    """The tests that docs/orchestrators.md names: file and function."""
    text = (ROOT / "docs" / "orchestrators.md").read_text()
    return re.findall(r"`(test_\w+\.py)::(test_\w+)`", text)


def test_every_named_test_exists() -> None:
    found = named()
    assert len(found) > 20
    here = Path(__file__).parent
    for file, function in found:
        assert re.search(rf"^def {function}\(", (here / file).read_text(), re.MULTILINE), f"{file}::{function}"


def test_every_page_is_in_the_table() -> None:
    text = (ROOT / "docs" / "orchestrators.md").read_text()
    for page in PAGES:
        assert f"({page}.md)" in text
