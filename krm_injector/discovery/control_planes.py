"""The control planes of a bundle: whose injection configuration, of what version, behind which
webhooks.

Looked for in this order, part by part: functionConfig, bundle, embedded profile. A part is the
injection configuration (ConfigMap istio-sidecar-injector[-REV]), the mesh configuration
(istio[-REV]), the webhooks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from krm_injector.discovery import istiod
from krm_injector.discovery import webhooks as webhook_rules
from krm_injector.function_config import Settings
from krm_injector.kube import selectors, yaml
from krm_injector.kube.paths import at
from krm_injector.model import Mesh, Object, Refused, ResourceRef, Result, Webhook
from krm_injector.versions import Rules, rules_for
from krm_injector.workload.controller import string_map

if TYPE_CHECKING:
    from krm_injector.model import MeshSource

INJECTOR = "istio-sidecar-injector"
MESH = "istio"


class Sourced(NamedTuple):
    """An object and where it was found."""

    value: Object
    source: MeshSource


class _Text(NamedTuple):
    """A configuration as text: ConfigMap data, or a field of the functionConfig."""

    revision: str
    text: str
    values: str  # data.values beside data.config; "" in a mesh configuration
    labels: dict[str, str]
    ref: ResourceRef | None  # None: inline in the functionConfig, or the profile
    source: MeshSource

    @property
    def place(self) -> str:
        return (
            str(self.ref)
            if self.ref
            else "spec.mesh"
            if self.source == "functionConfig"
            else "embedded profile"
        )


class _Parts(NamedTuple):
    injectors: dict[str, _Text]
    mesh_configs: dict[str, _Text]
    webhooks: dict[str, list[Webhook]]
    webhook_source: str
    proxy_configs: list[Object]


def meshes(objects: list[Sourced], settings: Settings) -> tuple[tuple[Mesh, ...], list[Result]]:
    """One Mesh per control plane, "default" first, and what was used (info), doubted (warning) or
    refused (error).
    """
    results: list[Result] = []
    parts = _collect(objects, settings, results)
    automatic = settings.method == "automatic"
    profile_webhooks: list[Webhook] = []
    if not parts.injectors:
        profile_webhooks = _use_profile(parts, settings, results)

    found = []
    for revision in sorted({*parts.injectors, *parts.webhooks}, key=lambda r: (r != "default", r)):
        own = parts.webhooks.get(revision)
        if own is None and profile_webhooks and revision == "default":
            own = profile_webhooks

        injector = parts.injectors.get(revision)
        if injector is None:
            webhooks = _answered(own or [], rules_for(None), results)
            found.append(_missing(revision, webhooks, settings))
        else:
            found.append(_mesh(injector, parts, own, settings, results, automatic))

    results += _no_such_revision(found, settings)
    return tuple(found), results


def _no_such_revision(found: list[Mesh], settings: Settings) -> list[Result]:
    """An error where a revision is stated that no control plane has; "default" may stand there as
    the default. Of kube-inject's, decide says so of the workloads.
    """
    stated, known = settings.revision, [mesh.revision for mesh in found if mesh.source != "missing"]
    if stated in ("", "default", *known) or settings.method == "manual":
        return []

    message = (
        f"there is no control plane of revision {stated} (spec.revision, --revision); known are: "
        f"{', '.join(known) or 'none'}. State one of them, leave it out, or add the mesh of "
        f"{stated}"
    )
    return [
        Result(
            "error", message, field="spec.revision", current=stated, code="control-plane-missing"
        )
    ]


# ---------------------------------------------------------------- what somebody named as the mesh


def is_part(value: Object) -> bool:
    """Whether the object says something of a mesh that injection reads."""
    kind, version = value.get("kind"), str(value.get("apiVersion"))
    if kind == "MutatingWebhookConfiguration":
        return bool(webhook_rules.read(value)[0])
    if kind == "ProxyConfig":
        return version.startswith("networking.istio.io/")
    if kind != "ConfigMap" or version != "v1":
        return False

    name, data = at(value, ("metadata", "name")), at(value, ("data",))
    return isinstance(data, dict) and any(
        key in data
        for key, base in (("config", INJECTOR), ("mesh", MESH))
        if _named_for(name, base)
    )


def no_part(objects: Sequence[Object], file: str) -> str:
    """What to say of objects that hold nothing of a mesh, as the end of a sentence about where they
    were found; file: what they were read from, for the command that makes a mesh of it.
    """
    if plan := to_be_rendered(objects, file):
        return f"holds no mesh: {plan}"

    kinds = ", ".join(sorted({str(value.get("kind")) for value in objects}))
    held = f"holds no injection configuration of a mesh, only {kinds}" if kinds else "is empty"
    return (
        f"{held}: there is no ConfigMap istio-sidecar-injector (with data.config) or istio (with "
        "data.mesh), and no webhook of Istio's injector. Make it of what `istioctl manifest "
        "generate`, `helm template` of the istiod chart, or `kubectl get -n istio-system "
        "configmap,mutatingwebhookconfiguration -o yaml` prints: ... | krm-injector snapshot"
    )


def to_be_rendered(objects: Iterable[Object], file: str) -> str:
    """What to run where the objects say how to install a mesh; "" where none does."""
    for value in objects:
        command = _RENDERED_BY.get(str(value.get("kind")))
        if command:
            made = f"its injection configuration is made of it by: {command.replace('FILE', file)}"
            return f"{_ref(value)} says how to install a mesh; {made}"
    return ""


# what only says how to install a mesh, and how to come from there to what is installed
_RENDERED_BY = {
    "IstioOperator": "istioctl manifest generate -f FILE | krm-injector snapshot",
    "Istio": "kubectl get -n istio-system configmap,mutatingwebhookconfiguration -o yaml | krm-injector snapshot",
}


def refuse_conflicts(found: Iterable[tuple[str, Object]]) -> None:
    """Objects of a mesh, each with the file that holds it. Raises Refused where two files hold the
    same object, with different contents: neither is more right than the other.
    """
    first: dict[str, tuple[str, Object]] = {}
    problems = []
    for file, value in found:
        ref = _ref(value)
        before, known = first.setdefault(str(ref), (file, value))
        if before != file and known != value:
            message = (
                f"{before} and {file} both hold {ref}, with different contents; give one of them"
            )
            problems.append(Result("error", message, ref, file=file, code="mesh-ambiguous"))

    if problems:
        raise Refused(*problems)


def _ref(value: Object) -> ResourceRef:
    names = (str(at(value, ("metadata", field)) or "") for field in ("name", "namespace"))
    return ResourceRef(str(value.get("apiVersion")), str(value.get("kind")), *names)


def _named_for(name: object, base: str) -> bool:
    """Whether it is the name of a configuration, of the revision default or of another."""
    return isinstance(name, str) and (name == base or name.startswith(f"{base}-"))


# ---------------------------------------------------------------- collecting the parts


def _collect(objects: list[Sourced], settings: Settings, results: list[Result]) -> _Parts:
    given = settings.mesh
    own = [Sourced(document, "functionConfig") for document in (*given.documents, *given.webhooks)]
    results += _no_injectors(given.webhooks)
    injectors, mesh_configs = _texts(own, results)
    revision = settings.revision or "default"
    if given.config is not None:
        injectors[revision] = _Text(
            revision, given.config, given.values or "{}", {}, None, "functionConfig"
        )
    if given.mesh_config is not None:
        mesh_configs[revision] = _Text(revision, given.mesh_config, "", {}, None, "functionConfig")

    bundle_injectors, bundle_meshes = _texts(
        objects, results if not (injectors and mesh_configs) else []
    )
    webhooks, source = _webhooks(own, results), "functionConfig"
    if not webhooks:
        webhooks, source = _webhooks(objects, results), "bundle"

    proxy_configs = [
        found.value
        for found in (*own, *objects)
        if found.value.get("kind") == "ProxyConfig"
        and str(found.value.get("apiVersion")).startswith("networking.istio.io/")
    ]
    return _Parts(
        injectors or bundle_injectors,
        mesh_configs or bundle_meshes,
        webhooks,
        source,
        proxy_configs,
    )


def _no_injectors(configurations: Iterable[Object]) -> list[Result]:
    """Errors where spec.mesh.webhooks holds what does not lead to an injector of Istio's."""
    results = []
    for index, value in enumerate(configurations):
        if not is_part(value):
            field = f"spec.mesh.webhooks[{index}]"
            message = (
                f"{field} of the functionConfig, {_ref(value)}, holds no webhook of Istio's "
                "injector for new pods; leave it out, or put in what the control plane has "
                "installed"
            )
            results.append(Result("error", message, field=field, code="mesh-missing"))

    return results


