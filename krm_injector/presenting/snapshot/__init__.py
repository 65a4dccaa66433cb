"""The mesh file: what injection reads of an installation, out of all that istioctl, Helm or a
cluster print of it.

Kept are the ConfigMaps istio-sidecar-injector and istio of every revision, the webhooks that lead
to them and ProxyConfigs, each reduced to the fields that injection reads; their texts stay as they
are, since templates may read anything in them. What has no business in a repository stays out:
caBundle, credentials among the values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from krm_injector.discovery import control_planes
from krm_injector.discovery import webhooks as webhook_rules
from krm_injector.function_config import Settings
from krm_injector.kube import yaml
from krm_injector.kube.differences import Difference, differences
from krm_injector.kube.paths import at
from krm_injector.model import Mesh, Object, Refused, ResourceRef, Result
from krm_injector.results import counted

LOCAL_CONFIG = "config.kubernetes.io/local-config"
LABELS = ("app.kubernetes.io/version", "helm.sh/chart", "istio.io/rev", "istio.io/tag")
DIGEST = "# digest: "
ORIGIN = "# origin: "

_CREDENTIAL = re.compile(
    r"(?i)(password|passwd|secret|token|credential|private_?key|api_?key|access_?key)s?$"
)
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_BY_HELM = re.compile(rb"^# Source: \S+/templates/", re.MULTILINE)
_AROUND = re.compile(
    rb"(?:NAME|LAST DEPLOYED): .*?^MANIFEST:[ \t]*\r?\n(.*?)(?:^NOTES:.*)?\Z",
    re.MULTILINE | re.DOTALL,
)
_KINDS = ("ConfigMap", "MutatingWebhookConfiguration", "ProxyConfig")


class Snapshot(NamedTuple):
    objects: tuple[Object, ...]  # minimal and sorted
    meshes: tuple[Mesh, ...]
    origin: str  # "istioctl", "helm", "cluster", or several of them
    results: tuple[Result, ...]


def manifests_of(printed: bytes) -> bytes:
    """The manifests of what a program printed: `helm get all` and `helm install` say more than
    manifests.
    """
    found = _AROUND.match(printed)
    return found[1] if found else printed


def by_helm(printed: bytes) -> bool:
    """Whether Helm rendered it: it says above each object from which template that comes."""
    return _BY_HELM.search(printed) is not None


def take(objects: Sequence[Object], helm: bool = False) -> Snapshot:
    """The snapshot of these objects (Lists opened up); helm: their text was by_helm. Raises Refused
    where they hold no injection configuration, where two disagree, and where a private key would be
    kept.
    """
    results: list[Result] = []
    chosen: dict[str, tuple[Object, Object]] = {}
    for value in objects:
        kept = _reduced(value, results)
        if kept is None:
            continue

        identity = json.dumps(
            [kept["kind"], kept["metadata"].get("namespace"), kept["metadata"]["name"]]
        )
        if identity in chosen and chosen[identity][0] != kept:
            results.append(_twice(kept))

        chosen.setdefault(identity, (kept, value))

    if not any(kept["kind"] == "ConfigMap" for kept, _ in chosen.values()):
        message = f"the input {control_planes.no_part(objects, 'FILE')}"
        raise Refused(*results, Result("error", message, code="mesh-missing"))

    minimal = tuple(sorted((kept for kept, _ in chosen.values()), key=_order))
    meshes, found = control_planes.meshes(
        [control_planes.Sourced(value, "bundle") for value in minimal], Settings()
    )
    results += found
    results += [problem for value in minimal for problem in _secrets(value)]
    if any(result.severity == "error" for result in results):
        raise Refused(*results)

    return Snapshot(
        minimal, meshes, origin((source for _, source in chosen.values()), helm), tuple(results)
    )


def text(snapshot: Snapshot) -> str:
    """The file: a header for people, then the objects as YAML documents. No clock: the same input,
    the same bytes.
    """
    lines = [
        "# The injection configuration of a mesh; made by krm-injector snapshot, not to be edited.",
        f"{ORIGIN}{snapshot.origin}",
        *(
            f"# control plane {mesh.revision}: Istio {mesh.version or 'of unknown version'}"
            for mesh in snapshot.meshes
        ),
        f"{DIGEST}{digest(snapshot.objects)}",
    ]
    documents = "---\n".join(yaml.dump(value) for value in snapshot.objects)
    return "\n".join(lines) + "\n" + documents


def digest(objects: Iterable[Object]) -> str:
    """Of the objects as values: comments, layout and the order of keys do not count."""
    from hashlib import sha256

    canonical = json.dumps(list(objects), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return "sha256:" + sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def origin(objects: Iterable[Object], helm: bool = False) -> str:
    """Which programs printed the objects, by the traces that each leaves; istioctl renders Helm's
    charts.
    """
    found = set()
    for value in objects:
        metadata = value.get("metadata") or {}
        labels = metadata.get("labels") or {}
        if "uid" in metadata or "resourceVersion" in metadata or "managedFields" in metadata:
            found.add("cluster")
        elif helm:
            found.add("helm")
        elif any(
            str(name).startswith(("install.operator.istio.io/", "operator.istio.io/"))
            for name in labels
        ):
            found.add("istioctl")
        elif labels.get("app.kubernetes.io/managed-by") == "Helm" or "release" in labels:
            found.add("helm")
        else:
            found.add(
                "snapshot" if at(value, ("metadata", "annotations", LOCAL_CONFIG)) else "manifests"
            )

    return ", ".join(sorted(found))


# ---------------------------------------------------------------- reducing


def _reduced(value: Object, results: list[Result]) -> Object | None:
    """The object with what injection reads of it; None where that is nothing."""
    kind, version = value.get("kind"), str(value.get("apiVersion"))
    if kind == "ConfigMap" and version == "v1":
        return _config_map(value, results)
    if kind == "MutatingWebhookConfiguration":
        return _webhooks(value)
    if kind == "ProxyConfig" and version.startswith("networking.istio.io/"):
        return {**_head(value, ("istio.io/rev",)), "spec": value.get("spec") or {}}
    return None


def _head(value: Object, labels: Iterable[str] = LABELS) -> Object:
    metadata = value.get("metadata") or {}
    kept: Object = {"name": metadata.get("name")}
    if metadata.get("namespace"):
        kept["namespace"] = metadata["namespace"]

    said = metadata.get("labels") or {}
    if own := {name: said[name] for name in labels if name in said}:
        kept["labels"] = own

    kept["annotations"] = {LOCAL_CONFIG: "true"}
    return {"apiVersion": value.get("apiVersion"), "kind": value.get("kind"), "metadata": kept}


def _config_map(value: Object, results: list[Result]) -> Object | None:
    name, data = at(value, ("metadata", "name")), value.get("data")
    if not isinstance(name, str) or not isinstance(data, dict):
        return None

    for key, base in (("config", control_planes.INJECTOR), ("mesh", control_planes.MESH)):
        if (name == base or name.startswith(f"{base}-")) and key in data:
            kept = {key: data[key]}
            if key == "config" and "values" in data:
                kept["values"] = _without_credentials(
                    data["values"], data[key], _ref(value), results
                )
            return {**_head(value), "data": kept}

    return None


def _webhooks(value: Object) -> Object | None:
    """The configuration with those webhooks that call an Istio injector for new pods, without
    caBundle and rules.
    """
    read = {webhook.name: webhook for webhook in webhook_rules.read(value)[0]}
    webhooks = [
        _webhook(webhook, read[webhook["name"]].path)
        for webhook in value.get("webhooks") or ()
        if isinstance(webhook, dict) and webhook.get("name") in read
    ]
    return {**_head(value), "webhooks": webhooks} if webhooks else None


def _webhook(value: Object, path: str) -> Object:
    kept = ["name", "clientConfig", "namespaceSelector", "objectSelector", "matchConditions"]
    if not path.startswith(webhook_rules.INJECT_PATH):
        kept.append("failurePolicy")  # it counts where istiod does not serve the path
    return {
        name: _client(value[name]) if name == "clientConfig" else value[name]
        for name in kept
        if name in value
    }


def _client(config: Any) -> Any:
    """Who is called, without the certificate and without what a URL may carry beside its path."""
    if not isinstance(config, dict):
        return config

    kept: Object = {}
    if isinstance(service := config.get("service"), dict):
        kept["service"] = {
            name: service[name] for name in ("name", "namespace", "path") if name in service
        }
    if isinstance(url := config.get("url"), str):
        kept["url"] = re.sub(r"(?<=//)[^/@]*@", "", url.partition("?")[0].partition("#")[0])

    return kept


def _order(value: Object) -> tuple[Any, ...]:
    metadata = value["metadata"]
    return _KINDS.index(value["kind"]), str(metadata["name"]), str(metadata.get("namespace") or "")


def _ref(value: Object) -> ResourceRef:
    metadata = value.get("metadata") or {}
    names = (str(metadata.get(field) or "") for field in ("name", "namespace"))
    return ResourceRef(str(value.get("apiVersion")), str(value.get("kind")), *names)


# ---------------------------------------------------------------- what must not be kept


def _without_credentials(values: Any, config: Any, ref: ResourceRef, results: list[Result]) -> Any:
    """data.values with the strings under names like "password" emptied, unless a template reads
    that name.
    """
    if not isinstance(values, str):
        return values

    try:
        parsed = yaml.load(values)
    except yaml.YamlError:
        return values  # the control plane's own check tells of it

    gone: list[str] = []
    cleaned = _emptied(parsed, "", str(config), gone)
    if not gone:
        return values

    message = (
        f"data.values of {ref} holds what looks like credentials, which no template reads; they "
        "were left out: " + ", ".join(gone)
    )
    results.append(Result("warning", message, ref, "data.values", code="snapshot-credentials"))
    return json.dumps(cleaned, indent=2, ensure_ascii=False)


def _emptied(value: Any, path: str, config: str, gone: list[str]) -> Any:
    if isinstance(value, list):
        return [
            _emptied(item, f"{path}[{index}]", config, gone) for index, item in enumerate(value)
        ]
    if not isinstance(value, dict):
        return value

    result = {}
    for key, inner in value.items():
        place = f"{path}.{key}" if path else str(key)
        if (
            isinstance(inner, str)
            and inner
            and _CREDENTIAL.search(str(key))
            and str(key) not in config
        ):
            gone.append(place)
            inner = ""

        result[key] = _emptied(inner, place, config, gone)

    return result


def _secrets(value: Object) -> list[Result]:
    """An error where a private key would get into the file; a caBundle or a certificate is no
    secret.
    """
    found = differences({}, value)
    if not any(_PRIVATE_KEY.search(json.dumps(one.after, ensure_ascii=False)) for one in found):
        return []
    ref = _ref(value)
    message = f"{ref} holds a private key, which does not belong into a file to commit; take it out of the installation"
    return [Result("error", message, ref, code="snapshot-private-key")]


def _twice(value: Object) -> Result:
    ref = _ref(value)
    message = (
        f"{ref} is there more than once, with different contents; give one installation at a time"
    )
    return Result("error", message, ref, code="mesh-ambiguous")


# ---------------------------------------------------------------- comparing


def changes(
    committed: Sequence[Object], fresh: Sequence[Object], content: str, file: str
) -> tuple[Result, ...]:
    """What differs between a committed snapshot and a fresh one, an error each; ``content`` is the
    committed text.
    """
    old = {str(_ref(value)): value for value in committed}
    new = {str(_ref(value)): value for value in fresh}
    results: list[Result] = []
    stated = re.search(rf"^{DIGEST}(\S+)", content, re.MULTILINE)
    if stated and stated[1] != digest(committed):
        message = f"{file} was edited: its contents do not have the digest that it states"
        results.append(Result("error", message, file=file, code="snapshot-edited"))

    for name in sorted({*old, *new}):
        if name not in new:
            message = f"{name} of {file} is not in the installation any more"
            results.append(
                Result("error", message, _ref(old[name]), file=file, code="snapshot-stale")
            )
        elif name not in old:
            message = f"{name} of the installation is not in {file}"
            results.append(
                Result("error", message, _ref(new[name]), file=file, code="snapshot-stale")
            )
        else:
            results += _object_changes(old[name], new[name], file)

    if results:  # once: what is to be done is the same for all
        first = results[0]
        results[0] = first._replace(
            message=f"{first.message}. Make it anew: krm-injector snapshot ... > {file}"
        )

    return tuple(results)


def _object_changes(old: Object, new: Object, file: str) -> list[Result]:
    ref = _ref(new)
    return [
        Result("error", f"{one.path} of {ref} differs in {file}: {described(one)}", ref, one.path, file=file,
               code="snapshot-stale")
        for one in differences(_opened(old), _opened(new))
    ]  # fmt: skip


def _opened(value: Object) -> Object:
    """The object with its texts of YAML as values, so that a difference has a path."""
    if not isinstance(data := value.get("data"), dict):
        return value

    opened = {}
    for key, content in data.items():
        try:
            opened[key] = yaml.load(content)
        except (yaml.YamlError, AttributeError, TypeError):
            opened[key] = content

    return {**value, "data": opened}


def described(difference: Difference, most: int = 3) -> str:
    """A difference in one line, or, of texts of several lines, as their diff."""
    before, after = difference.before, difference.after
    if isinstance(before, str) and isinstance(after, str) and "\n" in before + after:
        from difflib import unified_diff

        lines = list(
            unified_diff(before.splitlines(), after.splitlines(), "", "", lineterm="", n=0)
        )[2:]
        out, new = (sum(line[0] == sign for line in lines) for sign in "-+")
        counts = f"{counted(out, 'line')} out, {new:,} in"
        shown = [line for line in lines if line[0] in "-+"]
        rest = ["..."] if len(shown) > 2 * most else []
        return "\n".join([counts, *shown[: 2 * most], *rest])

    return f"{_word(before)} -> {_word(after)}"


def _word(value: Any) -> str:
    if not isinstance(value, (str, int, float, dict, list, bool, type(None))):
        return repr(value)
    shown = json.dumps(value, ensure_ascii=False)
    return shown if len(shown) <= 100 else shown[:97] + "..."
