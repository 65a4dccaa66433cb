"""A control plane's configuration -> its istiod: version, native sidecars, environment, ..."""

from __future__ import annotations

from krm_injector.discovery.version_inference import (
    Form,
    Minor,
    possible_minors,
    template_form,
    version_text,
)
from krm_injector.function_config import Settings
from krm_injector.istio_names import COMPLIANCE_VARIABLE, NATIVE_VARIABLE
from krm_injector.kube.paths import at
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.model import Object, ResourceRef, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.versions import NEWEST, OLDEST, parse_version, rules_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Iterator
    from typing import Literal

# Patterns that re compiles at their first use: most control planes state values.global.tag.
_TAG = lazy_pattern(r":v?(\d+\.\d+[\w.+-]*)(?:@[\w:]+)?$")
# A chart's name may have hyphens, and so may its version: istiod-1.31.0-rc.0.
_CHART = lazy_pattern(r"-v?(\d+\.\d+[\w.+-]*)$")
_TEMPLATE_TAG = lazy_pattern(r"(?:proxyv2|proxy_init|istio/proxy\w*):v?(\d+\.\d+[\w.+-]*)")

NATIVE_KUBELET = (1, 33)  # in istiod's automatic mode
# What strconv.ParseBool takes for true.
_GO_TRUE = ("1", "t", "T", "true", "TRUE", "True")


# ---------------------------------------------------------------- version


class RecognisedVersion(NamedTuple):
    """A control plane's version."""

    # "1.2.2"; "1.1" by the form of the configuration alone; "" if several versions are possible
    text: str
    evidence: str
    minor: Minor | None  # whose rules count; None: the newest
    results: tuple[Result, ...]


def recognise(
    settings: Settings,
    labels: dict[str, str],
    values: Object,
    config: Object,
    place: str,
    ref: ResourceRef | None,
) -> RecognisedVersion:
    """The version that something states, else the one that the form of the injection configuration
    allows; with warnings about what is doubtful.

    A stated version that does not go with the form is an error where the user states it, and passed
    over where anything else does. ``labels`` are those of the ConfigMaps; ``place`` and ``ref`` say
    where the configuration stands.
    """
    text, evidence = stated_version(settings, labels, values, config)
    minor = parse_version(text)
    form = template_form(config)
    contradiction = ""
    if minor is not None and form and rules_for(minor).result != form:
        if settings.mesh.version:
            error = _wrong_form(text, form, place, ref)
            return RecognisedVersion(text, evidence, minor, (error,))

        contradiction = f"{evidence} says {text}, which does not go with its form: "
        minor = None

    if minor is not None or not form:
        return RecognisedVersion(text, evidence, minor, tuple(version_warnings(text, place, ref)))

    minors = possible_minors(config)
    if len(minors) == 1:
        return RecognisedVersion(version_text(minors[0]), "the form of data.config", minors[0], ())

    warning = _several_versions(minors, contradiction, place, ref)
    return RecognisedVersion("", "", minors[-1], (warning,))


def stated_version(
    settings: Settings, labels: dict[str, str], values: Object, config: Object
) -> tuple[str, str]:
    """Istio's version and what states it; ("", "") if nothing does.

    The functionConfig comes first, then what is most likely istiod's own version: the tag of its
    image.
    """
    if settings.mesh.version:
        return settings.mesh.version.removeprefix("v"), "spec.mesh.version"

    for version, evidence in _version_candidates(labels, values, config):
        minor = parse_version(version)
        # Charts built from a source tree state 1.0.0, and other programs' images have other tags.
        if minor is not None and (1, 1) <= minor < (2, 0):
            return version.removeprefix("v"), evidence

    return "", ""


def _version_candidates(
    labels: dict[str, str], values: Object, config: Object
) -> Iterator[tuple[str, str]]:
    """What may state the version, and where it stands, the most reliable first."""
    yield str(at(values, ("global", "tag")) or ""), "values.global.tag"

    image = str(at(values, ("global", "proxy", "image")) or "")
    yield _version_in(_TAG, image), "values.global.proxy.image"
    yield labels.get("app.kubernetes.io/version", ""), "label app.kubernetes.io/version"
    yield _version_in(_CHART, labels.get("helm.sh/chart", "")), "label helm.sh/chart"

    templates = config.get("templates")
    if isinstance(templates, dict):
        for name, template in templates.items():
            yield _version_in(_TEMPLATE_TAG, template), f"an image tag in template {name}"

    yield _version_in(_TEMPLATE_TAG, config.get("template")), "an image tag in the template"
    yield _version_in(_CHART, labels.get("chart", "")), "label chart"


def _version_in(pattern: re.Pattern[str], text: object) -> str:
    """What the first group of a pattern matches in a text, "" where it does not match."""
    found = pattern.search(text) if isinstance(text, str) else None
    return found[1] if found else ""


def version_warnings(text: str, place: str, ref: ResourceRef | None) -> list[Result]:
    """A warning where the version is unknown, or not one of those whose behaviour is described."""
    minor = parse_version(text)
    if minor is None:
        message = (
            f"Istio's version cannot be told from {place}; the rules of {version_text(NEWEST)} are "
            "used. State it with --mesh-version V, or as spec.mesh.version of the functionConfig"
        )
        return [Result("warning", message, ref, "data.values", code="mesh-version-unknown")]

    if minor > NEWEST:
        message = (
            f"Istio {text} of {place} is newer than known here; the rules of "
            f"{version_text(NEWEST)} are used. A newer krm-injector may know it; --mesh-version V "
            "(or spec.mesh.version) states whose rules to use"
        )
        return [Result("warning", message, ref, "data.values", text, code="mesh-version-newer")]

    if minor < OLDEST:
        message = (
            f"Istio {text} of {place} is older than known here; the rules of "
            f"{version_text(OLDEST)} are used. --mesh-version V (or spec.mesh.version) states "
            "whose rules to use"
        )
        return [Result("warning", message, ref, "data.values", text, code="mesh-version-older")]

    return []


