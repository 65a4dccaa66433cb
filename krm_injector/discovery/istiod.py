"""What a control plane's configuration tells about its istiod: version, native sidecars, platform."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from krm_injector.discovery.version_evidence import form_of, readings
from krm_injector.function_config import Settings
from krm_injector.kube.paths import at
from krm_injector.model import Object, ResourceRef, Result
from krm_injector.versions import NEWEST, OLDEST, parse_version, rules_for

_TAG = re.compile(r":v?(\d+\.\d+[\w.+-]*)$")
_TEMPLATE_TAG = re.compile(r"(?:proxyv2|proxy_init|istio/proxy\w*):v?(\d+\.\d+[\w.+-]*)")


def version(
    settings: Settings, labels: dict[str, str], values: Object, config: Object
) -> tuple[str, str]:
    """Istio's version and what told it; "" where nothing does. The tag comes first: it is istiod's
    own image tag.

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
    named = (
        {f"template {name}": text for name, text in templates.items()}
        if isinstance(templates, dict)
        else {}
    )
    for name, text in {**named, "the template": config.get("template")}.items():
        image = _TEMPLATE_TAG.search(text) if isinstance(text, str) else None
        if image and _plausible(image[1]):
            return image[1], f"an image tag in {name}"

    chart = labels.get("chart", "").rpartition("-")[2]
    return (chart, "label chart") if _plausible(chart) else ("", "")


class Recognised(NamedTuple):
    """A control plane's version."""

    # "1.2.2", "1.1" by the form of the configuration alone; "" where several versions can be meant
    text: str
    evidence: str
    minor: tuple[int, int] | None  # whose rules count; None: the newest
    results: tuple[Result, ...]


def recognise(
    settings: Settings,
    labels: dict[str, str],
    values: Object,
    config: Object,
    place: str,
    ref: ResourceRef | None,
) -> Recognised:
    """The version by what states it, else by the form of the injection configuration, with what is
    to be doubted.

    A version that does not go with the form is an error where the user states it, else passed over.
    """
    text, evidence = version(settings, labels, values, config)
    minor = parse_version(text)
    form = form_of(config)
    contradiction = ""
    if minor is not None and form and rules_for(minor).result != form:
        if settings.mesh.version:
            return Recognised(text, evidence, minor, (_wrong_form(text, form, place, ref),))
        contradiction = f"{evidence} says {text}, which does not go with its form: "
        minor = None

    if minor is not None or not form:
        return Recognised(text, evidence, minor, tuple(version_doubts(text, place, ref)))

    can_be = readings(config)
    if len(can_be) == 1:
        return Recognised(f"1.{can_be[0][1]}", "the form of data.config", can_be[0], ())

    return Recognised("", "", can_be[-1], (_several(can_be, contradiction, place, ref),))


def _wrong_form(text: str, form: str, place: str, ref: ResourceRef | None) -> Result:
    has = (
        "templates, as Istio 1.9 and later have"
        if form == "pod"
        else "a template, as Istio until 1.8 has"
    )
    message = f"data.config of {place} has {has}, and spec.mesh.version says {text}; leave spec.mesh.version out"
    return Result("error", message, ref, "data.config", text, code="mesh-version-form")


def _several(
    can_be: tuple[tuple[int, int], ...], why: str, place: str, ref: ResourceRef | None
) -> Result:
    first, last = (".".join(map(str, minor)) for minor in (can_be[0], can_be[-1]))
    message = (
        f"Istio's version cannot be told from {place}; {why}it is that of {first} to {last}, and "
        f"the rules of {last} are used. State it as spec.mesh.version in the functionConfig, or "
        "by --mesh-version"
    )
    return Result("warning", message, ref, "data.config", code="mesh-version-unknown")


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
            f"Istio's version cannot be told from {place}; the rules of {newest} are used. State "
            "it as spec.mesh.version in the functionConfig, or by --mesh-version"
        )
        return [Result("warning", message, ref, "data.values", code="mesh-version-unknown")]

    if minor > NEWEST:
        message = (
            f"Istio {text} of {place} is newer than known here; the rules of {newest} are used. "
        )
        message += "A newer krm-injector may know it; spec.mesh.version (--mesh-version) states whose rules to use"
        return [Result("warning", message, ref, "data.values", text, code="mesh-version-newer")]

    if minor < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        message = (
            f"Istio {text} of {place} is older than known here; the rules of {oldest} are used. "
        )
        message += "spec.mesh.version (--mesh-version) states whose rules to use"
        return [Result("warning", message, ref, "data.values", text, code="mesh-version-older")]

    return []


def test_mesh(mesh_config: Object, how: str) -> Literal["", "yes"]:
    """Rules.test_mesh for this mesh: its defaults are known by a plain discovery address and no SDS
    among fields that only a program writes.
    """
    written_out = all(
        field in mesh_config for field in ("certificates", "serviceSettings", "thriftConfig")
    )
    plain = at(mesh_config, ("defaultConfig", "discoveryAddress")) == "istio-pilot:15010"
    return "yes" if how and written_out and plain and "sdsUdsPath" not in mesh_config else ""


def native_sidecars(settings: Settings, values: Object, default: bool) -> bool:
    """Whether istiod makes native sidecars: stated, else its ENABLE_NATIVE_SIDECARS as the values
    carry it.

    "auto" (1.27+) asks the nodes' versions; where nobody states them, current ones (1.33+) are
    assumed. Source: pilot/pkg/features/pilot.go (1.27+), experimental.go (before: a boolean, false
    by default).
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