def _texts(
    objects: list[Sourced], results: list[Result]
) -> tuple[dict[str, _Text], dict[str, _Text]]:
    """Injection and mesh configurations by revision. Two that disagree are an error, unless they
    are the same.
    """
    injectors: dict[str, _Text] = {}
    mesh_configs: dict[str, _Text] = {}
    for found in objects:
        value = found.value
        if value.get("kind") != "ConfigMap" or value.get("apiVersion") != "v1":
            continue

        name = at(value, ("metadata", "name"))
        for key, base, known in (("config", INJECTOR, injectors), ("mesh", MESH, mesh_configs)):
            if _named_for(name, base):
                text = _text(found, name, base, key, results)
                first = known.setdefault(text.revision, text) if text else None
                if text and first and (first.text, first.values) != (text.text, text.values):
                    results.append(_ambiguous(first, text, f"data.{key}"))

    return injectors, mesh_configs


def _text(found: Sourced, name: str, base: str, key: str, results: list[Result]) -> _Text | None:
    """A ConfigMap of that name as a configuration, None where it holds none."""
    data = at(found.value, ("data",))
    if not isinstance(data, dict) or key not in data:
        return None

    ref = ResourceRef(
        "v1", "ConfigMap", name, str(at(found.value, ("metadata", "namespace")) or "")
    )
    for field in (key, "values"):
        if not isinstance(data.get(field, ""), str):
            message = f"data.{field} of {ref} must be a string"
            results.append(
                Result("error", message, ref, f"data.{field}", data[field], code="mesh-not-yaml")
            )
            return None

    labels = string_map(at(found.value, ("metadata", "labels")))
    revision = labels.get(webhook_rules.REVISION_LABEL) or name[len(base) + 1 :] or "default"
    values = data.get("values") or "{}" if key == "config" else ""
    return _Text(revision, data[key], values, labels, ref, found.source)


