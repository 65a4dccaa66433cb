"""A repository, a chart and a dump of a cluster with a marked value wherever a secret can stand.

Each value begins with MARK and names its place, so that a test that finds one says where it is
from. Beside the values stand mistakes of many kinds: messages about mistakes quote the input.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import builders
import yaml

MARK = "zq9x4mark-"
_ENCODED = base64.b64encode(MARK.encode()).decode().rstrip("=")[:-1]


def mark(place: str) -> str:
    return MARK + place


def found_in(output: bytes) -> list[str]:
    """The marked values in an output, as they are or in base64, with what stands around them."""
    found = []
    for needle in (MARK.encode(), _ENCODED.encode()):
        start = output.find(needle)
        while start >= 0:
            found.append(output[max(0, start - 60) : start + 60].decode("utf-8", "replace"))
            start = output.find(needle, start + 1)
    return found


def _encoded(place: str) -> str:
    return base64.b64encode(mark(place).encode()).decode()


# ---------------------------------------------------------------- objects


def secret(**fields: Any) -> Any:
    """A Secret as kubectl apply leaves it."""
    applied = {"apiVersion": "v1", "kind": "Secret", "data": {"user": _encoded("last-applied")}}
    metadata = {
        "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": json.dumps(applied),
            "note": mark("secret-annotation"),
        }
    }
    return builders.resource(
        "v1",
        "Secret",
        "login",
        metadata=metadata,
        data={"user": _encoded("data"), "file.bin": _encoded("binary")},
        stringData={"greeting": mark("stringData")},
        **fields,
    )


def container() -> Any:
    """A container with credentials in every field that takes text."""
    return {
        "command": ["server", f"--api-token={mark('command')}"],
        "args": ["--password", mark("argument"), f"--client-secret={mark('argument-flag')}"],
        "env": [
            {"name": "DB_PASSWORD", "value": mark("env")},
            {"name": "DATABASE_URL", "value": f"postgres://shop:{mark('url')}@db.shop/main"},
            {"name": "SESSION", "value": f"Bearer {mark('bearer')}"},
            {"name": "SETTINGS", "value": json.dumps({"apiKey": mark("env-json")})},
        ],
        "lifecycle": {
            "preStop": {
                "httpGet": {
                    "port": 80,
                    "httpHeaders": [
                        {"name": "Authorization", "value": f"Basic {mark('header')}"},
                        {"name": "X-Auth-Token", "value": mark("header-token")},
                    ],
                }
            }
        },
    }


def applied(place: str) -> Any:
    """An annotation of kubectl apply, with the workload as it was."""
    container = {"name": "web", "env": [{"name": "DB_PASSWORD", "value": mark(place)}]}
    workload = {"kind": "Deployment", "spec": {"template": {"spec": {"containers": [container]}}}}
    return {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(workload)}


def web(name: str = "web", **fields: Any) -> Any:
    value = builders.deployment(name, container=container(), **fields)
    value["metadata"]["annotations"] = applied("applied")
    return value


# Annotations of a pod that Istio reads, with credentials in them; a message quotes what is wrong.
ANNOTATIONS: dict[str, dict[str, str]] = {
    "proxy-config": {
        "proxy.istio.io/config": "proxyMetadata:\n"
        f"  ACCESS_TOKEN: {mark('proxy-metadata')}\n"
        f"  PROXY_URL: https://u:{mark('proxy-url')}@x.example\n"
    },
    "proxy-config-unread": {
        "proxy.istio.io/config": f"proxyMetadata:\n  ACCESS_TOKEN: {mark('unread')}: a\n b"
    },
    "proxy-config-type": {
        "proxy.istio.io/config": f"proxyMetadata: {{API_KEY: [{mark('mistyped')}]}}\nconcurrency: x"
    },
    "user-volume": {
        "sidecar.istio.io/userVolume": json.dumps({"s": {"password": mark("user-volume")}})[:-1]
    },
    "user-mount": {"sidecar.istio.io/userVolumeMount": f'[{{"token": "{mark("user-mount")}"'},
    "cpu": {"sidecar.istio.io/proxyCPU": f"token={mark('cpu')}"},
    "status-port": {"status.sidecar.istio.io/port": f"--password {mark('status-port')}"},
    "bootstrap": {
        "sidecar.istio.io/bootstrapOverride": f"https://u:{mark('bootstrap')}@x.example/b"
    },
    "inject": {"sidecar.istio.io/inject": f"Bearer {mark('inject')}"},
    "templates": {"inject.istio.io/templates": f"password={mark('template')}"},
    "ports": {"traffic.sidecar.istio.io/excludeOutboundPorts": f"secret={mark('ports')}"},
    "prometheus": {
        "prometheus.io/scrape": "true",
        "prometheus.io/path": f"/metrics?token={mark('prometheus')}",
        "prometheus.io/port": f"token={mark('prometheus-port')}",
    },
    "stats": {"sidecar.istio.io/statsInclusionPrefixes": f"access_key={mark('stats')}"},
}


def shop() -> list[Any]:
    """Objects of a bundle without a mistake that would end the run."""
    config_map = builders.config_map(
        "settings",
        {"application.yaml": f"login:\n  password: {mark('config-map')}\n", "token": mark("cm")},
        namespace="shop",
    )
    own_proxy = builders.deployment(
        "own-proxy",
        container={"ports": [{"containerPort": 15090}]},
        beside=[{"name": "istio-proxy", "env": container()["env"], "image": "auto"}],
        annotations=ANNOTATIONS["proxy-config"],
    )
    return [
        builders.SHOP,
        secret(),
        config_map,
        web(),
        web("off", labels={builders.INJECT: "false"}),
        web("host", hostNetwork=True),
        web("meta", annotations=ANNOTATIONS["proxy-config"]),
        own_proxy,
    ]


def mesh(**values: Any) -> list[Any]:
    """A control plane whose configuration holds credentials, as installations do."""
    provider = {
        "name": "ext",
        "opentelemetry": {
            "service": "x",
            "port": 1,
            "http": {
                "path": "/",
                "headers": [{"name": "Authorization", "value": f"Bearer {mark('mesh-header')}"}],
            },
        },
    }
    mesh = {
        "extensionProviders": [provider],
        "defaultConfig": {"proxyMetadata": {"LICENSE_TOKEN": mark("mesh-metadata")}},
    }
    template = (
        "metadata:\n  annotations:\n    made: here\nspec:\n  containers:\n  - name: istio-proxy\n"
        "    image: {{ .ProxyImage }}\n    env:\n    - name: LICENSE_TOKEN\n"
        f"      value: {mark('mesh-template')}\n"
    )
    return [
        *builders.control_plane(
            template,
            mesh=json.dumps(mesh),
            values={"registryPassword": mark("mesh-values"), **values},
        ),
        builders.webhooks("default"),
    ]


def text(*objects: Any) -> str:
    """As files have them: readable lines rather than JSON."""
    return yaml.safe_dump_all(objects, sort_keys=False, width=1000)


def broken() -> dict[str, str]:
    """Texts that are refused, by what is wrong with them."""
    plain = text(builders.SHOP, secret(), web())
    head = "apiVersion: v1\nkind: Secret\nmetadata: {name: login, namespace: shop}\n"
    return {
        "syntax": f"{plain}---\n{head}stringData:\n  user: {mark('syntax')}: b\n",
        "tab": f"{plain}---\n{head}stringData:\n\tuser: {mark('tab')}\n",
        "quote": f'{plain}---\n{head}stringData:\n  user: "{mark("quote")}\n',
        "alias": f"{plain}---\n{head}stringData:\n  user: *{mark('alias')}\n",
        "tag": f"{plain}---\n{head}stringData:\n  user: !!int {mark('tag')}\n",
        "own-tag": f"{plain}---\n{head}stringData:\n  user: !own {mark('own-tag')}\n",
        "twice": f"{plain}---\n{head}stringData:\n  a: {mark('twice')}\n  a: {mark('twice')}\n",
        "data-type": f"{plain}---\n{head}data: {mark('data-type')}\n",
        "map-key": f"{plain}---\n{head}stringData:\n  ? [{mark('map-key')}]\n  : 1\n",
        "no-name": text(builders.SHOP, {**secret(), "metadata": {"annotations": mark("no-name")}}),
        "labels": text(
            builders.SHOP,
            {**secret(), "metadata": {"name": "login", "labels": mark("labels")}},
        ),
        "env": text(
            builders.SHOP,
            builders.deployment(
                container={"env": [{"name": "DB_PASSWORD", "value": {"a": mark("env-type")}}]}
            ),
        ),
        "env-name": text(
            builders.SHOP,
            builders.deployment(container={"env": {"DB_PASSWORD": mark("env-map")}}),
        ),
        "args": text(
            builders.SHOP,
            builders.deployment(container={"args": f"--password={mark('args-type')}"}),
        ),
        "port": text(
            builders.SHOP,
            builders.deployment(
                container={"ports": [{"containerPort": f"token={mark('port-type')}"}]}
            ),
        ),
        "json": json.dumps([{**secret(), "metadata": 3}, web()]) + "}",
        "json-line": json.dumps({"apiVersion": "v1", "kind": "List", "items": [secret(), 3]}),
        "list": f"apiVersion: v1\nkind: List\nitems: token={mark('items')}\n",
        **{
            f"annotation-{name}": text(builders.SHOP, secret(), web(annotations=annotations))
            for name, annotations in ANNOTATIONS.items()
        },
    }


def function_config(**spec: Any) -> Any:
    env = {"ACCESS_TOKEN": mark("control-plane-env")}
    return {
        "apiVersion": "krm-injector.dev/v1alpha1",
        "kind": "SidecarInjection",
        "metadata": {"name": "istio"},
        "spec": {"cluster": {"controlPlaneEnv": env}, **spec},
    }


def broken_configs() -> dict[str, Any]:
    """functionConfigs that are refused."""
    return {
        "method": function_config(method=f"token={mark('config-method')}"),
        "unknown": function_config(password=mark("config-unknown")),
        "type": function_config(namespaces={"token": mark("config-type")}),
        "env": function_config(cluster={"controlPlaneEnv": {"API_TOKEN": [mark("config-env")]}}),
        "mesh": function_config(mesh={"injector": {"values": f"password: {mark('values')}: a"}}),
        "values": function_config(
            mesh={"injector": {"config": f"token: {mark('inj')}\n a", "values": "{}"}}
        ),
    }
