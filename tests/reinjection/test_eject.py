"""eject as a command and as a function, and Istio's traces."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from command import install_krm_injector
from outside import needs_program
from paths import ROOT

from krm_injector import function_config
from krm_injector.cli import program
from krm_injector.kube.element_names import ORDER
from krm_injector.model import ResourceRef, Workload
from krm_injector.reinjection import eject, istio_traces, record
from krm_injector.reinjection.record import changed_pieces
from krm_injector.reinjection.record.changed_pieces import ChangedPiece

EXAMPLE = ROOT / "functions" / "eject" / "examples" / "httpbin"


class Stdin:
    def __init__(self, text: str) -> None:
        self.buffer = io.BytesIO(text.encode())

    def isatty(self) -> bool:
        return False


def command(monkeypatch: pytest.MonkeyPatch, words: list[str], text: str = "") -> int:
    monkeypatch.setattr(sys, "stdin", Stdin(text))
    return program.run(words)


def test_the_command_prints_the_workload_before_injection(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command(monkeypatch, ["eject", str(EXAMPLE / "httpbin.yaml")]) == 0
    out, err = capfd.readouterr()
    assert out == (EXAMPLE / ".expected" / "ejected.yaml").read_text()
    assert err == ""


def test_edits_in_the_injected_part_are_told(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the field and the value; a list's order by the list's own path; without a field where
    none is known.
    """
    text = (EXAMPLE / "httpbin.yaml").read_text()
    assert (
        command(monkeypatch, ["eject", "-"], text.replace("medium: Memory", "medium: Mine", 1)) == 0
    )
    out, err = capfd.readouterr()
    assert out == (EXAMPLE / ".expected" / "ejected.yaml").read_text()
    assert 'emptyDir of Deployment shop/httpbin was edited to {"medium": "Mine"} by hand' in err
    workload = Workload(
        0, (), ResourceRef("apps/v1", "Deployment", "web", "shop"), {}, ("spec", "template")
    )
    edits = [
        ChangedPiece("", None, None),
        ChangedPiece("x" + ORDER, ["b", "a"], None),
    ]
    monkeypatch.setattr(changed_pieces, "changed_pieces", lambda *_: edits)
    unknown, order = eject.edit_results(
        workload, record.InjectionRecord("", "", "", "", "", "", {})
    )
    assert (unknown.field, unknown.message[:17]) == ("", "the injected part")
    assert (order.field, order.message[:14]) == ("x", "the order of x")