def _ambiguous(first: _Text, second: _Text, field: str) -> Result:
    message = (
        f"{first.ref} and {second.ref} are both the configuration of revision {first.revision} "
        f"and differ; keep one, or tell them apart by the label {webhook_rules.REVISION_LABEL}"
    )
    return Result("error", message, second.ref, field, code="mesh-ambiguous")


def _webhooks(objects: list[Sourced], results: list[Result]) -> dict[str, list[Webhook]]:
    """Istio's webhooks by revision, in the order in which the API server calls them: by
    configuration name.
    """
    configurations = [
        o.value for o in objects if o.value.get("kind") == "MutatingWebhookConfiguration"
    ]
    by_revision: dict[str, list[Webhook]] = {}
    seen: dict[str, Webhook] = {}
    for configuration in sorted(configurations, key=lambda c: str(at(c, ("metadata", "name")))):
        found, problems = webhook_rules.read(configuration)
        results += problems
        for webhook in found:
            first = seen.get(webhook.id)
            if first is None:
                seen[webhook.id] = webhook
                by_revision.setdefault(webhook.revision, []).append(webhook)
            elif first != webhook:
                message = f"webhook {webhook.id} is there twice, and the two differ; keep one"
                results.append(
                    Result("error", message, _ref(configuration), "webhooks", code="mesh-ambiguous")
                )

    return by_revision


def _use_profile(parts: _Parts, settings: Settings, results: list[Result]) -> list[Webhook]:
    """The embedded profile as the injection configuration of every revision that needs one; returns
    its webhooks.
    """
    from krm_injector.discovery import profile

    config, values, mesh_config, documents = profile.load()
    wanted = {*parts.webhooks, *parts.mesh_configs} or {settings.revision or "default"}
    for revision in sorted(wanted):
        parts.injectors[revision] = _Text(revision, config, values, {}, None, "profile")
        parts.mesh_configs.setdefault(
            revision, _Text(revision, mesh_config, "", {}, None, "profile")
        )

    if parts.webhooks or any(text.source != "profile" for text in parts.mesh_configs.values()):
        message = (
            "there is no injection configuration (ConfigMap istio-sidecar-injector): the embedded "
            "profile's is used with the mesh configuration and webhooks given; add the ConfigMap "
            "of your control plane"
        )
        results.append(Result("warning", message, code="mesh-incomplete"))

    return [webhook for document in documents for webhook in webhook_rules.read(document)[0]]


# ---------------------------------------------------------------- one control plane


def _missing(revision: str, webhooks: tuple[Webhook, ...], settings: Settings) -> Mesh:
    """A control plane of which only webhooks are there; decide refuses the workloads it would
    inject.
    """
    return Mesh(
        revision, "", rules_for(None), "missing", {}, "", "", webhooks, False, "", False, settings.platform or "",
        settings.control_plane_env, (),
    )  # fmt: skip


