"""Where excerpts of sources are shown, and for which inputs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import yaml
from command import krm_text
from files import write
from outside import needs_program
from paths import ROOT

from krm_injector.cli import program, streams
from krm_injector.cli.arguments import parse
from krm_injector.cli.options import Usage

WEB = """\
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels: {istio-injection: enabled}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  template:
    metadata:
      annotations:
        sidecar.istio.io/proxyCPU: lots
    spec:
      containers:
      - name: web
        image: web:1
"""
MARKED = (
    "    16 |         sidecar.istio.io/proxyCPU: lots\n"
    "       |                                    ^^^^\n"
)
CONFIG = """\
apiVersion: krm-injector.dev/v1alpha1
kind: SidecarInjection
metadata: {name: x}
spec:
  method: automatc
"""
MESH = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: istio-sidecar-injector, namespace: istio-system}
data:
  config: |
    policy: maybe
    templates: {sidecar: ""}
  values: "{}"
"""
COMMANDS = ("inject", "explain", "verify", "diff", "images")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write(tmp_path, {"web.yaml": WEB})


@pytest.mark.parametrize("command", COMMANDS)
def test_verbose_shows_the_line(shop: Path, command: str) -> None:
    done = krm_text(command, "-v", "web.yaml", cwd=shop)
    assert done.returncode == 1
    assert f"\n  web.yaml:16:36\n{MARKED}" in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_a_log_is_plain(shop: Path, command: str) -> None:
    done = krm_text(command, "web.yaml", cwd=shop)
    assert done.returncode == 1 and "annotation-invalid" in done.stderr
    assert "^^^" not in done.stderr and "web.yaml:16" not in done.stderr


@pytest.mark.parametrize("words", [["-v"], []])
def test_the_log_file_is_what_stderr_is(shop: Path, words: list[str]) -> None:
    done = krm_text("inject", *words, "--log", "log", "web.yaml", cwd=shop)
    assert (shop / "log").read_text() == done.stderr


