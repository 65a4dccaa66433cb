"""Input that somebody wrote to stop or mislead the program, one step beyond a bound: one error or a
whole answer, never an internal error.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from builders import SHOP, deployment
from command import krm

from krm_injector.istio_names import RECORD_ANNOTATION

DEEP = "[" * 5000


def run(words: list[str], *documents: Any) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of a command; asserts what holds for every input."""
    stream = yaml.safe_dump_all(documents, sort_keys=False)
    done = krm(*words, "-", stdin=stream, timeout=60)
    err = done.stderr.decode()
    assert "internal error" not in err and "Traceback" not in err
    assert done.returncode in (0, 1) and ("error: " in err) == (done.returncode == 1)
    return done.returncode, done.stdout.decode(), err


@pytest.mark.parametrize("command", ["inject", "explain"])
@pytest.mark.parametrize(
    "amount", ["9" * 4301, f"1e{'9' * 4301}", f"0.{'0' * 4300}1", "1e999999999"]
)
def test_amounts_that_nothing_can_have(amount: str, command: str) -> None:
    web = deployment(annotations={"sidecar.istio.io/proxyCPU": amount})
    web["spec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"cpu": amount}}
    code, _, err = run([command], SHOP, web)
    assert code == (amount != "1e999999999")
    assert code == 0 or "proxyCPU" in err


@pytest.mark.parametrize("digits", ["9" * 310, "9" * 4301])
def test_an_integer_that_json_cannot_have(digits: str) -> None:
    text = (
        f'{{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {{"name": "a"}}, "b": {digits}}}'
    )
    done = krm("inject", "-", stdin=text)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"out of range [yaml-number]" in done.stderr and len(done.stderr) < 200


def injected() -> dict[str, Any]:
    _, out, _ = run(["inject"], SHOP, deployment())
    value: dict[str, Any] = list(yaml.safe_load_all(out))[1]
    return value


@pytest.mark.parametrize("command", ["inject", "eject", "explain", "verify"])
@pytest.mark.parametrize(
    "change",
    [
        {"layout": {"metadata": [[]]}},
        {"layout": {"metadata": {"name": 5}}},
        {"undo": json.loads("[" * 300 + "]" * 300)},
        {"v": 2, "templates": 5},
    ],
    ids=["list", "number", "deep", "templates"],
)
def test_a_record_that_somebody_changed(command: str, change: dict[str, Any]) -> None:
    web = injected()
    annotations = web["metadata"]["annotations"]
    annotations[RECORD_ANNOTATION] = json.dumps(
        {**json.loads(annotations[RECORD_ANNOTATION]), **change}
    )
    code, _, err = run([command], SHOP, web)
    assert code == 1 and "record-unusable" in err


@pytest.mark.parametrize(
    "name",
    [RECORD_ANNOTATION, "sidecar.istio.io/userVolume", "autoscaling.alpha.kubernetes.io/metrics"],
)
def test_annotations_that_are_nested_too_deeply(name: str) -> None:
    scaler = {
        "apiVersion": "autoscaling/v1",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web", "namespace": "shop", "annotations": {name: DEEP}},
        "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}},
    }
    web = deployment(annotations={name: DEEP})
    web["metadata"].setdefault("annotations", {})[name] = DEEP
    run(["explain"], SHOP, web, scaler)


def test_a_refused_workload_whose_earlier_injection_is_taken_back() -> None:
    """What is left of it is no pod that could be judged."""
    web = injected()
    web["spec"]["template"]["spec"]["containers"][0]["name"] = {"a": 1}
    code, out, err = run(["explain"], SHOP, web)
    assert code == 1 and "pod-invalid" in err and "error" in out


@pytest.mark.parametrize("command", ["inject", "explain", "diff"])
@pytest.mark.parametrize(
    "annotations",
    [
        {"prometheus.io/scrape": "true", "prometheus.io/port": "9" * 4301},
        {"sidecar.istio.io/status": '{"containers":[{"name":"a"},{}]}'},
        {"sidecar.istio.io/status": '{"initContainers":[["a"]],"containers":["istio-proxy"]}'},
    ],
    ids=["port", "status", "status-list"],
)
def test_annotations_that_istio_would_not_write(command: str, annotations: dict[str, str]) -> None:
    run([command], SHOP, deployment(annotations=annotations))
