"""OpenShift gives every container of a pod the same user; what becomes of istio-proxy's. The
answers are those of the webhook of 1.31.
"""

from __future__ import annotations

from typing import Any

import pytest

from krm_injector.injection import openshift

ASSIGNED = {"runAsUser": 1000, "runAsGroup": 5}


def container(name: str, context: Any = None) -> dict[str, Any]:
    return {"name": name} if context is None else {"name": name, "securityContext": context}


def pod(*containers: dict[str, Any], init: Any = ()) -> dict[str, Any]:
    return {"spec": {"containers": list(containers), "initContainers": list(init)}}


def test_the_user_that_openshift_assigned_is_taken_from_the_proxy() -> None:
    given = pod(container("app", {"runAsUser": 1000}), container("istio-proxy", ASSIGNED))
    cleaned = openshift.without_assigned_user(given, "all")
    assert cleaned["spec"]["containers"][1] == container("istio-proxy", {})


@pytest.mark.parametrize(("compared", "taken"), [("containers", False), ("all", True)])
def test_init_containers_are_compared_since_1_27(compared: Any, taken: bool) -> None:
    proxy = container("istio-proxy", {"runAsUser": 1000})
    given = pod(container("app", {"runAsUser": 1000}), init=[proxy])
    cleaned = openshift.without_assigned_user(given, compared)
    assert (cleaned is not given) == taken


@pytest.mark.parametrize(
    ("injected", "context"),
    [
        ([container("istio-proxy", {"runAsUser": 1337})], {"runAsUser": 1337, "runAsGroup": 5}),
        ([container("istio-proxy", {})], ASSIGNED),
        ([container("istio-proxy")], None),
        # The difference goes by place: what stands there now need not be istio-proxy.
        ([container("app", {"privileged": False})], {"privileged": False, **ASSIGNED}),
    ],
)
def test_where_nothing_takes_the_place_of_the_assigned_user_it_stays(
    injected: list[dict[str, Any]], context: Any
) -> None:
    left = openshift.with_user_left(pod(*injected), pod(container("istio-proxy", ASSIGNED)))
    assert left["spec"]["containers"][0].get("securityContext") == context


def test_nothing_stays_where_the_place_is_gone() -> None:
    assigned = pod(container("app"), container("istio-proxy", ASSIGNED))
    assert openshift.with_user_left(pod(container("app")), assigned) == pod(container("app"))


def test_the_place_of_a_proxy_among_the_init_containers() -> None:
    proxy = container("istio-proxy", ASSIGNED)
    untouched = pod(container("istio-proxy", {"runAsUser": 7}), init=[container("istio-proxy", {})])
    left = openshift.with_user_left(untouched, pod(container("app"), init=[proxy]))
    assert left == pod(container("istio-proxy", {"runAsUser": 7}), init=[proxy])
