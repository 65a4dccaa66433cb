"""Properties of values that hypothesis makes, and makes small where one does not hold."""

from __future__ import annotations

import copy
from typing import Any

import hypothesis
import pytest
from builders import SHOP
from fuzz import targets
from hypothesis import strategies as st

from krm_injector.kube import yaml
from krm_injector.kube.strategic_merge import merge
from krm_injector.sources import resource_list
from krm_injector.sources.resource_list.invariants import Broken

# The same examples at each run: a failure is the same for everybody.
FIXED = hypothesis.settings(max_examples=150, deadline=None, derandomize=True, database=None)

# YAML 1.1 has these, and surrogates have no UTF-8.
WORDS = st.sampled_from(
    ["yes", "~", "1e3", "0o7", "<<", "- a", "a: b", "#", "\u2028", "x\ny\n", ""]
)
TEXTS = WORDS | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
SCALARS = (
    st.none() | st.booleans() | TEXTS | st.integers(-(2**53), 2**53)
    | st.floats(-1e15, 1e15)  # beyond 2**53 a float is no integer
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)
NAMES = st.sampled_from(["a", "b", "c"])
OBJECTS = st.builds(
    lambda name, rest: {**rest, "apiVersion": "v1", "kind": "Thing", "metadata": {"name": name}},
    NAMES,
    st.dictionaries(TEXTS, VALUES, max_size=4),
)


@FIXED
@hypothesis.given(VALUES)
def test_what_is_written_is_read_again(value: Any) -> None:
    assert yaml.same(yaml.load(yaml.dump({"value": value})), {"value": value})


@FIXED
@hypothesis.given(st.lists(OBJECTS, min_size=1, max_size=4), st.data())
def test_only_the_items_that_change_are_other_bytes(items: list[Any], data: Any) -> None:
    texts = [yaml.dump(item) for item in items]
    bundle = resource_list.read_manifests("---\n".join(texts).encode())
    index = data.draw(st.integers(0, len(items) - 1))
    new = {**items[index], "added": data.draw(VALUES)}
    written = resource_list.write(bundle, {index: new}, [])
    again = resource_list.read_manifests(written.encode())
    assert [item.value for item in again.items] == [*items[:index], new, *items[index + 1 :]]
    before, after = "---\n".join(texts[:index]), "---\n".join(texts[index + 1 :])
    assert written.startswith(before) and written.endswith(after)


@FIXED
@hypothesis.given(OBJECTS, st.sampled_from(["apiVersion", "kind", "name"]), TEXTS)
def test_another_identity_is_never_written(item: Any, field: str, text: str) -> None:
    new = copy.deepcopy(item)
    holder = new["metadata"] if field == "name" else new
    hypothesis.assume(holder[field] != text)
    holder[field] = text
    bundle = resource_list.read_manifests(yaml.dump(item).encode())
    with pytest.raises(Broken):
        resource_list.write(bundle, {0: new}, [])


@FIXED
@hypothesis.given(st.dictionaries(NAMES, st.lists(NAMES, unique=True), max_size=3))
def test_an_empty_patch_changes_nothing(containers: dict[str, list[str]]) -> None:
    listed = [{"name": name, "args": args} for name, args in containers.items()]
    pod = {"spec": {"containers": listed}}
    assert merge(pod, {}) == merge(pod, {"spec": {}}) == pod
    assert merge({}, pod) == pod


ANNOTATIONS = st.fixed_dictionaries(
    {},
    optional={
        "sidecar.istio.io/proxyCPU": st.sampled_from(["10m", "1"]),
        "sidecar.istio.io/proxyMemory": st.sampled_from(["64Mi", "1Gi"]),
        "sidecar.istio.io/logLevel": st.sampled_from(["debug", "warning"]),
        "traffic.sidecar.istio.io/excludeInboundPorts": st.sampled_from(["80", "80,90", ""]),
        "sidecar.istio.io/rewriteAppHTTPProbers": st.sampled_from(["true", "false"]),
        "prometheus.io/port": st.sampled_from(["9090", "80"]),
        "team": TEXTS.filter(str.isprintable),
    },
)
CONTAINERS = st.lists(NAMES, min_size=1, unique=True).map(
    lambda names: [{"name": name, "image": f"{name}:1", "args": [name] * 2} for name in names]
)


@pytest.mark.slow
@hypothesis.settings(FIXED, max_examples=60)
@hypothesis.given(
    st.sampled_from(["Deployment", "Pod", "CronJob"]),
    CONTAINERS,
    ANNOTATIONS,
    st.sampled_from([None, "true", "false"]),
)
def test_a_second_injection_changes_nothing_and_eject_leads_back(
    kind: str, containers: list[Any], annotations: dict[str, str], label: str | None
) -> None:
    labels = {"app": "web"} if label is None else {"app": "web", "sidecar.istio.io/inject": label}
    pod: Any = {
        "metadata": {"labels": labels, "annotations": annotations},
        "spec": {"containers": containers, "restartPolicy": "Never"},
    }
    item: Any = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "web", "namespace": "shop"}}
    if kind == "Pod":
        item = {**item, **pod, "metadata": {**item["metadata"], **pod["metadata"]}}
    elif kind == "CronJob":
        item = {**item, "apiVersion": "batch/v1"}
        item["spec"] = {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": pod}}}
    else:
        item = {**item, "apiVersion": "apps/v1"}
        item["spec"] = {"selector": {"matchLabels": {"app": "web"}}, "template": pod}

    once, first = run("inject", SHOP, item)
    twice, second = run("inject", *once)
    assert second == first
    if kind != "Pod":  # a bare Pod has no record; what eject takes from it is told
        assert run("eject", *twice)[0] == [SHOP, item]


def run(action: str, *items: Any) -> tuple[list[Any], str]:
    """The items after a function, and their text."""
    kind = {"inject": "SidecarInjection", "eject": "SidecarEjection"}[action]
    config = {"apiVersion": "krm-injector.dev/v1alpha1", "kind": kind, "spec": {}}
    root = {
        "apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList",
        "items": list(items), "functionConfig": config,
    }  # fmt: skip
    answer, text = targets.run(yaml.dump(root).encode())
    assert answer.code == 0, answer.results
    made = [item.value for item in resource_list.read(text.encode()).items]
    return made, yaml.dump(made)
