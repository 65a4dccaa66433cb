"""The Namespace of a chart's release: an option or the functionConfig states it, and the advice
where nothing does can be pasted.
"""

from __future__ import annotations

import re
import shlex
import stat
from pathlib import Path

import pytest
from files import write

from krm_injector.cli import program

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: NAMESPACE}
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: example/web}]
"""
# What helm does with {{ .Release.Namespace }}, by its option.
HELM = """\
#!/bin/sh
namespace=default
while [ $# -gt 0 ]; do
  if [ "$1" = --namespace ]; then namespace=$2; fi
  shift
done
sed "s/NAMESPACE/$namespace/" "$(dirname "$0")/manifest"
"""
CONFIG = """\
apiVersion: krm-injector.dev/v1alpha1
kind: SidecarInjection
metadata: {name: istio}
spec:
  defaultNamespace: shop
  namespaces:
  - name: shop
    labels: {istio-injection: enabled}
"""
BY_TARGET = ("explain", "verify", "diff", "images")
COMMANDS = (*BY_TARGET, "inject", "build")


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(tmp_path, {"bin/helm": HELM, "bin/manifest": DEPLOYMENT, "chart/Chart.yaml": "name: x\n"})
    helm = tmp_path / "bin/helm"
    helm.chmod(helm.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _advice(text: str) -> list[str]:
    """The options that a message gives for pasting."""
    found = re.search(r"^ +(--namespace .*)$", text, re.MULTILINE)
    assert found, text
    return shlex.split(found[1].replace("NAME", "shop"))


@pytest.mark.parametrize(
    ("command", "targets"),
    [*((command, 1) for command in COMMANDS), *((command, 2) for command in BY_TARGET)],
)
def test_the_advice_for_a_chart_that_is_rendered_for_default_names_the_release_s_namespace(
    directory: Path, capsys: pytest.CaptureFixture[str], command: str, targets: int
) -> None:
    path = "chart"
    if targets == 2:
        write(directory, {"all/a/Chart.yaml": "name: a\n", "all/b/Chart.yaml": "name: b\n"})
        path = "all"

    code = program.run([command, path])
    told = capsys.readouterr().err
    assert code == 1 and "the chart is rendered for Namespace default" in told
    assert "default=istio-injection" not in told

    code = program.run([command, *_advice(told), path])
    out, err = capsys.readouterr()
    assert "[namespace-missing]" not in err
    assert code == (1 if command == "verify" else 0), err
    assert command == "verify" or "shop" in out or "proxyv2" in out


def test_a_namespace_that_manifests_call_default_keeps_its_own_advice(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(directory, {"plain/a.yaml": DEPLOYMENT.replace("NAMESPACE", "default")})
    for words in (["plain"], ["chart", "--namespace", "default"]):
        assert program.run(["explain", *words]) == 1
        assert "--namespace-labels default=istio-injection=enabled" in capsys.readouterr().err


@pytest.mark.parametrize("how", ["init", "option"])
@pytest.mark.parametrize("command", COMMANDS)
def test_the_functionconfig_states_it_too(
    directory: Path, capsys: pytest.CaptureFixture[str], command: str, how: str
) -> None:
    file = "chart/istio-inject.yaml" if how == "init" else "config.yaml"
    write(directory, {file: CONFIG})
    options = ["--config", file] if how == "option" else []
    code = program.run([command, *options, "chart"])
    out, err = capsys.readouterr()
    if command == "verify":
        assert code == 1 and "Deployment shop/web is not injected" in err
        return
    assert code == 0 and ("shop" in out or "proxyv2" in out), err


def test_a_functionconfig_that_cannot_be_read_is_reported_once(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(directory, {"config.yaml": "a: [\n"})
    assert program.run(["explain", "--config", "config.yaml", "chart"]) == 1
    assert capsys.readouterr().err.count("[yaml-syntax]") == 1
