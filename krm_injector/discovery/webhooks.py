"""MutatingWebhookConfigurations: the webhooks that lead to an Istio injector, and those that a
default installation has.
"""

from __future__ import annotations

from krm_injector.istio_names import (
    INJECT,
    INJECTION_LABEL,
    INJECTOR_CONFIG_MAP,
    NAMESPACE_NAME_LABEL,
    REVISION_LABEL,
    SYSTEM_NAMESPACE,
    with_revision,
)
from krm_injector.kube import selectors
from krm_injector.kube.paths import at
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.model import Object, ResourceRef, Result, Webhook
from krm_injector.versions import Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

INJECT_PATH = "/inject"
_SCHEME = lazy_pattern("[a-zA-Z][a-zA-Z0-9+.-]*:")


def read(configuration: Object) -> tuple[list[Webhook], list[Result]]:
    """The webhooks of one MutatingWebhookConfiguration that lead to an Istio injector, and what is
    wrong with them. Webhooks of other programs are left out.
    """
    name = str(at(configuration, ("metadata", "name")) or "")
    ref = ResourceRef(str(configuration.get("apiVersion")), "MutatingWebhookConfiguration", name)
    label = str(at(configuration, ("metadata", "labels", REVISION_LABEL)) or "")

    webhooks: list[Webhook] = []
    results: list[Result] = []
    entries = configuration.get("webhooks")
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if not isinstance(entry, dict):
            continue

        path = _injector_path(entry, label)
        if path is None or not sees_new_pods(entry):
            continue

        field = f"webhooks[{index}]"
        results += _problems(entry, ref, field)
        webhooks.append(
            Webhook(
                configuration=ref.name,
                name=str(entry.get("name") or field),
                revision=label or _revision_of_service(entry),
                namespace_selector=entry.get("namespaceSelector"),
                object_selector=entry.get("objectSelector"),
                path=path,
                ignores_failure=_ignores_failure(configuration, entry),
            )
        )

    return webhooks, results


def _injector_path(entry: Object, label: str) -> str | None:
    """The path that istiod would be called on; None if the webhook is not Istio's injector."""
    path = called_path(entry.get("clientConfig"))
    name = str(entry.get("name") or "")
    if path == INJECT_PATH or path.startswith(f"{INJECT_PATH}/"):
        is_istio = name.endswith("istio.io") or bool(label) or _service(entry).startswith("istio")
    else:
        # A path that no istiod serves. Only the whole name proves that it is the injector, and not
        # another webhook of Istio.
        is_istio = name.endswith("sidecar-injector.istio.io")

    return path if is_istio else None


def called_path(client_config: Any) -> str:
    """The path that the API server asks for, as the server behind it sees it: decoded if it is
    that of a URL, and cleaned. A service comes before a URL.

    A path that is not stated at all was cut off on the way, and is taken for /inject. Source:
    apiserver/pkg/util/webhook/client.go HookClient (the path is cfg.APIPath),
    client-go/rest/request.go NewRequest (path.Join). Go's net/http decodes what was sent.
    """
    service, url = at(client_config, ("service",)), at(client_config, ("url",))
    if isinstance(url, str) and not isinstance(service, dict):
        path = _path_of(url)
    else:
        path = str(at(service, ("path",)) or "")

    if not path:
        return INJECT_PATH

    from posixpath import normpath  # on Windows os.path is another

    return normpath("/" + path.lstrip("/"))


def _path_of(url: str) -> str:
    """A URL's path, decoded (net/url Parse)."""
    url = url.partition("#")[0].partition("?")[0]
    scheme = _SCHEME.match(url)
    path = url[scheme.end() :] if scheme else url
    if path.startswith("//"):
        path = "/".join(["", *path[2:].split("/")[1:]])
    elif scheme and not path.startswith("/"):
        path = ""  # an opaque URL has none

    if "%" not in path:
        return path

    from urllib.parse import unquote_to_bytes  # hardly any URL has an escape

    # Each byte that is not UTF-8 becomes one U+FFFD, as in Go.
    text = unquote_to_bytes(path).decode("utf-8", "surrogateescape")
    return "".join(
        "\ufffd" if "\udc80" <= character <= "\udcff" else character for character in text
    )


