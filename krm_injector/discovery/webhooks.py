"""MutatingWebhookConfigurations: those that lead to an Istio injector, and those a default
installation has.
"""

from __future__ import annotations

import re
from typing import Any

from krm_injector.istio_names import KUBERNETES_NAMESPACES
from krm_injector.kube import selectors
from krm_injector.kube.paths import at
from krm_injector.model import Object, ResourceRef, Result, Webhook
from krm_injector.versions import Rules

REVISION_LABEL = "istio.io/rev"
INJECT_PATH = "/inject"
_BAD_ESCAPE = re.compile("%(?![0-9a-fA-F]{2})")


def read(configuration: Object) -> tuple[list[Webhook], list[Result]]:
    """The webhooks of one MutatingWebhookConfiguration that lead to an Istio injector; other
    people's are left out.
    """
    name = str(at(configuration, ("metadata", "name")) or "")
    ref = ResourceRef(str(configuration.get("apiVersion")), "MutatingWebhookConfiguration", name)
    label = str(at(configuration, ("metadata", "labels", REVISION_LABEL)) or "")
    found: list[Webhook] = []
    results: list[Result] = []
    webhooks = configuration.get("webhooks")
    for index, webhook in enumerate(webhooks if isinstance(webhooks, list) else ()):
        if not isinstance(webhook, dict):
            continue

        path = _injector_path(webhook, label)
        if path is None or not _sees_new_pods(webhook):
            continue

        field = f"webhooks[{index}]"
        results += _problems(webhook, ref, field)
        found.append(
            Webhook(
                configuration=ref.name,
                name=str(webhook.get("name") or field),
                revision=label or _served(webhook),
                namespace_selector=webhook.get("namespaceSelector"),
                object_selector=webhook.get("objectSelector"),
                path=path,
                ignores_failure=_ignores_failure(configuration, webhook),
            )
        )

    return found, results


def _injector_path(webhook: Object, label: str) -> str | None:
    """The path that istiod would be called on, or None where the webhook is not Istio's injector."""
    path = called_path(webhook.get("clientConfig"))
    name = str(webhook.get("name") or "")
    if path == INJECT_PATH or path.startswith(f"{INJECT_PATH}/"):
        istio = name.endswith("istio.io") or bool(label) or _service(webhook).startswith("istio")
    else:
        # A path that no istiod serves: only by its whole name it is the injector, and not another
        # webhook.
        istio = name.endswith("sidecar-injector.istio.io")

    return path if istio else None


def called_path(client: Any) -> str:
    """The path that the API server asks for, as the server behind it sees it: that of a URL
    decoded, any cleaned.

    One that is not stated at all was cut off on the way: it is taken for /inject. Source:
    apiserver/pkg/util/webhook/client.go HookClient (the path is cfg.APIPath),
    client-go/rest/request.go NewRequest (path.Join); Go's net/http decodes what was sent.
    """
    url = at(client, ("url",))
    path = (
        _path_of(url)
        if isinstance(url, str) and url
        else str(at(client, ("service", "path")) or "")
    )
    if not path:
        return INJECT_PATH

    from posixpath import normpath  # on Windows os.path is another

    return normpath("/" + path.lstrip("/"))


def _path_of(url: str) -> str:
    """A URL's path, decoded (net/url Parse)."""
    url = url.partition("#")[0].partition("?")[0]
    scheme, found, rest = url.partition("//")
    path = rest[rest.find("/") :] if found and "/" in rest else "" if found else scheme
    if "%" not in path:
        return path

    from urllib.parse import unquote_to_bytes  # hardly any URL has one

    # Each byte that is no UTF-8 becomes one U+FFFD, as in Go.
    text = unquote_to_bytes(path).decode("utf-8", "surrogateescape")
    return "".join(
        "\ufffd" if "\udc80" <= character <= "\udcff" else character for character in text
    )


def is_served(path: str, rules: Rules) -> bool:
    """Whether istiod answers on that path: it gives 404 on others (pkg/kube/inject/webhook.go
    NewWebhook).
    """
    return path == INJECT_PATH or (rules.paths_below and path.startswith(f"{INJECT_PATH}/"))


def _ignores_failure(configuration: Object, webhook: Object) -> bool:
    """failurePolicy; where it is not stated, Fail, in v1beta1 Ignore
    (pkg/apis/admissionregistration defaults.go).
    """
    stated = webhook.get("failurePolicy")
    if stated is None:
        return str(configuration.get("apiVersion")).endswith("/v1beta1")
    return bool(stated == "Ignore")


def _sees_new_pods(webhook: Object) -> bool:
    """Whether the rules let a Pod's creation through; a snapshot may have left the rules away."""
    rules = webhook.get("rules")
    if not isinstance(rules, list) or not rules:
        return True
    return any(
        _covers(rule, "operations", "CREATE") and _covers(rule, "resources", "pods")
        for rule in rules
    )


def _covers(rule: Any, field: str, wanted: str) -> bool:
    values = rule.get(field) if isinstance(rule, dict) else None
    return isinstance(values, list) and any(
        value in (wanted, "*", f"{wanted}/*", "*/*") for value in values
    )


def _service(webhook: Object) -> str:
    return str(at(webhook, ("clientConfig", "service", "name")) or "")


def _served(webhook: Object) -> str:
    """The revision that the name of the called service tells, where no label does."""
    name = _service(webhook)
    return name.removeprefix("istiod-") if name.startswith("istiod-") else "default"


