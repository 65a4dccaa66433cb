"""The example overlay, injected: the diff of one workload, what changes in the others, and the
verdicts.

kustomize runs krm-injector as a function where it is there; kubectl can only render, so
krm-injector takes over behind it; where neither is there, the manifests are read as they are.
"""

from __future__ import annotations

import difflib
import os
import pathlib
import shutil
import subprocess
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXAMPLE = pathlib.Path("functions/istio-inject/examples/httpbin")
BIN = ROOT / ".venv" / "bin"
KEPT = pathlib.Path(".cache/demo")
SHOWN = ("Deployment", "shop", "httpbin")


def main() -> int:
    os.chdir(ROOT)
    os.environ["PATH"] = (
        f"{BIN}{os.pathsep}{ROOT / '.tools'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    )
    before, after = rendered()
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / "before.yaml").write_text(before)
    (KEPT / "after.yaml").write_text(after)
    (KEPT / "changes.diff").write_text(unified(before, after, "before.yaml", "after.yaml"))
    print(f"\n{' '.join(SHOWN[:1])} {'/'.join(SHOWN[1:])}, before and after:\n")
    old, new = by_name(before), by_name(after)
    print(unified(old[SHOWN], new[SHOWN], "before", "after"))
    print("All of it:")
    for name in old:
        counts = changed(old[name], new[name])
        print(f"  {name[0]:<15} {'/'.join(filter(None, name[1:])):<20} {counts}")
    print(
        f"  (the whole diff: {KEPT / 'changes.diff'})\n\nWho is injected, and which rule says "
        "so:\n",
        flush=True,
    )
    explain = [
        "krm-injector",
        "explain",
        "--quiet",
        "--config",
        str(EXAMPLE / "istio-inject.yaml"),
        "-",
    ]
    return subprocess.run(explain, input=before.encode(), check=False).returncode


def rendered() -> tuple[str, str]:
    """The example's manifests without and with injection."""
    config = str(EXAMPLE / "istio-inject.yaml")
    if shutil.which("kustomize"):
        function = ["kustomize", "build", "--enable-alpha-plugins", "--enable-exec", str(EXAMPLE)]
        return run(["kustomize", "build", str(EXAMPLE / "base")]), run(function, show=True)
    if shutil.which("kubectl"):
        before = run(["kubectl", "kustomize", str(EXAMPLE / "base")])
        return before, run(
            ["krm-injector", "build", "--config", config, str(EXAMPLE / "base")], show=True
        )
    files = [
        str(file)
        for file in sorted((EXAMPLE / "base").glob("*.yaml"))
        if file.name != "kustomization.yaml"
    ]
    before = "---\n".join(pathlib.Path(file).read_text() for file in files)
    return before, run(["krm-injector", "inject", "--config", config, *files], show=True)


def run(command: list[str], show: bool = False) -> str:
    if show:
        print("$", *command, flush=True)
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        sys.exit(done.returncode)
    return done.stdout.decode()


def by_name(text: str) -> dict[tuple[str, str, str], str]:
    """Each document's text by kind, namespace and name."""
    documents = {}
    for value in yaml.safe_load_all(text):
        key = (value["kind"], value["metadata"].get("namespace", ""), value["metadata"]["name"])
        documents[key] = yaml.safe_dump(value, sort_keys=False)
    return documents


def unified(before: str, after: str, old: str, new: str) -> str:
    return "".join(difflib.unified_diff(before.splitlines(True), after.splitlines(True), old, new))


def changed(before: str, after: str) -> str:
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    added, removed = (sum(line.startswith(mark) for line in lines) for mark in "+-")
    return f"+{added} -{removed} lines" if added or removed else "not touched"


if __name__ == "__main__":
    sys.exit(main())
