"""The examples of functions/*/examples, run as people run them: by kpt and by kustomize, as a
program or as an image.

What an example comes to stands in its .expected/, in the form kpt's own test runner reads:

    config.yaml   allowExec, exitCode (0 where it is missing), stdErr (a part of it); written by
        hand
    exec.sh       the command, where it is not `kpt fn render`; written by hand
    diff.patch    what kpt changes in the package, as git prints it; where it is missing: nothing
    results.yaml  what kpt writes with --results-dir

and, for kustomize, `kustomize.yaml`: what it prints, where that is not the package as kpt leaves
it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from e2e.real_programs import (
    Done,
    Key,
    Programs,
    objects,
)
from files import tree
from paths import ROOT

FUNCTIONS = ("istio-inject", "eject", "verify", "check")
EXAMPLES = sorted(
    path.parent
    for name in FUNCTIONS
    for path in (ROOT / "functions" / name).glob("examples/*/Kptfile")
)
LOCAL = "config.kubernetes.io/local-config"


def title(example: Path) -> str:
    return f"{example.parent.parent.name}/{example.name}"


def config(example: Path) -> dict[str, Any]:
    path = example / ".expected" / "config.yaml"
    return dict(yaml.safe_load(path.read_text())) if path.exists() else {}


def copy(example: Path, directory: Path, image: str = "") -> Path:
    """A copy to work in, of the example's own name; with an image, that in the program's place
    everywhere.
    """
    work = directory / example.name
    shutil.copytree(example, work)
    for path in work.rglob("*"):
        if image and path.is_file() and "exec" in (text := path.read_text()):
            text = text.replace(
                "      exec:\n        path: krm-injector\n",
                f"      container:\n        image: {image}\n",
            )
            text = text.replace("- exec: krm-injector\n", f"- image: {image}\n")
            path.write_text(
                text.replace("--exec krm-injector", f"--image {image} --image-pull-policy never")
            )
    return work


class Rendered(NamedTuple):
    done: Done
    diff: str
    results: str


def kpt(programs: Programs, work: Path, image: str = "") -> Rendered:
    """kpt on a copy, which is made a repository at the first run."""
    results = work.parent / "results"
    if not (work / ".git").exists():
        git(programs, work, "init", "-q", ".")
        git(programs, work, "add", "-A", "-f")
        git(programs, work, "commit", "-q", "-m", "as it was")
    how = ["--image-pull-policy", "never"] if image else ["--allow-exec"]
    command = ["kpt", "fn", "render", *how, "--results-dir", str(results)]
    if (work / ".expected" / "exec.sh").exists():
        programs.need("kpt")
        command = ["bash", ".expected/exec.sh"]
    code = config(work).get("exitCode", 0)
    done = programs.run(command, work, code)
    git(programs, work, "add", "-A", "-N", "-f")
    return Rendered(
        done, git(programs, work, "diff", "--abbrev=7"), (results / "results.yaml").read_text()
    )


def git(programs: Programs, work: Path, *words: str) -> str:
    """git without what a person has configured."""
    own = [
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@example.com",
        "-c",
        "core.autocrlf=false",
        "-c",
        "gc.auto=0",
    ]
    alone = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    return programs.run(["git", *own, *words], work, env=alone).out.decode()


def build(programs: Programs, work: Path, image: str = "") -> Done:
    flags = ["--enable-alpha-plugins", *([] if image else ["--enable-exec"])]
    return programs.run(["kustomize", "build", *flags, "."], work, config(work).get("exitCode", 0))


def build_again(programs: Programs, work: Path, out: bytes, image: str = "") -> bytes:
    """kustomize on what it has printed, with the same functions and the objects that it kept to
    itself.
    """
    (work / "again.yaml").write_bytes(out)
    resources, functions = ["again.yaml"], []
    for path in sorted(work.rglob("*.yaml")):
        place = path.parent.relative_to(work)
        if path.name == "kustomization.yaml":
            value = yaml.safe_load(path.read_text())
            functions += [str(place / name) for name in value.get("transformers") or ()]
        elif place.parts and place.parts[0] != ".expected" and _all_local(path):
            resources.append(str(path.relative_to(work)))
    resources = [name for name in resources if name not in functions]
    (work / "kustomization.yaml").write_text(
        yaml.safe_dump({"resources": resources, "transformers": functions})
    )
    return build(programs, work, image).out


def _all_local(path: Path) -> bool:
    values: list[Any] = list(objects(path.read_bytes()).values())
    return bool(values) and all(
        LOCAL in (value["metadata"].get("annotations") or {}) for value in values
    )


def package(work: Path) -> dict[Key, dict[str, Any]]:
    """What a package holds that is applied."""
    files = tree(work).items()
    return applied(
        text
        for name, text in files
        if name.endswith(".yaml") and not name.startswith((".", "again"))
    )


def applied(texts: Iterable[bytes]) -> dict[Key, dict[str, Any]]:
    """The objects of YAML streams that are applied."""
    found: dict[Key, dict[str, Any]] = {}
    for text in texts:
        values: dict[Key, Any] = dict(objects(text))
        for name, value in values.items():
            annotations = value.get("metadata", {}).get("annotations") or {}
            if name[0] == "Kustomization" or LOCAL in annotations:
                continue
            found[name] = value
    return found