def _problems(webhook: Object, ref: ResourceRef, field: str) -> list[Result]:
    """What the API server would refuse, and what nobody can judge without a cluster."""
    results = []
    url = at(webhook, ("clientConfig", "url"))
    if isinstance(url, str) and _BAD_ESCAPE.search(url):
        message = f"{field}.clientConfig.url of {ref} is no URL, and the API server would refuse it: {url}"
        results.append(
            Result("error", message, ref, f"{field}.clientConfig.url", url, code="webhook-path")
        )

    for name in ("namespaceSelector", "objectSelector"):
        selector = webhook.get(name)
        try:
            selectors.parse_webhook(selector)
        except selectors.SelectorError as problem:
            message = f"{field}.{name} of {ref} is not a label selector: {problem}"
            results.append(
                Result("error", message, ref, f"{field}.{name}", selector, code="webhook-selector")
            )

    if webhook.get("matchConditions"):
        message = f"{field}.matchConditions of {ref} are expressions that only a cluster evaluates; taken as true"
        results.append(
            Result(
                "warning", message, ref, f"{field}.matchConditions", code="webhook-match-conditions"
            )
        )

    return results


# ---------------------------------------------------------------- what a default installation has


def _in(key: str, *values: str) -> Object:
    return {"key": key, "operator": "In", "values": list(values)}


def _not_in(key: str, *values: str) -> Object:
    return {"key": key, "operator": "NotIn", "values": list(values)}


def _absent(key: str) -> Object:
    return {"key": key, "operator": "DoesNotExist"}


_INJECT = "sidecar.istio.io/inject"
_INJECTION = "istio-injection"


def assumed(
    revision: str, rules: Rules, values: Object, namespace: str = "istio-system"
) -> tuple[Webhook, ...]:
    """The webhooks that an installation of that version, values and revision has, nothing being
    said of them.

    namespace: the control plane's. Source:
    manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml (1.9 to 1.31). In
    1.9 one webhook by its default useLegacySelectors; who turned that off got those of 1.10 under
    shorter names.
    """
    settings = at(values, ("sidecarInjectorWebhook",))
    by_default = at(settings, ("enableNamespacesByDefault",)) is True
    default = revision == "default"
    configuration = "istio-sidecar-injector" if default else f"istio-sidecar-injector-{revision}"
    if namespace != "istio-system":
        configuration += f"-{namespace}"

    if not rules.webhook_per_selector:
        selectors_by_prefix = {"": _legacy(revision, rules, by_default, settings, namespace)}
    else:
        selectors_by_prefix = _by_revision(revision)
        if default:
            selectors_by_prefix |= _by_injection_label()
            if by_default:
                selectors_by_prefix["auto."] = _without_labels(rules.auto_spares_system)

    return tuple(
        Webhook(
            configuration,
            f"{prefix}sidecar-injector.istio.io",
            revision,
            for_namespace,
            for_pod,
            INJECT_PATH,
        )
        for prefix, (for_namespace, for_pod) in selectors_by_prefix.items()
    )


_Selectors = tuple[Object, Object | None]


def _expressions(*requirements: Object) -> Object:
    return {"matchExpressions": list(requirements)}


def _by_revision(revision: str) -> dict[str, _Selectors]:
    wanted = _in(REVISION_LABEL, revision)
    not_off = _not_in(_INJECT, "false")
    return {
        "rev.namespace.": (_expressions(wanted, _absent(_INJECTION)), _expressions(not_off)),
        "rev.object.": (
            _expressions(_absent(REVISION_LABEL), _absent(_INJECTION)),
            _expressions(not_off, wanted),
        ),
    }


def _by_injection_label() -> dict[str, _Selectors]:
    return {
        "namespace.": (
            _expressions(_in(_INJECTION, "enabled")),
            _expressions(_not_in(_INJECT, "false")),
        ),
        "object.": (
            _expressions(_absent(_INJECTION), _absent(REVISION_LABEL)),
            _expressions(_in(_INJECT, "true"), _absent(REVISION_LABEL)),
        ),
    }


def _without_labels(spares_system: bool) -> _Selectors:
    namespace = [_absent(_INJECTION), _absent(REVISION_LABEL)]
    if spares_system:
        namespace.append(_not_in("kubernetes.io/metadata.name", *KUBERNETES_NAMESPACES))
    return _expressions(*namespace), _expressions(_absent(_INJECT), _absent(REVISION_LABEL))


def _legacy(
    revision: str, rules: Rules, by_default: bool, settings: Any, namespace: str
) -> _Selectors:
    """The one webhook until 1.9. Its objectSelector, on by default in 1.9, only turns pods away
    that say no.
    """
    for_pod: Object | None = _expressions(_not_in(_INJECT, "false"))
    enabled = at(settings, ("objectSelector", "enabled"))
    if not (rules.object_selector if enabled is None else enabled is True):
        for_pod = None
    elif at(settings, ("objectSelector", "autoInject")) is False:
        by_label = _expressions(_absent(_INJECT), _in(REVISION_LABEL, revision))
        for_pod = {"matchLabels": {_INJECT: "true"}} if revision == "default" else by_label

    if by_default:
        spared = [_not_in("name", namespace)] if rules.spares_control_plane else []
        spared.append(_not_in(_INJECTION, "disabled"))
        if rules.spares_revisions:
            spared += [_absent("istio-env"), _absent(REVISION_LABEL)]
        return _expressions(*spared), for_pod

    if revision != "default":
        return _expressions(_absent(_INJECTION), _in(REVISION_LABEL, revision)), for_pod

    return {"matchLabels": {_INJECTION: "enabled"}}, for_pod