def test_what_is_not_injected_stays_byte_for_byte(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (EXAMPLE / ".expected" / "ejected.yaml").read_text()
    assert command(monkeypatch, ["eject", "-"], text) == 0
    assert capfd.readouterr().out == text


@pytest.mark.parametrize(
    "config",
    [
        {"apiVersion": "krm-injector.dev/v1alpha1", "kind": "SidecarEjection"},
        {"apiVersion": "v1", "kind": "ConfigMap", "data": {"action": "eject"}},
    ],
)
def test_the_function_gives_the_workload_before_injection(
    config: dict[str, Any], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [yaml.safe_load((EXAMPLE / "httpbin.yaml").read_text())]
    bundle = {
        "apiVersion": "config.kubernetes.io/v1",
        "kind": "ResourceList",
        "items": items,
        "functionConfig": config,
    }
    assert command(monkeypatch, [], json.dumps(bundle)) == 0
    out = yaml.safe_load(capfd.readouterr().out)
    assert out["items"] == [yaml.safe_load((EXAMPLE / ".expected" / "ejected.yaml").read_text())]


def test_an_unusable_record_changes_nothing(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (EXAMPLE / "httpbin.yaml").read_text().replace('{"v":1,', '{"v":9,')
    assert command(monkeypatch, ["eject", "-"], text) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert "record-unusable" in err
    assert "9" in err


def test_fields_of_injection_are_none_of_ejection() -> None:
    from krm_injector.model import Refused

    with pytest.raises(Refused) as refused:
        function_config.settings(
            {
                "apiVersion": "krm-injector.dev/v1alpha1",
                "kind": "SidecarEjection",
                "spec": {"method": "manual"},
            }
        )
    assert [result.field for result in refused.value.results] == ["spec.method"]


@pytest.mark.parametrize("tool", ["kustomize", "kpt"])
def test_orchestrators_run_the_function(tool: str, tmp_path: Path) -> None:
    executable = needs_program(tool)
    install_krm_injector(tmp_path)
    work = tmp_path / "work"
    shutil.copytree(EXAMPLE, work)
    words = {
        "kustomize": [executable, "build", "--enable-alpha-plugins", "--enable-exec", "."],
        "kpt": [executable, "fn", "render", "--allow-exec"],
    }[tool]
    environment = {**os.environ, "PATH": os.pathsep.join([str(tmp_path), os.environ["PATH"]])}
    done = subprocess.run(words, cwd=work, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    text = done.stdout if tool == "kustomize" else (work / "httpbin.yaml").read_bytes()
    assert yaml.safe_load(text) == yaml.safe_load(
        (EXAMPLE / ".expected" / "ejected.yaml").read_text()
    )


# ---------------------------------------------------------------- Istio's traces


def workload(template: dict[str, Any]) -> Workload:
    value = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"template": template},
    }
    return Workload(0, (), ResourceRef("apps/v1", "Deployment", "web"), value, ("spec", "template"))


def by_traces(
    env: dict[str, str], container: dict[str, Any], annotations: dict[str, str]
) -> dict[str, Any]:
    status = {
        "initContainers": ["istio-init"],
        "containers": ["istio-proxy"],
        "volumes": ["istio-token"],
        "revision": "r",
    }
    before = istio_traces.before_injection(
        workload(
            {
                "metadata": {
                    "annotations": {"sidecar.istio.io/status": json.dumps(status), **annotations},
                    "labels": {
                        "app": "shop",
                        "security.istio.io/tlsMode": "istio",
                        "service.istio.io/canonical-name": "shop",
                    },
                },
                "spec": {
                    "containers": [
                        {"name": "web", **container},
                        {
                            "name": "istio-proxy",
                            "env": [{"name": k, "value": v} for k, v in env.items()],
                        },
                    ],
                    "initContainers": [{"name": "mine"}, {"name": "istio-init"}],
                    "volumes": [{"name": "istio-token"}],
                },
            }
        )
    )
    assert before is not None
    template: dict[str, Any] = before["spec"]["template"]
    return template


def test_parts_labels_and_annotations_go() -> None:
    template = by_traces(
        {}, {}, {"istio.io/rev": "r", "kubectl.kubernetes.io/default-container": "web", "team": "a"}
    )
    assert template == {
        "metadata": {"annotations": {"team": "a"}, "labels": {"app": "shop"}},
        "spec": {"containers": [{"name": "web"}], "initContainers": [{"name": "mine"}]},
    }


@pytest.mark.parametrize(
    ("path", "prober", "probe"),
    [
        ("readyz", {"httpGet": {"path": "/x", "port": 80, "scheme": "HTTPS"}},
         {"httpGet": {"path": "/x", "port": 80, "scheme": "HTTPS"}, "periodSeconds": 5}),
        ("readyz", {"tcpSocket": {"port": 81}}, {"tcpSocket": {"port": 81}, "periodSeconds": 5}),
        ("readyz", {"grpc": {"port": 82, "service": None}},
         {"grpc": {"port": 82, "service": None}, "periodSeconds": 5}),
        ("livez", {"tcpSocket": {"port": 81}},
         {"httpGet": {"path": "/app-health/web/readyz", "port": 15020, "scheme": "HTTP"},
          "periodSeconds": 5}),
    ],
)  # fmt: skip
def test_probes_come_back_from_the_proxys_environment(path: str, prober: Any, probe: Any) -> None:
    action = {"path": "/app-health/web/readyz", "port": 15020, "scheme": "HTTP"}
    env = {"ISTIO_KUBE_APP_PROBERS": json.dumps({f"/app-health/web/{path}": prober})}
    template = by_traces(env, {"readinessProbe": {"httpGet": action, "periodSeconds": 5}}, {})
    assert template["spec"]["containers"][0]["readinessProbe"] == probe


def test_scrape_settings_come_back() -> None:
    ours = {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": "15020",
        "prometheus.io/path": "/stats/prometheus",
    }
    env = {"ISTIO_PROMETHEUS_ANNOTATIONS": '{"scrape":"true","path":"","port":"9090"}'}
    template = by_traces(env, {}, ours)
    assert template["metadata"]["annotations"] == {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": "9090",
    }


def test_an_own_sidecar_comes_back() -> None:
    own = {"containers": [{"name": "istio-proxy", "resources": {"limits": {"cpu": "1"}}}]}
    template = by_traces({}, {}, {"proxy.istio.io/overrides": json.dumps(own)})
    assert template["spec"]["containers"][1] == {
        "name": "istio-proxy", "image": "auto", "resources": {"limits": {"cpu": "1"}},
    }  # fmt: skip


@pytest.mark.parametrize("status", ["", "[]", "{", '{"containers":5}'])
def test_a_broken_status_is_no_crash(status: str) -> None:
    annotations = {"sidecar.istio.io/status": status}
    template = {"metadata": {"annotations": annotations}, "spec": {"containers": [{"name": "a"}]}}
    istio_traces.before_injection(workload(template))


def test_the_record_survives_what_yaml_tools_do_to_text() -> None:
    value = yaml.safe_load((EXAMPLE / "httpbin.yaml").read_text())
    again = yaml.safe_load(yaml.safe_dump(value, sort_keys=True))
    entry = record.read(again)
    assert entry is not None
    assert record.original(again, entry) == yaml.safe_load(
        (EXAMPLE / ".expected" / "ejected.yaml").read_text()
    )
    assert changed_pieces.changed_pieces(again, entry) == []


def pod_of_cluster(
    kind: str, owner: str, name: str, labels: dict[str, str], canonical: str
) -> Workload:
    """A Pod as a cluster gives it back: named by its controller, and injected there."""
    value = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "generateName": name[:-5],
            "labels": {
                **labels,
                "service.istio.io/canonical-name": canonical,
                "service.istio.io/canonical-revision": "latest",
                "security.istio.io/tlsMode": "istio",
            },
            "annotations": {"sidecar.istio.io/status": '{"containers":["istio-proxy"]}'},
            "ownerReferences": [
                {"apiVersion": "x/v1", "kind": kind, "name": owner, "controller": True}
            ],
        },
        "spec": {"containers": [{"name": "web"}, {"name": "istio-proxy"}]},
    }
    return Workload(0, (), ResourceRef("v1", "Pod", name, "shop"), value, ())


