"""The texts of a control plane's configuration -> mappings, and what is wrong with them.

Source of the fields: injection_config (data.config), istio/api mesh/v1alpha1 MeshConfig
(data.mesh).
"""

from __future__ import annotations

from krm_injector.discovery import injection_config
from krm_injector.discovery.injection_config import Mistyped
from krm_injector.discovery.mesh_config_maps import ConfigText
from krm_injector.kube import selectors, yaml
from krm_injector.model import Object, Result
from krm_injector.versions import NEWEST, Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

# Fields that nearly every mesh configuration has: one of them is proof enough.
_COMMON_MESH_FIELDS = {
    "defaultConfig",
    "rootNamespace",
    "trustDomain",
    "enablePrometheusMerge",
    "accessLogFile",
}


def parse_mapping(
    text: ConfigText, content: str, field: str, results: list[Result], numbers: str = "int"
) -> Object:
    """The YAML of a configuration, which must be a mapping; {} if it is not, or is empty.

    ``content`` is the part of ``text`` that stands at ``field``. What is wrong goes to ``results``.
    numbers: as for yaml.load.
    """
    try:
        value = yaml.load(content, numbers) if content.strip() else {}
    except yaml.YamlError as error:
        message = f"{field} of {text.place} is not valid YAML: {error}"
        results.append(Result("error", message, text.ref, field, code="mesh-not-yaml"))
        return {}

    if value is None or isinstance(value, dict):
        return value or {}

    message = f"{field} of {text.place} must be a mapping, it is {type(value).__name__}"
    results.append(Result("error", message, text.ref, field, code="mesh-not-yaml"))
    return {}


# ---------------------------------------------------------------- data.config


def is_injection_config(config: Object) -> bool:
    """Whether a mapping has any field of an injection configuration."""
    return not config.keys().isdisjoint(injection_config.FIELDS)


def no_injection_config(injector: ConfigText) -> Result:
    """The error for data.config without any field of an injection configuration."""
    message = (
        f"data.config of {injector.place} holds nothing of an injection configuration: no policy, "
        "no templates. Put in data.config of the control plane's ConfigMap istio-sidecar-injector"
    )
    return Result("error", message, injector.ref, "data.config", code="mesh-config-invalid")


def config_problems(
    config: Object, mistyped: Iterable[Mistyped], injector: ConfigText, automatic: bool
) -> list[Result]:
    """Fields that Istio's Config cannot hold (``mistyped``) and, where the policy counts
    (``automatic``), what Istio would pass over.
    """
    results = [_mistyped_field(field, injector) for field in mistyped]
    if automatic and not results:
        results += _skipped_selectors(config, injector)
    if automatic and config:
        results += _illegal_policy(config.get("policy"), injector)

    return results


def _mistyped_field(field: Mistyped, injector: ConfigText) -> Result:
    message = f"{field.path} in data.config of {injector.place} must be {field.expected}"
    return Result(
        "error",
        message,
        injector.ref,
        "data.config",
        field.value,
        code="mesh-config-invalid",
    )


def _illegal_policy(policy: Any, injector: ConfigText) -> list[Result]:
    """An error about a policy that does not exist: Istio would inject nothing at all."""
    # A mapping or a list is an error of its type already.
    if policy in ("enabled", "disabled") or isinstance(policy, (dict, list)):
        return []

    state = f'"{policy}"' if policy is not None else "missing"
    message = (
        f"policy in data.config of {injector.place} is {state}; it must be enabled or disabled "
        "(Istio logs an error and injects nothing)"
    )
    return [
        Result(
            "error", message, injector.ref, "data.config", policy, "enabled", code="policy-illegal"
        )
    ]


def _skipped_selectors(config: Object, injector: ConfigText) -> list[Result]:
    """Warnings about selectors that do not parse: Istio logs that and passes over them."""
    results = []
    for field in ("neverInjectSelector", "alwaysInjectSelector"):
        for index, selector in enumerate(config.get(field) or ()):
            try:
                selectors.parse(selector)
            except selectors.SelectorError as problem:
                place = f"{field}[{index}] in data.config of {injector.place}"
                results.append(
                    Result(
                        "warning",
                        f"{place} is passed over, as Istio does: {problem}",
                        injector.ref,
                        "data.config",
                        selector,
                        code="selector-invalid",
                    )
                )

    return results


# ---------------------------------------------------------------- data.values


def no_values(injector: ConfigText, rules: Rules) -> list[Result]:
    """An error where an injection configuration has no data.values.

    Istio 1.1 knows no values. Since 1.2 the injector does not start without them, and one that
    runs keeps the configuration that it has: nobody can tell from here what that is. So there is
    no right answer, and {} would be a guess. Source: pkg/kube/inject/webhook.go loadConfig
    (1.2-1.7), watcher.go readConfigMap (1.8 and later); kube-inject refuses it too
    (getValuesFromConfigMap). An empty text is not missing, and means {}.
    """
    if injector.values is not None or "Values" not in rules.template_data:
        return []

    message = (
        f"{injector.place} has data.config and no data.values, and Istio takes no injection "
        "configuration without it; add data.values as the control plane has it, or {} for none"
    )
    return [Result("error", message, injector.ref, "data.values", code="mesh-incomplete")]


# ---------------------------------------------------------------- data.mesh


def no_mesh_config(mesh_config: Object, text: ConfigText) -> list[Result]:
    """An error where what the functionConfig gives as the mesh configuration has no field of one.

    Istio passes over fields that it does not know. So the ConfigMap of a cluster is never wrong in
    that way, whatever it holds.
    """
    if not mesh_config or text.source != "functionConfig":
        return []
    if mesh_config.keys() & _COMMON_MESH_FIELDS:
        return []

    # Late: hardly any configuration is without one of the common fields.
    from krm_injector.istio_api import default_mesh_config

    fields = default_mesh_config(NEWEST).type.fields
    if any(field.json in mesh_config or field.name in mesh_config for field in fields):
        return []

    keys = ", ".join(map(str, mesh_config))
    message = (
        f"data.mesh of {text.place} holds no field of a mesh configuration, only {keys}. "
        "Put in data.mesh of the control plane's ConfigMap istio"
    )
    return [Result("error", message, text.ref, "data.mesh", code="mesh-config-invalid")]
