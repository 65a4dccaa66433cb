"""Digests in a record: of the control plane, of the Namespace, and of the injected part and its
pieces.

They are eight characters long and guard against accidents, not against an attacker: whoever can
edit the manifest can edit its record too.
"""

from __future__ import annotations

from binascii import b2a_base64, crc32

from krm_injector.istio_names import INJECTION_LABEL, REVISION_LABEL
from krm_injector.kube import undo
from krm_injector.kube.element_names import ORDER
from krm_injector.kube.paths import at
from krm_injector.light import cache
from krm_injector.model import Mesh, Namespace, Webhook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

# Records have always counted the fields before failurePolicy, which changes no answer.
_WEBHOOK_FIELDS = Webhook._fields.index("ignores_failure")

# By revision, since a control plane serves thousands of workloads. The mesh is beside its digest.
# The entry of another mesh with that revision is computed anew, so none is ever wrong.
_mesh_digests: dict[str, tuple[Mesh, str]] = {}


def mesh_digest(mesh: Mesh) -> str:
    """The digest of everything that a control plane's answer depends on, including the webhooks'
    selectors.
    """
    cached = _mesh_digests.get(mesh.revision)
    if cached is not None and cached[0] is mesh:
        return cached[1]

    parts = [
        mesh.revision,
        mesh.version,
        mesh.config,
        mesh.values,
        mesh.mesh_config,
        mesh.root_namespace,
        mesh.platform,
        mesh.native_sidecars,
        mesh.control_plane_env,
        _proxy_configs(mesh),
        [webhook[:_WEBHOOK_FIELDS] for webhook in mesh.webhooks],
    ]
    value = digest(canonical(parts))
    _mesh_digests[mesh.revision] = mesh, value
    return value


def _proxy_configs(mesh: Mesh) -> Any:
    """What injection reads of ProxyConfigs: the oldest of a Namespace counts, its age does not."""
    if not mesh.proxy_configs:
        return mesh.proxy_configs

    from krm_injector.istio_api.mesh import by_age  # late: few meshes have any

    specs_by_namespace: dict[str, list[Any]] = {}
    for value in by_age(mesh.proxy_configs):
        namespace = str(at(value, ("metadata", "namespace")) or "")
        specs_by_namespace.setdefault(namespace, []).append(value.get("spec") or {})

    return specs_by_namespace


def namespace_digest(namespace: Namespace | None, mesh: Mesh) -> str:
    """The digest of what this control plane's injection can read of a Namespace; "" for none.

    These are the labels that its webhooks' selectors name, the two that Istio's own selectors
    always name, and the annotations with OpenShift's user ranges.
    """
    if namespace is None:
        return ""
    keys = _selector_keys(mesh)
    labels = {key: value for key, value in namespace.labels.items() if key in keys}
    return digest(canonical([namespace.name, labels, _user_ranges(namespace)]))


def namespace_digest_of_all_labels(namespace: Namespace | None) -> str:
    """The same for records without a number of rules, in which every label counts."""
    if namespace is None:
        return ""
    return digest(canonical([namespace.name, namespace.labels, _user_ranges(namespace)]))


def _user_ranges(namespace: Namespace) -> dict[str, str]:
    return {
        key: value
        for key, value in namespace.annotations.items()
        if key.startswith("openshift.io/")
    }


def _selector_keys(mesh: Mesh) -> set[str]:
    keys = {INJECTION_LABEL, REVISION_LABEL}
    for webhook in mesh.webhooks:
        selector = webhook.namespace_selector or {}
        keys.update(selector.get("matchLabels") or ())
        for requirement in selector.get("matchExpressions") or ():
            if requirement.get("key"):
                keys.add(requirement["key"])
    return keys


# ---------------------------------------------------------------- the injected part


def pieces_of(part: Any, description: Any, rules: int) -> list[undo.Unit]:
    """(path, value) of each piece that stands where the description undoes something, then the
    order of each list that has several of them as elements.

    rules: the record's; records without a number of rules (0) do not count the order.
    """
    units = undo.units(part, description)
    if not rules:
        return units

    orders: dict[str, list[str]] = {}
    for path, _ in units:
        if path.endswith("]"):
            bracket = path.rindex("[")
            orders.setdefault(path[:bracket], []).append(path[bracket + 1 : -1])

    return [*units, *((path + ORDER, names) for path, names in orders.items() if len(names) > 1)]


def line_of(path: str, value: Any) -> str:
    """The piece as one line of text, for digests."""
    return f"{path}={canonical(value)}"


def digest_of(lines: Iterable[str]) -> str:
    """The digest of an injected part with these lines, in any order."""
    return digest("\n".join(sorted(lines)))


def short_digest(line: str) -> str:
    """Two characters: enough to find an edit, not enough to distinguish any two lines."""
    checksum = crc32(line.encode())
    return _BASE64[checksum >> 26] + _BASE64[checksum >> 20 & 63]


# ---------------------------------------------------------------- texts


def canonical(value: Any) -> str:
    """A text that is the same only for equal values. The order of keys does not count, because
    orchestrators sort them.
    """
    if type(value) is str:
        return f'"{value}"'
    if isinstance(value, dict):
        members = []
        for key in sorted(value):
            member = value[key]
            text = f'"{member}"' if type(member) is str else canonical(member)
            members.append(f"{key}:{text}")
        return "{" + ",".join(members) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join([canonical(item) for item in value]) + "]"
    return repr(value)


def digest(text: str) -> str:
    """Eight characters: six bytes of the text's SHA-256."""
    data = _sha256()(text.encode("utf-8", "surrogatepass")).digest()
    return b2a_base64(data[:6], newline=False).decode()


@cache
def _sha256() -> Any:
    """CPython's own SHA-256 where it has one: OpenSSL, which hashlib loads first, takes 2 ms."""
    try:
        from _sha2 import sha256  # type: ignore[import-not-found]  # since Python 3.12
    except ImportError:
        try:
            from _sha256 import sha256  # type: ignore[import-not-found]
        except ImportError:
            from hashlib import sha256

    return sha256