def is_served(path: str, rules: Rules) -> bool:
    """Whether istiod answers on that path: it gives 404 on others (pkg/kube/inject/webhook.go
    NewWebhook).
    """
    return path == INJECT_PATH or (rules.paths_below and path.startswith(f"{INJECT_PATH}/"))


def _ignores_failure(configuration: Object, entry: Object) -> bool:
    """Whether failurePolicy is Ignore. If it is not stated it is Fail, in v1beta1 Ignore
    (pkg/apis/admissionregistration defaults.go).
    """
    policy = entry.get("failurePolicy")
    if policy is None:
        return str(configuration.get("apiVersion")).endswith("/v1beta1")
    return bool(policy == "Ignore")


def sees_new_pods(entry: Object) -> bool:
    """Whether the rules select the creation of Pods; a snapshot may have left the rules out."""
    rules = entry.get("rules")
    if not isinstance(rules, list) or not rules:
        return True
    return any(
        _covers(rule, "operations", "CREATE") and _covers(rule, "resources", "pods")
        for rule in rules
    )


def _covers(rule: Any, field: str, value: str) -> bool:
    stated = rule.get(field) if isinstance(rule, dict) else None
    if not isinstance(stated, list):
        return False
    return any(pattern in (value, "*", f"{value}/*", "*/*") for pattern in stated)


def _service(entry: Object) -> str:
    return str(at(entry, ("clientConfig", "service", "name")) or "")


def _revision_of_service(entry: Object) -> str:
    """The revision in the name of the called service (istiod-REVISION), or "default"."""
    name = _service(entry)
    return name.removeprefix("istiod-") if name.startswith("istiod-") else "default"


def _problems(entry: Object, ref: ResourceRef, field: str) -> list[Result]:
    """What the API server would refuse, and what cannot be judged without a cluster.

    ``field`` is the path of the webhook inside of its configuration ``ref``.
    """
    results = []
    url = at(entry, ("clientConfig", "url"))
    has_service = at(entry, ("clientConfig", "service")) is not None
    if (url is not None) == has_service:
        # k8s.io/kubernetes pkg/apis/admissionregistration/validation, validateMutatingWebhook
        stated = "both a url and a service" if has_service else "neither a url nor a service"
        message = (
            f"{field}.clientConfig of {ref} has {stated}, and the API server would refuse it; "
            "keep one of them"
        )
        where = f"{field}.clientConfig"
        results.append(Result("error", message, ref, where, code="webhook-path"))

    if isinstance(url, str):
        from krm_injector.discovery import webhook_urls  # most webhooks name a service

        url_field = f"{field}.clientConfig.url"
        for problem in webhook_urls.problems(url):
            message = f"{url_field} of {ref} {problem}, and the API server would refuse it: {url}"
            results.append(Result("error", message, ref, url_field, url, code="webhook-path"))

    for name in ("namespaceSelector", "objectSelector"):
        selector = entry.get(name)
        try:
            selectors.parse_webhook(selector)
        except selectors.SelectorError as problem:
            message = f"{field}.{name} of {ref} is not a label selector: {problem}"
            results.append(
                Result("error", message, ref, f"{field}.{name}", selector, code="webhook-selector")
            )

    if entry.get("matchConditions"):
        conditions_field = f"{field}.matchConditions"
        message = (
            f"{conditions_field} of {ref} are expressions that only a cluster evaluates; taken as "
            "true"
        )
        results.append(
            Result("warning", message, ref, conditions_field, code="webhook-match-conditions")
        )

    return results


# ---------------------------------------------------------------- a default installation's

_SYSTEM_NAMESPACES = ("kube-system", "kube-public", "kube-node-lease", "local-path-storage")

_SelectorPair: TypeAlias = "tuple[Object, Object | None]"  # namespaceSelector, objectSelector


