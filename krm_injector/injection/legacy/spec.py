"""The SidecarInjectionSpec that a template of Istio 1.1 to 1.8 renders.

Source: InjectionData (pilot/pkg/kube/inject/inject.go until 1.3, then pkg/kube/inject/inject.go),
concurrency.go.
"""

from __future__ import annotations

import re

from krm_injector.injection import pods
from krm_injector.injection.concurrency import cores
from krm_injector.injection.control_plane import PreparedControlPlane, RenderError
from krm_injector.injection.render import with_divisors
from krm_injector.injection.template_data import InjectionParameters, template_data
from krm_injector.istio_names import PROXY_CONTAINER
from krm_injector.kube import go_json, pod_history, types, yaml
from krm_injector.kube.paths import at
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.model import Object
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_INTEGER = lazy_pattern(r"[+-]?[0-9]+\Z")
# The spec's fields in lower case: encoding/json finds Go's names of them in any case.
_FIELDS = {
    "rewriteapphttpprobe": "bool",
    "holdapplicationuntilproxystarts": "bool",
    "podredirectannot": "map[string]string",
    "initcontainers": "[]v1.Container",
    "containers": "[]v1.Container",
    "volumes": "[]v1.Volume",
    "dnsconfig": "*v1.PodDNSConfig",
    "imagepullsecrets": "[]v1.LocalObjectReference",
}


class SidecarInjectionSpec(NamedTuple):
    """What the template gives, decoded."""

    rewrite_probes: bool
    redirect: dict[str, str]
    init_containers: list[Object]
    containers: list[Object]
    volumes: list[Object]
    dns_config: Object | None
    pull_secrets: list[Object]


def render_spec(plane: PreparedControlPlane, params: InjectionParameters) -> SidecarInjectionSpec:
    """What the template gives for a pod, with concurrency and cluster written into the proxy.

    Raises TemplateError, RenderError, TypeMismatch.
    """
    text = plane.execute(plane.spec_template(), template_data(plane, params))
    try:
        value = yaml.load(text, strict=False)
    except yaml.YamlError as problem:
        raise RenderError(f"what the template renders is not YAML: {problem}") from None

    if value is not None and not isinstance(value, dict):
        type_name = type(value).__name__
        raise RenderError(f"the template renders a {type_name}, not a SidecarInjectionSpec")

    rules = plane.mesh.rules
    spec = read_spec(value or {}, rules.kubernetes)
    filled = with_divisors({"spec": {**spec._asdict(), "initContainers": spec.init_containers}})
    spec = spec._replace(
        init_containers=filled["spec"]["initContainers"], volumes=filled["spec"]["volumes"]
    )
    containers = _with_concurrency(filled["spec"]["containers"])
    if params.proxy_env:
        every_proxy = rules.cluster_by_path == "ends"
        containers = _with_env(containers, params.proxy_env, every_proxy)
    return spec._replace(containers=containers)


def read_spec(value: Object, kubernetes: int) -> SidecarInjectionSpec:
    """A rendered SidecarInjectionSpec as Go decodes it with k8s.io/api 0.``kubernetes``. Raises
    TypeMismatch.
    """
    fields: dict[str, Any] = {}
    for key in sorted(value):
        go_type = _FIELDS.get(key.lower())
        if go_type is not None:
            decoded = types.decode(go_type, value[key], key, coerce=True, fold_case=True)
            fields[key.lower()] = pod_history.known(go_type, decoded, kubernetes)

    return SidecarInjectionSpec(
        rewrite_probes=bool(fields.get("rewriteapphttpprobe")),
        redirect=fields.get("podredirectannot") or {},
        init_containers=fields.get("initcontainers") or [],
        containers=fields.get("containers") or [],
        volumes=fields.get("volumes") or [],
        dns_config=fields.get("dnsconfig"),
        pull_secrets=fields.get("imagepullsecrets") or [],
    )


def status_json(template: str, spec: SidecarInjectionSpec) -> str:
    """sidecar.istio.io/status: the template's hash, and the names of what it brought, null where it
    brought none.
    """
    from hashlib import sha256

    version = sha256(template.encode("utf-8", "surrogatepass")).hexdigest()
    parts = [f'"version":"{version}"']
    for field, entries in (
        ("initContainers", spec.init_containers),
        ("containers", spec.containers),
        ("volumes", spec.volumes),
        ("imagePullSecrets", spec.pull_secrets),
    ):
        names = [entry.get("name", "") for entry in entries]
        parts.append(f'"{field}":{go_json.dumps(names or None)}')

    return "{" + ",".join(parts) + "}"


# ---------------------------------------------------------------- what is written into the proxy


def _with_concurrency(containers: list[Object]) -> list[Object]:
    """The proxy told how many threads it may run: its CPU limit or else request, where no argument
    says.
    """
    proxy = pods.find_container(PROXY_CONTAINER, containers)
    if proxy is None:
        return containers

    limit = cores(at(proxy, ("resources", "limits", "cpu"))) or 0
    request = cores(at(proxy, ("resources", "requests", "cpu"))) or 0
    threads = max(limit, 0) or max(request, 0)
    args = proxy.get("args") or []
    concurrency = number_argument(args, "concurrency") or 0
    if concurrency > 0 or not threads:
        return containers

    limited = {**proxy, "args": [*args, "--concurrency", str(threads)]}
    return [limited if container is proxy else container for container in containers]


def _with_env(containers: list[Object], env: dict[str, str], every_proxy: bool) -> list[Object]:
    """The containers with these variables at the end of the proxy's environment."""
    result = list(containers)
    for index, container in enumerate(containers):
        if container.get("name") == PROXY_CONTAINER:
            result[index] = pods.with_proxy_env(container, env)
            if not every_proxy:
                break

    return result


def number_argument(args: list[str], name: str) -> int | None:
    """The number of an option as --NAME=5, --NAME 5 or with one dash; None if there is no such
    option, or its value is no number.
    """
    for index, argument in enumerate(args):
        match = re.match(rf"--?{name}(?:=([0-9]+))?\Z", argument.strip())
        if match:
            number = match[1] or (args[index + 1] if index + 1 < len(args) else "")
            return int(number) if _INTEGER.match(number) else None
    return None
