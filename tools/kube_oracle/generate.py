"""Random questions about Kubernetes objects, answered by Kubernetes' own code: the tables of
tests/kube.

    cd tools/kube_oracle && go build -o /tmp/kube-oracle . && python generate.py /tmp/kube-oracle
        ../../tests/kube

One table a subject: merge, quantity, pod (decode and marshal), json, selector. Same seed, same
questions.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Question = dict[str, Any]
NAMES = ["a", "b", "c", "istio-proxy", "app"]


def some(rng: random.Random, make: Callable[[random.Random], Any], most: int = 4) -> list[Any]:
    return [make(rng) for _ in range(rng.randint(0, most))]


def maybe(rng: random.Random, chance: float, key: str, value: Any) -> dict[str, Any]:
    return {key: value} if rng.random() < chance else {}


def named(
    rng: random.Random, key: str, values: list[Any], rest: Callable[[random.Random], dict[str, Any]]
) -> list[Any]:
    """A list of maps with distinct merge keys, now and then with a repeated or missing one."""
    chosen = rng.sample(values, rng.randint(0, min(len(values), 4)))
    if chosen and rng.random() < 0.04:
        chosen.append(chosen[0])
    items = [{key: value, **rest(rng)} for value in chosen]
    if items and rng.random() < 0.02:
        del rng.choice(items)[key]
    return items


def env(rng: random.Random) -> dict[str, Any]:
    return rng.choice(
        [
            {"value": rng.choice(["1", "x", ""])},
            {
                "valueFrom": {
                    "fieldRef": {"fieldPath": rng.choice(["metadata.name", "status.podIP"])}
                }
            },
            {"valueFrom": {"configMapKeyRef": {"name": "m", "key": rng.choice("kl")}}},
            {},
        ]
    )


def container(rng: random.Random) -> dict[str, Any]:
    return {
        **maybe(rng, 0.6, "image", rng.choice(["i:1", "i:2", "auto"])),
        **maybe(rng, 0.4, "args", some(rng, lambda r: r.choice(["x", "y", "z"]))),
        **maybe(rng, 0.6, "env", named(rng, "name", ["A", "B", "C", "D"], env)),
        **maybe(
            rng,
            0.5,
            "ports",
            named(
                rng,
                "containerPort",
                [80, 81, 90],
                lambda r: maybe(r, 0.5, "protocol", r.choice(["TCP", "UDP"])),
            ),
        ),
        **maybe(
            rng,
            0.5,
            "volumeMounts",
            named(
                rng,
                "mountPath",
                ["/a", "/b", "/c"],
                lambda r: {"name": r.choice("vw"), **maybe(r, 0.3, "readOnly", True)},
            ),
        ),
        **maybe(
            rng,
            0.3,
            "resources",
            {**maybe(rng, 0.6, "limits", {"cpu": "1", **maybe(rng, 0.5, "memory", "1Gi")})},
        ),
        **maybe(
            rng,
            0.3,
            "securityContext",
            {**maybe(rng, 0.6, "runAsUser", rng.choice([0, 1337, None]))},
        ),
        **maybe(
            rng,
            0.2,
            "livenessProbe",
            {"httpGet": {"port": rng.choice([80, "http"])}, **maybe(rng, 0.3, "periodSeconds", 3)},
        ),
        **maybe(rng, 0.05, "unknownField", rng.choice(["x", {"a": 1}, [1]])),
    }


def volume(rng: random.Random) -> dict[str, Any]:
    return rng.choice(
        [
            {"emptyDir": {}},
            {"emptyDir": {"medium": "Memory"}},
            {"secret": {"secretName": "s"}},
            {"configMap": {"name": "c"}},
        ]
    )


def meta(rng: random.Random) -> dict[str, Any]:
    return {
        **maybe(
            rng,
            0.5,
            "labels",
            {key: rng.choice(["1", "2", None]) for key in rng.sample(NAMES, rng.randint(0, 3))},
        ),
        **maybe(
            rng,
            0.4,
            "annotations",
            {key: rng.choice(["x", "y"]) for key in rng.sample(NAMES, rng.randint(0, 3))},
        ),
        **maybe(rng, 0.35, "finalizers", some(rng, lambda r: r.choice(["f", "g", "h", "i"]), 5)),
        **maybe(
            rng,
            0.1,
            "ownerReferences",
            named(rng, "uid", ["1", "2"], lambda r: {"name": r.choice("on")}),
        ),
    }


def pod(rng: random.Random) -> dict[str, Any]:
    return {
        "metadata": meta(rng),
        "spec": {
            **maybe(rng, 0.9, "containers", named(rng, "name", NAMES, container)),
            **maybe(rng, 0.5, "initContainers", named(rng, "name", NAMES, container)),
            **maybe(rng, 0.5, "volumes", named(rng, "name", ["v", "w", "x"], volume)),
            **maybe(rng, 0.3, "imagePullSecrets", named(rng, "name", ["p", "q"], lambda r: {})),
            **maybe(
                rng,
                0.2,
                "hostAliases",
                named(rng, "ip", ["::1", "1.1.1.1"], lambda r: {"hostnames": [r.choice("hk")]}),
            ),
            **maybe(rng, 0.2, "tolerations", [{"key": "k"}]),
            **maybe(
                rng,
                0.3,
                "securityContext",
                {**maybe(rng, 0.5, "fsGroup", 1337), **maybe(rng, 0.3, "sysctls", [])},
            ),
            **maybe(rng, 0.2, "dnsConfig", {"searches": some(rng, lambda r: r.choice("st"))}),
            **maybe(rng, 0.2, "nodeSelector", {rng.choice("no"): rng.choice(["1", "2"])}),
            **maybe(rng, 0.1, "hostNetwork", rng.choice([True, False, None])),
        },
    }


def spoil(rng: random.Random, value: Any, chance: float) -> None:
    """Directives, nulls and values of other types into a patch, in place."""
    if isinstance(value, list):
        for item in value:
            spoil(rng, item, chance)
        if rng.random() < chance / 3 and value and isinstance(value[0], dict):
            value.insert(
                rng.randint(0, len(value)),
                {"$patch": rng.choice(["replace", "replace", "merge", "x"])},
            )
    elif isinstance(value, dict):
        for key in list(value):
            spoil(rng, value[key], chance)
            if rng.random() < chance / 6:
                value[key] = rng.choice([None, None, None, "odd", [], {}, 7])
            elif isinstance(value[key], list) and rng.random() < chance:
                direct(rng, value, key)
        if rng.random() < chance / 3:
            value["$patch"] = rng.choice(["delete", "delete", "replace", "merge", None])
        if rng.random() < chance / 4:
            value["$retainKeys"] = [*value, rng.choice(["name", "image", "emptyDir"])][
                rng.randint(0, 1) :
            ]


def direct(rng: random.Random, value: dict[str, Any], key: str) -> None:
    """One directive beside a list: an order, or deletions."""
    merge_keys = {
        "ports": "containerPort",
        "volumeMounts": "mountPath",
        "ownerReferences": "uid",
        "hostAliases": "ip",
    }
    items = list(value[key])
    if items and isinstance(items[0], dict):
        name = merge_keys.get(key, "name")
        order: list[Any] = [
            {name: item[name]} for item in items if isinstance(item, dict) and name in item
        ]
        order += [
            {name: extra}
            for extra in rng.sample(["a", "v", "A", "/a", 80], 2)
            if {name: extra} not in order
        ]
    else:
        order = [*items, *rng.sample(["f", "g", "h"], 1)]
        if rng.random() < 0.4:
            value[f"$deleteFromPrimitiveList/{key}"] = rng.sample(["f", "g", "h"], 2)
            del value[key]
            return
    if rng.random() < 0.5:
        rng.shuffle(order)
    value[f"$setElementOrder/{key}"] = order
    if rng.random() < 0.2:
        del value[key]


def merge_question(rng: random.Random) -> Question:
    patch = pod(rng)
    if rng.random() < 0.6:
        spoil(rng, patch, rng.choice([0.05, 0.15]))
    return {"op": "merge", "original": pod(rng), "patch": patch}


def quantity_question(rng: random.Random) -> Question:
    digits = "".join(
        rng.choice("0012345678900") for _ in range(rng.choice([0, 1, 1, 2, 3, 4, 7, 15, 19, 25]))
    )
    fraction = "." + "".join(
        rng.choice("00500129") for _ in range(rng.choice([0, 1, 2, 3, 6, 9, 12]))
    )
    suffix = rng.choice(
        [
            "",
            "",
            "",
            *[
                "n",
                "u",
                "m",
                "k",
                "M",
                "G",
                "T",
                "P",
                "E",
                "Ki",
                "Mi",
                "Gi",
                "Ti",
                "Pi",
                "Ei",
                "e3",
                "E3",
                "e-3",
                "e5",
                "E+2",
                "e-12",
                "e21",
                "e",
                "x",
                "KiB",
                "K",
                "i",
                "e",
                "3e",
                "mm",
            ],
        ]
    )
    text = (
        rng.choice(["", "", "", "-", "+", " "]) + digits + rng.choice(["", "", fraction]) + suffix
    )
    if rng.random() < 0.5:
        return {"op": "parse", "text": text}
    return {
        "op": "quantity",
        "value": rng.choice([text, text, rng.randint(-9, 10**6), rng.random() * 10, None, True]),
    }


def pod_question(rng: random.Random) -> Question:
    value = pod(rng)
    value["metadata"].update(maybe(rng, 0.2, "creationTimestamp", None))
    value.update(maybe(rng, 0.3, "status", {}))
    for item in value["spec"].get("containers", []):
        item.update(
            maybe(rng, 0.2, "startupProbe", {"grpc": {"port": 9000}, "tcpSocket": {"port": "<&>"}})
        )
        item.update(
            maybe(
                rng,
                0.2,
                "resources",
                {"requests": {"memory": rng.choice(["1024Mi", 0.5, "2", 100, None])}},
            )
        )
        item.update(
            maybe(
                rng, 0.2, "command", rng.choice([[], ["sh", None], None, ["\u2028", "\x01", "é\b"]])
            )
        )
    if rng.random() < 0.3:
        damage(rng, value)
    return {"op": "pod", "value": value}


def damage(rng: random.Random, value: Any) -> None:
    """One value of another type, anywhere."""
    while isinstance(value, (dict, list)) and value:
        key = rng.choice(list(value) if isinstance(value, dict) else range(len(value)))
        if not isinstance(value[key], (dict, list)) or not value[key] or rng.random() < 0.15:
            value[key] = rng.choice([1, "1", True, 1.5, [], {}, None, 2**31, 2**40, [1], {"a": 1}])
            return
        value = value[key]


def json_question(rng: random.Random) -> Question:
    def value(depth: int) -> Any:
        kind = rng.randint(0, 9 if depth else 6)
        if kind < 3:
            return rng.choice(
                [
                    0,
                    1,
                    -1,
                    10**15,
                    10**20,
                    10**21,
                    1.5,
                    1e-6,
                    1e-7,
                    123456.789,
                    5e-324,
                    1.7e308,
                    1e22,
                    -0.0,
                ]
            )
        if kind < 4:
            return rng.uniform(-1, 1) * 10 ** rng.randint(-12, 25)
        if kind < 6:
            return rng.choice(
                ["", "<a&b>", "\u2028", 'q"\\/', "\t\n\r\b\f\x00\x1f\x7f", "é😀", None, True, False]
            )
        if kind < 8:
            return {
                rng.choice(["b", "a", "é", "Z", "z<", ""]): value(depth - 1)
                for _ in range(rng.randint(0, 4))
            }
        return [value(depth - 1) for _ in range(rng.randint(0, 4))]

    text = json.dumps(value(4), ensure_ascii=rng.random() < 0.5)
    if rng.random() < 0.4:
        at = rng.randint(0, len(text))
        text = (
            text[:at]
            + rng.choice(["", ",", "}", "]", "x", " ", '"', ":", "NaN", "\\u12", "\\ud800", "01"])
            + text[at + rng.randint(0, 2) :]
        )
    return {"op": "json", "text": text}


def selector_question(rng: random.Random) -> Question:
    keys = [
        "app",
        "istio.io/rev",
        "istio-injection",
        "a.b/c_d",
        "x",
        rng.choice(["", "-x", "A/b", "a//b", "a/" + "k" * 64, "é"]),
    ]
    odds = ["", "enabled", "v", "a.b", rng.choice(["-", "a b", "k" * 64, "x-"])]
    weights = [4, 4, 4, 4, 4, 1]

    def expression() -> dict[str, Any]:
        operator = rng.choice(["In", "NotIn", "Exists", "DoesNotExist"] * 4 + ["in", "", "Gt"])
        wants = (
            operator in ("In", "NotIn") if rng.random() < 0.93 else operator not in ("In", "NotIn")
        )
        chosen = rng.choices(odds, [4, 4, 4, 4, 1], k=rng.randint(1, 3))
        return {
            "key": rng.choices(keys, weights)[0],
            "operator": operator,
            **({"values": chosen} if wants else {}),
        }

    labels = {key: rng.choice(odds[:4]) for key in rng.sample(keys[:5], rng.randint(0, 5))}
    selector: Any = {
        **maybe(
            rng,
            0.6,
            "matchLabels",
            {
                k: rng.choices(odds, [4, 4, 4, 4, 1])[0]
                for k in rng.choices(keys, weights, k=rng.randint(0, 2))
            },
        ),
        **maybe(rng, 0.7, "matchExpressions", [expression() for _ in range(rng.randint(0, 3))]),
    }
    if rng.random() < 0.03:
        selector = None
    return {"op": "selector", "value": selector, "labels": labels}


SUBJECTS: dict[str, tuple[int, Callable[[random.Random], Question]]] = {
    "merge": (300, merge_question),
    "quantity": (700, quantity_question),
    "pod": (150, pod_question),
    "json": (500, json_question),
    "selector": (400, selector_question),
}


def ask(oracle: str, questions: list[Question]) -> list[dict[str, Any]]:
    """The oracle's answers, {"out": ...} or {"error": "..."}, one a question."""
    text = "".join(json.dumps(question) + "\n" for question in questions)
    done = subprocess.run([oracle], input=text, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def table(oracle: str, subject: str, seed: int, count: int | None = None) -> list[dict[str, Any]]:
    """Questions of a subject with the answers; an error is kept as true, its words being Go's."""
    usual, make = SUBJECTS[subject]
    rng = random.Random(f"{subject} {seed}")
    questions = [make(rng) for _ in range(count or usual)]
    rows = []
    for question, reply in zip(questions, ask(oracle, questions), strict=True):
        answer = {"error": True} if "error" in reply else {"answer": reply["out"]}
        rows.append({**question, **answer})
    return rows


if __name__ == "__main__":
    program, folder = sys.argv[1:3]
    for name in SUBJECTS:
        rows = [json.dumps(row, separators=(",", ":")) for row in table(program, name, 1)]
        Path(folder, f"{name}_table.json").write_text(
            "[\n" + ",\n".join(rows) + "\n]\n", encoding="utf-8"
        )