LONG = "a-name-of-sixty-five-characters-that-istio-cuts-to-sixty-three-ab"


@pytest.mark.parametrize(
    ("kind", "owner", "name", "labels", "canonical"),
    [
        ("ReplicaSet", "web-7d9f", "web-7d9f-x2x4z", {"pod-template-hash": "7d9f"}, "web"),
        ("ReplicaSet", "web-7d9f", "web-7d9f-x2x4z", {"rollouts-pod-template-hash": "7d9f"}, "web"),
        ("ReplicaSet", "web", "web-x2x4z", {}, "web"),
        ("Job", "nightly-28900800", "nightly-28900800-x2x4z", {}, "nightly"),
        ("ReplicationController", "web-3", "web-3-x2x4z", {"deploymentconfig": "web"}, "web"),
        ("StatefulSet", "store", "store-0", {}, "store"),
        ("DaemonSet", LONG, LONG + "-x2x4z", {}, LONG[:62]),
    ],
)
def test_the_canonical_name_of_an_owned_pod_goes(
    kind: str, owner: str, name: str, labels: dict[str, str], canonical: str
) -> None:
    before = istio_traces.before_injection(pod_of_cluster(kind, owner, name, labels, canonical))
    assert before is not None
    assert before["metadata"].get("labels", {}) == labels
    other = istio_traces.before_injection(pod_of_cluster(kind, owner, name, labels, "shop-front"))
    assert other is not None  # no version gives that: it is the user's
    assert other["metadata"]["labels"] == {
        **labels,
        "service.istio.io/canonical-name": "shop-front",
    }
