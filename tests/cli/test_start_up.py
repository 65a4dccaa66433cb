"""What a run imports. Each module costs 0.1 ms and more, at every call of the function."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path

from builders import SHOP, deployment, installation, service

from krm_injector.kube.yaml import dump, load

# None of these is cheap, and a run that works needs none of them.
HEAVY = {
    "argparse",
    "contextlib",
    "dataclasses",
    "decimal",
    "difflib",
    "hashlib",
    "importlib.metadata",
    "inspect",
    "jsonschema",
    "shutil",
    "signal",
    "subprocess",
    "typing",
    "warnings",
}
# re and what it imports: only a template that asks for a regular expression, or that has an escape
# in a string, needs them. The templates of Istio since 1.30 do not.
OF_RE = {"collections", "enum", "functools", "operator", "re", "types"}
TEMPLATE = """\
metadata:
  labels:
    istio.io/rev: {{ .Revision | default "default" | quote }}
spec:
  containers:
  - name: istio-proxy
  {{- if (isset .ObjectMeta.Annotations `sidecar.istio.io/proxyImage`) }}
    image: {{ annotation .ObjectMeta `sidecar.istio.io/proxyImage` .Values.global.proxy.image }}
  {{- else }}
    image: {{ .ProxyImage }}
  {{- end }}
    args: ["{{ $first := true }}", --port, "{{ printf "%d" 15020 }}"]
"""
ITEMS = [*installation(), SHOP, service(), deployment()]
LIST = {"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": ITEMS}


def imported(words: list[str], stdin: str = "") -> set[str]:
    """The modules that a run imports which succeeds."""
    script = (
        "import io, sys\n"
        "before = set(sys.modules)\n"
        "import krm_injector.cli.program as cli\n"
        "sys.stdin = io.TextIOWrapper(io.BytesIO(sys.argv[1].encode()))\n"
        "assert cli.run(sys.argv[2:]) == 0\n"
        "print(*set(sys.modules) - before, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, stdin, *words], capture_output=True, check=True, text=True
    )
    return set(done.stderr.splitlines()[-1].split())


def test_the_function_imports_what_injection_needs() -> None:
    loaded = imported([], dump(LIST))
    assert "krm_injector.injection.inject" in loaded
    assert not HEAVY & loaded
    of_cli = {
        name.removeprefix("krm_injector.cli.")
        for name in loaded
        if name.startswith("krm_injector.cli.")
    }
    assert of_cli == {
        "program",
        "streams",
        "request",
        "configuration",
        "commands",
        "commands.function",
    }, "neither the parser nor another command"


def test_a_plain_run_needs_no_regular_expression() -> None:
    items = copy.deepcopy(ITEMS)
    (injector,) = (item["data"] for item in items if "config" in item.get("data", {}))
    config = load(injector["config"])
    injector["config"] = dump({**config, "templates": {"sidecar": TEMPLATE}})
    loaded = imported([], dump({**LIST, "items": items}))
    assert "krm_injector.gotemplate.parse" in loaded
    assert not OF_RE & loaded


def test_the_function_has_a_budget_of_modules() -> None:
    """Before you raise it: is the new module needed in every run?"""
    ours = {name for name in imported([], dump(LIST)) if name.startswith("krm_injector")}
    assert len(ours) <= 160


def test_explain_imports_the_form_that_it_prints(tmp_path: Path) -> None:
    path = tmp_path / "bundle.yaml"
    path.write_text("---\n".join(map(dump, ITEMS)))
    loaded = imported(["explain", str(path)])
    forms = "krm_injector.presenting.explain.forms."
    assert {name for name in loaded if name.startswith(forms)} == {f"{forms}table"}
    assert not HEAVY & loaded
