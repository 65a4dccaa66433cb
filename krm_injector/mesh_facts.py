"""What a control plane's configuration tells about its istiod: version, native sidecars, platform."""

from __future__ import annotations

import re

from krm_injector.function_config import Settings
from krm_injector.kube.workloads import at
from krm_injector.model import Object, ResourceRef, Result
from krm_injector.versions import NEWEST, OLDEST, parse_version

_TAG = re.compile(r":v?(\d+\.\d+[\w.+-]*)$")
_TEMPLATE_TAG = re.compile(r"(?:proxyv2|proxy_init|istio/proxy\w*):v?(\d+\.\d+[\w.+-]*)")


def version(settings: Settings, labels: dict[str, str], values: Object, config: Object) -> tuple[str, str]:
    """Istio's version and what told it; "" where nothing does. The tag comes first: it is istiod's own image tag.

    labels: those of the ConfigMaps.
    """
    if settings.mesh.version:
        return settings.mesh.version.removeprefix("v"), "spec.mesh.version"
    proxy_image = _TAG.search(str(at(values, ("global", "proxy", "image")) or ""))
    candidates = (
        (str(at(values, ("global", "tag")) or ""), "values.global.tag"),
        (proxy_image[1] if proxy_image else "", "values.global.proxy.image"),
        (labels.get("app.kubernetes.io/version", ""), "label app.kubernetes.io/version"),
        (labels.get("helm.sh/chart", "").rpartition("-")[2], "label helm.sh/chart"),
    )
    for found, evidence in candidates:
        if _plausible(found):
            return found.removeprefix("v"), evidence
    templates = config.get("templates")
    for name, template in templates.items() if isinstance(templates, dict) else ():
        image = _TEMPLATE_TAG.search(template) if isinstance(template, str) else None
        if image and _plausible(image[1]):
            return image[1], f"an image tag in template {name}"
    return "", ""


def _plausible(text: str) -> bool:
    """Whether it can be a version of Istio: charts built from a source tree say 1.0.0."""
    minor = parse_version(text)
    return minor is not None and (1, 1) <= minor < (2, 0)


def version_doubts(text: str, place: str, ref: ResourceRef | None) -> list[Result]:
    """A warning where the version is unknown or none of those whose behaviour is described."""
    minor = parse_version(text)
    newest = ".".join(map(str, NEWEST))
    if minor is None:
        message = (
            f"Istio's version cannot be told from {place}; the rules of {newest} are used. State it as "
            "spec.mesh.version in the functionConfig"
        )
        return [Result("warning", message, ref, "data.values", code="mesh-version-unknown")]
    if minor > NEWEST:
        message = f"Istio {text} of {place} is newer than known here; the rules of {newest} are used"
        return [Result("warning", message, ref, "data.values", text, code="mesh-version-newer")]
    if minor < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        message = f"Istio {text} of {place} is older than known here; the rules of {oldest} are used"
        return [Result("warning", message, ref, "data.values", text, code="mesh-version-older")]
    return []


def test_mesh(mesh_config: Object, how: str) -> str:
    """Rules.test_mesh for this mesh: its defaults are known by a plain discovery address and no SDS among fields that
    only a program writes."""
    written_out = all(field in mesh_config for field in ("certificates", "serviceSettings", "thriftConfig"))
    plain = at(mesh_config, ("defaultConfig", "discoveryAddress")) == "istio-pilot:15010"
    return "yes" if how and written_out and plain and "sdsUdsPath" not in mesh_config else ""


def native_sidecars(settings: Settings, values: Object, default: bool) -> bool:
    """Whether istiod makes native sidecars: stated, else its ENABLE_NATIVE_SIDECARS as the values carry it.

    "auto" (1.27+) asks the nodes' versions; where nobody states them, current ones (1.33+) are assumed.
    Source: pilot/pkg/features/pilot.go (1.27+), experimental.go (before: a boolean, false by default).
    """
    if settings.native_sidecars is not None:
        return settings.native_sidecars
    value = at(values, ("pilot", "env", "ENABLE_NATIVE_SIDECARS"))
    if value is None:
        return default
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if default:
        return text in ("true", "auto")
    return text in ("1", "t", "T", "true", "TRUE", "True")


def platform(settings: Settings, values: Object, automatic: bool) -> str:
    """istiod's PLATFORM, which the chart takes from the values; kube-inject has none."""
    if settings.platform is not None:
        return settings.platform
    found = at(values, ("global", "platform")) or values.get("platform")
    return found if automatic and isinstance(found, str) else ""