def test_a_terminal_shows_the_line(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(shop)
    monkeypatch.setattr(streams, "is_terminal", lambda stream: stream is sys.stderr)
    assert program.run(["inject", "--no-color", "web.yaml"]) == 1
    assert MARKED in capsys.readouterr().err


def test_stdin_has_lines_too() -> None:
    done = krm_text("inject", "-v", stdin=WEB)
    assert f"\n  stdin:16:36\n{MARKED}" in done.stderr


def test_results_have_no_excerpt(shop: Path) -> None:
    krm_text("explain", "-v", "--results", "r.yaml", "web.yaml", cwd=shop)
    assert "^^^" not in (shop / "r.yaml").read_text()

    items = list(yaml.safe_load_all(WEB))
    wrapper = {"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": items}
    done = krm_text(stdin=json.dumps(wrapper))
    assert done.returncode == 1 and "^^^" not in done.stdout + done.stderr


def test_the_page_shows_what_is_printed(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "source-lines.md").read_text()
    manifests, served, refused = (block.partition("\n")[2] for block in page.split("```")[1::2])
    write(tmp_path, {"web.yaml": manifests})
    assert served in krm_text("inject", "--verbose", "web.yaml", cwd=tmp_path).stderr
    done = krm_text("inject", "-v", "--revision", "canary", "web.yaml", cwd=tmp_path)
    assert refused in done.stderr


# ---------------------------------------------------------------- what cannot be read


def test_a_syntax_error_has_its_line(tmp_path: Path) -> None:
    write(tmp_path, {"bad.yaml": "apiVersion: v1\nkind: Pod\nspec: a: b\n", "web.yaml": WEB})
    done = krm_text("inject", "-v", "web.yaml", "bad.yaml", cwd=tmp_path)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith(
        "error: bad.yaml: line 3, column 8: mapping values are not allowed in this context "
        "[yaml-syntax]\n  bad.yaml:3:8\n    3 | spec: a: b\n      |        ^\n"
    )
    done = krm_text("inject", "-v", stdin="apiVersion: v1\nkind: Pod\nspec: a: b\n")
    assert "\n  stdin:3:8\n    3 | spec: a: b\n" in done.stderr


def test_a_line_of_a_secret_that_cannot_be_read_is_not_shown(tmp_path: Path) -> None:
    text = "apiVersion: v1\ndata:\n  user: aGlkZQ==: b\nkind: Secret\n"
    write(tmp_path, {"bad.yaml": text})
    done = krm_text("inject", "-v", "bad.yaml", cwd=tmp_path)
    assert "  user: (hidden)\n" in done.stderr and "aGlkZQ" not in done.stderr


def test_an_item_that_is_no_object_has_its_line(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": f"{WEB}---\napiVersion: v1\nkind: Service\nmetadata: {{name: 3}}\n"})
    done = krm_text("inject", "-v", "a.yaml", cwd=tmp_path)
    assert "\n  a.yaml:24:18\n    24 | metadata: {name: 3}\n" in done.stderr


def test_a_function_config_has_its_line(tmp_path: Path) -> None:
    expected = (
        "\n  c.yaml:5:11\n       5 |   method: automatc\n         |           ^^^^^^^^\n"
        "    fix: |   method: automatic\n"
    )
    write(tmp_path, {"web.yaml": WEB, "c.yaml": CONFIG})
    for command in ("inject", "explain", "verify"):
        done = krm_text(command, "-v", "--config", "c.yaml", "web.yaml", cwd=tmp_path)
        assert done.returncode == 1 and expected in done.stderr


def test_a_mesh_file_has_its_line(tmp_path: Path) -> None:
    write(tmp_path, {"web.yaml": WEB, "mesh.yaml": MESH})
    done = krm_text("inject", "-v", "--mesh", "mesh.yaml", "web.yaml", cwd=tmp_path)
    assert done.returncode == 1 and "[policy-illegal]\n  mesh.yaml:5:11\n" in done.stderr


def test_a_file_of_context_has_its_line(tmp_path: Path) -> None:
    namespace, web = WEB.split("---\n")
    other = namespace.replace("enabled", "enabled, istio.io/rev: v9")
    write(
        tmp_path, {"web.yaml": web, "ns/ns.yaml": other.replace("istio-injection: enabled, ", "")}
    )
    done = krm_text("explain", "-v", "--context", "ns", "web.yaml", cwd=tmp_path)
    assert "\n  ns/ns.yaml:5:26\n" in done.stderr


# ---------------------------------------------------------------- what is rendered


def test_a_kustomization_leads_to_the_file_that_it_lists(tmp_path: Path) -> None:
    needs_program("kustomize")
    base = {"base/web.yaml": WEB, "base/kustomization.yaml": "resources: [web.yaml]\n"}
    done = krm_text("explain", "-v", "base", cwd=write(tmp_path, base))
    assert f"\n  base/web.yaml:16:36\n{MARKED}" in done.stderr

    overlay = "resources: [../base]\nnamePrefix: a-\n"
    write(tmp_path, {**base, "prod/kustomization.yaml": overlay})
    done = krm_text("build", "-v", "prod", cwd=tmp_path)
    assert (
        "Deployment shop/a-web" in done.stderr
        and f"\n  base/web.yaml:16:36\n{MARKED}" in done.stderr
    )


def test_what_a_patch_sets_is_in_the_patch(tmp_path: Path) -> None:
    needs_program("kustomize")
    base = {"base/web.yaml": WEB, "base/kustomization.yaml": "resources: [web.yaml]\n"}
    patch = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n"
        "spec: {template: {metadata: {annotations: {sidecar.istio.io/proxyCPU: loud}}}}\n"
    )
    overlay = "resources: [../base]\npatches:\n- path: patch.yaml\n"
    write(tmp_path, {**base, "prod/kustomization.yaml": overlay, "prod/patch.yaml": patch})
    done = krm_text("build", "-v", "prod", cwd=tmp_path)
    assert "[annotation-invalid]\n  prod/patch.yaml:4:71\n" in done.stderr

    inline = "patches:\n- patch: |\n    " + patch.replace("\n", "\n    ")
    write(tmp_path, {"prod/kustomization.yaml": f"resources: [../base]\n{inline}"})
    done = krm_text("build", "-v", "prod", cwd=tmp_path)
    assert "[annotation-invalid]\n  prod/kustomization.yaml\n" in done.stderr


def test_the_function_of_a_kustomization_has_its_line(tmp_path: Path) -> None:
    files = {"web.yaml": WEB, "inject.yaml": CONFIG.replace("metadata: {name: x}", (
        "metadata:\n  name: x\n  annotations:\n    config.kubernetes.io/function: |\n"
        "      exec: {path: krm-injector}"
    )), "kustomization.yaml": "resources: [web.yaml]\ntransformers: [inject.yaml]\n"}  # fmt: skip
    done = krm_text("explain", "-v", ".", cwd=write(tmp_path, files))
    assert done.returncode == 1 and "\n  inject.yaml:9:11\n" in done.stderr
    assert "    fix: |   method: automatic\n" in done.stderr


# ---------------------------------------------------------------- colours


@pytest.mark.parametrize(
    ("words", "environment", "colours"),
    [
        ([], {}, True),
        ([], {"NO_COLOR": "1"}, False),
        (["--color", "auto"], {"NO_COLOR": "1"}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--color", "never"], {}, False),
        (["--no-color"], {}, False),
        (["--no-color", "--color", "never"], {}, False),
    ],
)
def test_colours_of_a_terminal(
    words: list[str],
    environment: dict[str, str],
    colours: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(streams, "is_terminal", lambda stream: True)
    assert streams.colour(parse(["inject", *words]), sys.stderr) is colours


def test_colours_of_a_pipe(shop: Path) -> None:
    assert "\x1b" not in krm_text("inject", "web.yaml", cwd=shop).stderr
    done = krm_text("inject", "-v", "--color", "always", "web.yaml", cwd=shop)
    assert "\x1b[31merror\x1b[0m" in done.stderr and "\x1b[36m" in done.stderr


def test_colours_cannot_be_both() -> None:
    with pytest.raises(Usage, match="exclude each other"):
        parse(["inject", "--no-color", "--color", "always"])
    with pytest.raises(Usage, match="auto, always, never"):
        parse(["inject", "--color", "sometimes"])