def assumed(
    revision: str, rules: Rules, values: Object, namespace: str = SYSTEM_NAMESPACE
) -> tuple[Webhook, ...]:
    """The webhooks that an installation of that version, values and revision has, if nobody states
    them.

    ``namespace`` is the control plane's. Source:
    manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml (1.9 to 1.32). By
    its default useLegacySelectors, 1.9 has one webhook; with that turned off it has those of 1.10
    under shorter names.
    """
    settings = at(values, ("sidecarInjectorWebhook",))
    by_default = at(settings, ("enableNamespacesByDefault",)) is True
    configuration = with_revision(INJECTOR_CONFIG_MAP, revision)
    if namespace != SYSTEM_NAMESPACE:
        configuration += f"-{namespace}"

    if not rules.webhook_per_selector:
        pairs_by_prefix = {"": _single_webhook(revision, rules, by_default, settings, namespace)}
    else:
        pairs_by_prefix = _by_revision(revision)
        if revision == "default":
            pairs_by_prefix |= _by_injection_label()
            if by_default:
                pairs_by_prefix["auto."] = _by_default(rules.auto_spares_system)

    return tuple(
        Webhook(
            configuration,
            f"{prefix}sidecar-injector.istio.io",
            revision,
            namespace_selector,
            object_selector,
            INJECT_PATH,
        )
        for prefix, (namespace_selector, object_selector) in pairs_by_prefix.items()
    )


def _by_revision(revision: str) -> dict[str, _SelectorPair]:
    has_revision = _in(REVISION_LABEL, revision)
    not_opted_out = _not_in(INJECT, "false")
    return {
        "rev.namespace.": (
            _expressions(has_revision, _absent(INJECTION_LABEL)),
            _expressions(not_opted_out),
        ),
        "rev.object.": (
            _expressions(_absent(REVISION_LABEL), _absent(INJECTION_LABEL)),
            _expressions(not_opted_out, has_revision),
        ),
    }


def _by_injection_label() -> dict[str, _SelectorPair]:
    return {
        "namespace.": (
            _expressions(_in(INJECTION_LABEL, "enabled")),
            _expressions(_not_in(INJECT, "false")),
        ),
        "object.": (
            _expressions(_absent(INJECTION_LABEL), _absent(REVISION_LABEL)),
            _expressions(_in(INJECT, "true"), _absent(REVISION_LABEL)),
        ),
    }


def _by_default(spares_system: bool) -> _SelectorPair:
    """enableNamespacesByDefault: for Namespaces and pods without any of Istio's labels."""
    namespace = [_absent(INJECTION_LABEL), _absent(REVISION_LABEL)]
    if spares_system:
        namespace.append(_not_in(NAMESPACE_NAME_LABEL, *_SYSTEM_NAMESPACES))
    return _expressions(*namespace), _expressions(_absent(INJECT), _absent(REVISION_LABEL))


def _single_webhook(
    revision: str, rules: Rules, by_default: bool, settings: Any, namespace: str
) -> _SelectorPair:
    """The one webhook until 1.9. ``settings``: sidecarInjectorWebhook of the values."""
    object_selector = _single_object_selector(revision, rules, settings)
    if by_default:
        requirements = [_not_in("name", namespace)] if rules.spares_control_plane else []
        requirements.append(_not_in(INJECTION_LABEL, "disabled"))
        if rules.spares_revisions:
            requirements += [_absent("istio-env"), _absent(REVISION_LABEL)]
        return _expressions(*requirements), object_selector

    if revision != "default":
        by_revision = _expressions(_absent(INJECTION_LABEL), _in(REVISION_LABEL, revision))
        return by_revision, object_selector

    return {"matchLabels": {INJECTION_LABEL: "enabled"}}, object_selector


def _single_object_selector(revision: str, rules: Rules, settings: Any) -> Object | None:
    """Its objectSelector, on by default in 1.9. It only turns away pods that opt out, unless
    autoInject is off.
    """
    enabled = at(settings, ("objectSelector", "enabled"))
    is_on = rules.object_selector if enabled is None else enabled is True
    if not is_on:
        return None

    if at(settings, ("objectSelector", "autoInject")) is not False:
        return _expressions(_not_in(INJECT, "false"))
    if revision == "default":
        return {"matchLabels": {INJECT: "true"}}
    return _expressions(_absent(INJECT), _in(REVISION_LABEL, revision))


def _expressions(*requirements: Object) -> Object:
    return {"matchExpressions": list(requirements)}


def _in(key: str, *values: str) -> Object:
    return {"key": key, "operator": "In", "values": list(values)}


def _not_in(key: str, *values: str) -> Object:
    return {"key": key, "operator": "NotIn", "values": list(values)}


def _absent(key: str) -> Object:
    return {"key": key, "operator": "DoesNotExist"}