def _wrong_form(text: str, form: Form, place: str, ref: ResourceRef | None) -> Result:
    content = "a template, as Istio until 1.8 has"
    if form == "pod":
        content = "templates, as Istio 1.9 and later have"

    message = (
        f"data.config of {place} has {content}, and spec.mesh.version says {text}; leave "
        "spec.mesh.version out"
    )
    return Result("error", message, ref, "data.config", text, code="mesh-version-form")


def _several_versions(
    minors: tuple[Minor, ...], contradiction: str, place: str, ref: ResourceRef | None
) -> Result:
    first, last = version_text(minors[0]), version_text(minors[-1])
    message = (
        f"Istio's version cannot be told from {place}; {contradiction}it is that of {first} to "
        f"{last}, and the rules of {last} are used. State it with --mesh-version V, or as "
        "spec.mesh.version of the functionConfig"
    )
    return Result("warning", message, ref, "data.config", code="mesh-version-unknown")


# ---------------------------------------------------------------- settings of istiod


def test_mesh(mesh_config: Object, rule: str) -> Literal["", "yes"]:
    """Rules.test_mesh for this mesh: "yes" where Istio's own test suite wrote it out.

    That one is recognised by a plain discovery address and no SDS, among fields that only a program
    writes. ``rule`` is the version's ("" or "possible").
    """
    is_written_out = all(
        field in mesh_config for field in ("certificates", "serviceSettings", "thriftConfig")
    )
    address = at(mesh_config, ("defaultConfig", "discoveryAddress"))
    is_plain = address == "istio-pilot:15010" and "sdsUdsPath" not in mesh_config
    return "yes" if rule and is_written_out and is_plain else ""


class NativeSidecars(NamedTuple):
    """Whether istiod makes native sidecars."""

    on: bool
    assumed: bool = False  # it asks the nodes, and nobody states their version


def native_sidecars(settings: Settings, values: Object, default: bool) -> NativeSidecars:
    """Whether istiod makes native sidecars: as the functionConfig states, else by the variable
    ENABLE_NATIVE_SIDECARS of istiod's environment (spec.cluster.controlPlaneEnv, or pilot.env among
    the values), else by the version's ``default``.

    "auto" (1.27+, and the default there) asks the nodes for their versions: all kubelets must be of
    1.33 or newer. If nobody states the oldest one, it is assumed to be. Any other word is "false".
    A pod with spec.nodeName asks its own node alone, of which nothing is known here. Source:
    pilot/pkg/features/pilot.go, pkg/kube/inject/webhook.go DetectNativeSidecar (1.27 to 1.32, the
    same), experimental.go (before: a boolean, false by default).
    """
    if settings.native_sidecars is not None:
        return NativeSidecars(settings.native_sidecars)

    value = settings.control_plane_env.get(NATIVE_VARIABLE)
    if value is None:
        value = at(values, ("pilot", "env", NATIVE_VARIABLE))
    if value is None:
        return _by_kubelets(settings) if default else NativeSidecars(False)

    text = str(value).lower() if isinstance(value, bool) else str(value)
    if default and text == "auto":
        return _by_kubelets(settings)
    return NativeSidecars(text == "true" if default else text in _GO_TRUE)


def _by_kubelets(settings: Settings) -> NativeSidecars:
    """Whether every kubelet is new enough for native sidecars, as far as somebody states it."""
    version = parse_version(settings.kubernetes_version) if settings.kubernetes_version else None
    if version is None:
        return NativeSidecars(True, assumed=True)
    return NativeSidecars(version >= NATIVE_KUBELET)


def environment(settings: Settings, values: Object, config: str, automatic: bool) -> dict[str, str]:
    """What templates can see of istiod's environment: as the functionConfig states, over
    values.pilot.env, which the ConfigMap holds from 1.26 on. kube-inject has an environment of its
    own.

    COMPLIANCE_POLICY is .CompliancePolicy (pkg/features/security.go). The function env reads the
    others, so that only those count which the injection configuration names. What is stated of
    native sidecars holds for ENABLE_NATIVE_SIDECARS too.
    """
    own = settings.control_plane_env
    if settings.native_sidecars is not None and NATIVE_VARIABLE in own:
        own = {name: value for name, value in own.items() if name != NATIVE_VARIABLE}

    given = at(values, ("pilot", "env"))
    if not automatic or not given or not isinstance(given, dict):
        return own

    stated = {
        name: value
        for name, value in given.items()
        if isinstance(value, str) and (name == COMPLIANCE_VARIABLE or name in config)
    }
    # Of these words, native_sidecars tells which. Templates compare others ("1") themselves.
    if settings.native_sidecars is not None or stated.get(NATIVE_VARIABLE) in ("true", "false"):
        stated.pop(NATIVE_VARIABLE, None)
    return {**stated, **own}


def platform(settings: Settings, values: Object, automatic: bool) -> str:
    """istiod's PLATFORM, which the chart takes from the values; kube-inject has none."""
    if settings.platform is not None:
        return settings.platform

    platform = at(values, ("global", "platform")) or values.get("platform")
    return platform if automatic and isinstance(platform, str) else ""