def _mesh(
    injector: _Text,
    parts: _Parts,
    own: list[Webhook] | None,
    settings: Settings,
    results: list[Result],
    automatic: bool,
) -> Mesh:
    revision = injector.revision
    mesh_text = parts.mesh_configs.get(revision)
    if mesh_text is None:
        message = f"{injector.place} has no mesh configuration beside it (ConfigMap {_named(MESH, revision)}); Istio's "
        results.append(
            Result("warning", message + "defaults are used", injector.ref, code="mesh-incomplete")
        )
        mesh_text = _Text(revision, "", "", {}, None, injector.source)

    config = _parsed(injector, injector.text, "data.config", results)
    if config.keys() & _SHAPES.keys():
        results += _config_problems(config, injector, automatic)
    elif not any(result.code == "mesh-not-yaml" for result in results):
        results.append(_no_config(injector))

    values = _parsed(injector, injector.values, "data.values", results)
    mesh_config = _parsed(mesh_text, mesh_text.text, "data.mesh", results)
    results += _no_mesh_config(mesh_config, mesh_text)
    labels = {**mesh_text.labels, **injector.labels}
    recognised = istiod.recognise(settings, labels, values, config, injector.place, injector.ref)
    results += recognised.results
    version, evidence = recognised.text, recognised.evidence
    rules = rules_for(recognised.minor)
    rules = rules._replace(test_mesh=istiod.test_mesh(mesh_config, rules.test_mesh))
    assumed = own is None
    webhooks = _answered(own or [], rules, results)
    if assumed:
        home = injector.ref.namespace if injector.ref and injector.ref.namespace else "istio-system"
        webhooks = webhook_rules.assumed(revision, rules, values, home)

    results.append(_used(injector, mesh_text, version, evidence, webhooks, assumed, automatic))
    return Mesh(
        revision=revision,
        version=version,
        rules=rules,
        source=injector.source,
        config=config,
        values=injector.values,
        mesh_config=mesh_text.text,
        webhooks=webhooks,
        assumed_webhooks=assumed,
        root_namespace=str(mesh_config.get("rootNamespace") or "istio-system"),
        native_sidecars=istiod.native_sidecars(settings, values, rules.native_default),
        platform=istiod.platform(settings, values, automatic),
        control_plane_env=settings.control_plane_env,
        proxy_configs=tuple(p for p in parts.proxy_configs if _in_revision(p, revision)),
    )


def _answered(webhooks: list[Webhook], rules: Rules, results: list[Result]) -> tuple[Webhook, ...]:
    """The webhooks but those that change nothing: they ask istiod for what it does not serve, and
    let pods go.
    """
    kept = []
    for webhook in webhooks:
        if webhook_rules.is_served(webhook.path, rules) or not webhook.ignores_failure:
            kept.append(webhook)
            continue

        message = (
            f"webhook {webhook.id} asks istiod for {webhook.path}, which it does not serve (404), "
            "and by its failurePolicy Ignore pods pass it as they are; the path is "
            f"{webhook_rules.INJECT_PATH} or below it"
        )
        results.append(Result("warning", message, current=webhook.path, code="webhook-path"))

    return tuple(kept)


def _parsed(text: _Text, content: str, field: str, results: list[Result]) -> Object:
    """A configuration's YAML, which must be a mapping; what is wrong goes to results."""
    try:
        value = yaml.load(content) if content.strip() else {}
    except yaml.YamlError as error:
        message = f"{field} of {text.place} is not valid YAML: {error}"
        results.append(Result("error", message, text.ref, field, code="mesh-not-yaml"))
        return {}

    if value is None or isinstance(value, dict):
        return value or {}

    message = f"{field} of {text.place} must be a mapping, it is {type(value).__name__}"
    results.append(Result("error", message, text.ref, field, code="mesh-not-yaml"))
    return {}


_SHAPES: dict[str, tuple[type, type]] = {  # field: its type, its members' type
    "policy": (str, object),
    "template": (str, object),
    "templates": (dict, str),
    "aliases": (dict, list),
    "defaultTemplates": (list, str),
    "neverInjectSelector": (list, dict),
    "alwaysInjectSelector": (list, dict),
    "injectedAnnotations": (dict, str),
}
_NAMES = {dict: "a mapping", list: "a list", str: "a string", object: "anything"}


def _no_config(injector: _Text) -> Result:
    message = (
        f"data.config of {injector.place} holds nothing of an injection configuration: no policy, "
        "no templates. Put in data.config of the control plane's ConfigMap istio-sidecar-injector"
    )
    return Result("error", message, injector.ref, "data.config", code="mesh-config-invalid")


