"""The ConfigMaps of control planes -> their texts, by revision.

A control plane has two: istio-sidecar-injector[-REVISION] with the injection configuration
(data.config, data.values) and istio[-REVISION] with the mesh configuration (data.mesh).
"""

from __future__ import annotations

from krm_injector.istio_names import INJECTOR_CONFIG_MAP, MESH_CONFIG_MAP, REVISION_LABEL
from krm_injector.kube.metadata import string_map
from krm_injector.kube.paths import at
from krm_injector.model import Object, ResourceRef, Result
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal

_BASE_NAMES = (("config", INJECTOR_CONFIG_MAP), ("mesh", MESH_CONFIG_MAP))


class Sourced(NamedTuple):
    """An object and where it comes from."""

    value: Object
    source: Literal["functionConfig", "bundle"]


class ConfigText(NamedTuple):
    """A configuration as text: data of a ConfigMap, or a field of the functionConfig."""

    revision: str
    text: str
    values: str | None  # data.values beside data.config, None where there is none
    labels: dict[str, str]
    ref: ResourceRef | None  # None: inline in the functionConfig, or the profile
    source: Literal["functionConfig", "bundle", "profile"]

    @property
    def place(self) -> str:
        """Where the text stands, for messages."""
        if self.ref:
            return str(self.ref)
        return "spec.mesh" if self.source == "functionConfig" else "embedded profile"


def configuration_key(config_map: Object) -> str | None:
    """The key of data ("config", "mesh") under which a ConfigMap holds a configuration, None for
    another ConfigMap.
    """
    name, data = at(config_map, ("metadata", "name")), at(config_map, ("data",))
    if not isinstance(data, dict):
        return None
    return next((key for key, base in _BASE_NAMES if _is_named(name, base) and key in data), None)


def config_texts(
    objects: Iterable[Sourced], results: list[Result]
) -> tuple[dict[str, ConfigText], dict[str, ConfigText]]:
    """The injection configurations and the mesh configurations, each by revision.

    Two ConfigMaps of one revision that differ are an error; of two that are the same, the first
    counts.
    """
    injectors: dict[str, ConfigText] = {}
    mesh_configs: dict[str, ConfigText] = {}
    for value, source in objects:
        if value.get("kind") != "ConfigMap" or value.get("apiVersion") != "v1":
            continue

        name = at(value, ("metadata", "name"))
        for (key, base), texts in zip(_BASE_NAMES, (injectors, mesh_configs), strict=True):
            if not _is_named(name, base):
                continue

            text = _config_text(value, source, base, key, results)
            if text is None:
                continue

            first = texts.setdefault(text.revision, text)
            if (first.text, first.values) != (text.text, text.values):
                results.append(_ambiguous(first, text, f"data.{key}"))

    return injectors, mesh_configs


def ref_of(value: Object) -> ResourceRef:
    """The object as a resource, in the Namespace that it states."""
    name, namespace = (str(at(value, ("metadata", key)) or "") for key in ("name", "namespace"))
    return ResourceRef(str(value.get("apiVersion")), str(value.get("kind")), name, namespace)


def _is_named(name: object, base: str) -> bool:
    """Whether it is the name of a configuration, of the revision default or of another."""
    return isinstance(name, str) and (name == base or name.startswith(f"{base}-"))


def _config_text(
    config_map: Object,
    source: Literal["functionConfig", "bundle"],
    base: str,
    key: str,
    results: list[Result],
) -> ConfigText | None:
    """The configuration in a ConfigMap of that base name, None if it holds none."""
    data = at(config_map, ("data",))
    if not isinstance(data, dict) or key not in data:
        return None

    ref = ref_of(config_map)
    for data_key in (key, "values"):
        if not isinstance(data.get(data_key), str | None):
            results.append(_not_text(ref, data_key, data[data_key]))
            return None

    labels = string_map(at(config_map, ("metadata", "labels")))
    revision = labels.get(REVISION_LABEL) or ref.name[len(base) + 1 :] or "default"
    values = None
    if key == "config" and "values" in data:
        values = data["values"] or ""  # the API server stores null in a map of strings as ""

    return ConfigText(revision, data[key] or "", values, labels, ref, source)


def _not_text(ref: ResourceRef, key: str, value: object) -> Result:
    message = f"data.{key} of {ref} must be a string"
    return Result("error", message, ref, f"data.{key}", value, code="mesh-not-yaml")


def _ambiguous(first: ConfigText, second: ConfigText, field: str) -> Result:
    message = (
        f"{first.ref} and {second.ref} are both the configuration of revision {first.revision} "
        f"and differ; keep one, or tell them apart by the label {REVISION_LABEL}"
    )
    return Result("error", message, second.ref, field, code="mesh-ambiguous")