_USUAL = {"defaultConfig", "rootNamespace", "trustDomain", "enablePrometheusMerge", "accessLogFile"}


def _no_mesh_config(mesh_config: Object, mesh_text: _Text) -> list[Result]:
    """An error where what the functionConfig gives as the mesh configuration has no field of one.
    Istio passes over fields that it does not know, so that a cluster's own says nothing wrong by
    them.
    """
    if not mesh_config or mesh_text.source != "functionConfig" or mesh_config.keys() & _USUAL:
        return []

    from krm_injector.istio_api import default_mesh_config
    from krm_injector.versions import NEWEST

    fields = default_mesh_config(NEWEST).type.fields
    if mesh_config.keys() & {name for field in fields for name in (field.json, field.name)}:
        return []

    held = ", ".join(map(str, mesh_config))
    message = (
        f"data.mesh of {mesh_text.place} holds no field of a mesh configuration, only {held}. "
        "Put in data.mesh of the control plane's ConfigMap istio"
    )
    return [Result("error", message, mesh_text.ref, "data.mesh", code="mesh-config-invalid")]


def _config_problems(config: Object, injector: _Text, automatic: bool) -> list[Result]:
    """Fields that Istio's Config cannot hold, and a policy that does not exist (Istio would inject
    nothing at all).
    """
    results = []
    for field, (outer, inner) in _SHAPES.items():
        value = config.get(field)
        members = (
            value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        )
        if value is not None and (
            not isinstance(value, outer) or any(not isinstance(m, inner) for m in members)
        ):
            of = "" if outer is str else f" of {_NAMES[inner]} each"
            message = f"{field} in data.config of {injector.place} must be {_NAMES[outer]}{of}"
            results.append(
                Result(
                    "error", message, injector.ref, "data.config", value, code="mesh-config-invalid"
                )
            )

    results += _skipped_selectors(config, injector) if automatic and not results else []
    policy = config.get("policy")
    if (
        automatic
        and config
        and policy not in ("enabled", "disabled")
        and not isinstance(policy, (dict, list))
    ):
        shown = f'"{policy}"' if policy is not None else "missing"
        message = (
            f"policy in data.config of {injector.place} is {shown}; it must be enabled or "
            "disabled (Istio logs an error and injects nothing)"
        )
        results.append(
            Result(
                "error",
                message,
                injector.ref,
                "data.config",
                policy,
                "enabled",
                code="policy-illegal",
            )
        )

    return results


def _skipped_selectors(config: Object, injector: _Text) -> list[Result]:
    """Selectors that do not parse: Istio logs that and passes them over, which a person wants to
    know.
    """
    results = []
    for field in ("neverInjectSelector", "alwaysInjectSelector"):
        for index, selector in enumerate(config.get(field) or ()):
            try:
                selectors.parse(selector)
            except selectors.SelectorError as problem:
                message = f"{field}[{index}] in data.config of {injector.place} is passed over, as Istio does: {problem}"
                results.append(
                    Result(
                        "warning",
                        message,
                        injector.ref,
                        "data.config",
                        selector,
                        code="selector-invalid",
                    )
                )

    return results


def _in_revision(proxy_config: Object, revision: str) -> bool:
    """istiod reads configuration of its own revision and such as names none (pkg/config
    ObjectInRevision).
    """
    label = at(proxy_config, ("metadata", "labels", webhook_rules.REVISION_LABEL))
    return label is None or bool(label == revision)


def _used(
    injector: _Text,
    mesh_text: _Text,
    version: str,
    evidence: str,
    webhooks: tuple[Webhook, ...],
    assumed: bool,
    automatic: bool,
) -> Result:
    known = f"Istio {version} by {evidence}" if version else "of unknown version"
    places = dict.fromkeys((injector.place, mesh_text.place))
    source = "" if injector.source == "profile" else f" ({injector.source})"
    message = f"control plane {injector.revision}: {' and '.join(places)}{source}, {known}"
    if automatic and assumed:
        message += (
            "; no webhook configuration is given, those of a default installation are assumed: "
        )
        message += ", ".join(webhook.id for webhook in webhooks)
    elif automatic:
        names = dict.fromkeys(webhook.configuration for webhook in webhooks)
        message += f"; webhooks of {', '.join(names)}"

    return Result("info", message, injector.ref, code="mesh")


def _named(base: str, revision: str) -> str:
    return base if revision == "default" else f"{base}-{revision}"
