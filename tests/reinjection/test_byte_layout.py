"""Injection changes only the lines that it needs, and eject gives every byte back, in any style."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from krm_injector import pipeline
from krm_injector.cli import program
from krm_injector.function_config import Settings
from krm_injector.function_config import settings as read_settings
from krm_injector.istio_names import RECORD_ANNOTATION
from krm_injector.kube import yaml
from krm_injector.outcome import LAYOUTS
from krm_injector.sources import resource_list

CONFIG = {
    "apiVersion": "krm-injector.dev/v1alpha1",
    "kind": "SidecarInjection",
    "spec": {
        "defaultNamespace": "shop",
        "namespaces": [{"name": "shop", "labels": {"istio-injection": "enabled"}}],
    },
}


def _run(text: str, action: Callable[..., pipeline.Outcome]) -> str:
    bundle = resource_list.read_manifests(text.encode())
    settings: Settings = read_settings(CONFIG)
    outcome = action(bundle, settings)
    assert not [result for result in outcome.results if result.severity == "error"], outcome.results
    return resource_list.write(
        bundle, outcome.replacements, [], (), outcome.originals, layouts=LAYOUTS
    )


def inject(text: str) -> str:
    return _run(text, pipeline.run)


def eject(text: str) -> str:
    return _run(text, pipeline.take_back)


def plain(value: Any) -> Any:
    """Without what aliases share."""
    return json.loads(json.dumps(value))


def rewritten(before: str, after: str) -> list[str]:
    """The lines that are not in the other text, in their order."""
    from difflib import SequenceMatcher

    old, new = before.splitlines(), after.splitlines()
    steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [line for tag, a, b, _, _ in steps if tag != "equal" for line in old[a:b]]


def comes_back(text: str) -> str:
    """The text injected, of which is checked: its values, a second pass, and that eject gives all
    bytes back.
    """
    injected = inject(text)
    assert injected != text
    bare = "".join(
        yaml.dump(plain(one.value)) + "---\n"
        for one in yaml.load_all(text.removeprefix("\ufeff"))
        if not one.empty
    )
    assert yaml.same(_values_without_records(injected), _values_without_records(inject(bare)))
    assert inject(injected) == injected
    assert eject(injected) == text
    return injected


def _values_without_records(text: str) -> list[Any]:
    documents = yaml.load_all(text.removeprefix("\ufeff"))
    return [_without_record(document.value) for document in documents if not document.empty]


def _without_record(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_record(one) for one in value]
    if isinstance(value, dict):
        return {
            key: _without_record(inner) for key, inner in value.items() if key != RECORD_ANNOTATION
        }
    return value


HEAD = """\
apiVersion: apps/v1
kind: Deployment
metadata: # of the object
  name: web
"""
ANCHORS = {
    "the selector's labels are the template's": (
        HEAD
        + """\
spec:
  selector: # the selector
    matchLabels: &labels
      app: web # app
  template:
    metadata:
      labels: *labels
    spec:
      containers:
      - name: web # first
        image: 'web:1' # keep
        env: [{name: A, value: b}] # why
""",
        ["      labels: *labels"],
    ),
    "an anchor that nothing refers to": (
        HEAD
        + """\
spec:
  selector: &unused # the selector
    matchLabels: {"app": 'web'}
  template:
    metadata:
      labels:
        "app": web
    spec:
      containers:
      - {name: web, image: "web:1"} # one
""",
        [],
    ),
    "an anchor in the template that something behind it refers to": (
        HEAD
        + """\
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: &labels # these
        app: web
    spec:
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
          - labelSelector:
              matchLabels: *labels # those
            topologyKey: zone
      containers: [{name: web, image: "web:1"}] # one
""",
        ["              matchLabels: *labels # those"],
    ),
    "a flow anchor in the template": (
        HEAD
        + """\
spec:
  template:
    metadata:
      labels: &labels {app: web} # these
    spec:
      containers:
      - name: web
        image: web:1
  selector:
    matchLabels: *labels
""",
        ["      labels: &labels {app: web} # these", "    matchLabels: *labels"],
    ),
    "aliases among containers": (
        HEAD
        + """\
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: web # one
        image: web:1
        env: &env
        - {name: A, value: "1"} # a
        resources: &small
          limits: {cpu: 1}
      - name: side # two
        image: side:1
        env: *env
        resources: *small
""",
        ["      labels: {app: web}"],
    ),
    "a merge key in a container and in labels": (
        HEAD
        + """\
  labels: &common
    team: a # ours
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels:
        <<: *common
        app: web # own
    spec:
      containers:
      - &one # the model
        name: web
        image: web:1
      - <<: *one
        name: other
""",
        [],
    ),
    "an anchor on the whole template": (
        HEAD
        + """\
spec:
  selector: {matchLabels: {app: web}}
  template: &template # all of it
    metadata:
      labels:
        app: web
    spec:
      containers:
      - name: web
        image: web:1
""",
        [],
    ),
    "explicit keys": (
        HEAD
        + """\
spec:
  ? selector # of pods
  : matchLabels:
      app: web
  ? template
  : metadata:
      ? labels
      : app: web # app
    spec:
      containers:
      - ? name
        : web
        image: web:1 # one
""",
        [],
    ),
    "anchors and tags of keys": (
        HEAD
        + """\
spec:
  &s selector: # the selector
    matchLabels: {&app app: web}
  !!str template:
    metadata:
      annotations:
        key: *app # the name of the label
      labels:
        app: web
    spec:
      containers:
      - &name name: web
        image: web:1 # one
""",
        [],
    ),
    "tags of a mapping and of its first key": (
        HEAD
        + """\
spec: !!map
  !!str selector: {matchLabels: {app: web}}
  template: !!map
    !!str metadata: !!map
      &l labels: &m
        !!str app: web # app
      annotations: !!map
        ? &k !!str a
        : b # of a
    spec:
      containers:
      - !!map
        !!str name: web
        image: web:1 # one
""",
        [],
    ),
    "tags": (
        HEAD
        + """\
spec: !!map
  selector: {matchLabels: !!map {app: !!str web}}
  template:
    metadata:
      labels: !!map
        app: !!str web # app
    spec:
      containers: !!seq
      - !!map
        name: web
        image: !!str web:1 # one
""",
        [],
    ),
}


@pytest.mark.parametrize("name", ANCHORS)
def test_only_what_depends_on_what_is_edited_is_written_anew(name: str) -> None:
    text, lines = ANCHORS[name]
    assert rewritten(text, comes_back(text)) == lines


def test_items_of_a_list_that_are_not_injected_stay() -> None:
    """An anchor of one item, or one that several share, costs the others nothing."""
    shared = (
        "apiVersion: v1\nkind: List\nitems:\n# the config\n- apiVersion: v1\n  kind: ConfigMap # "
        "cm\n"
        '  metadata: {name: c, labels: &l {app: web}} # flow\n  data: {a: &x "b", c: *x}\n'
    )
    item = (
        "- apiVersion: apps/v1\n  kind: Deployment\n  metadata:\n    name: NAME # why\n  spec:\n  "
        "  selector: {matchLabels: *l}\n    template:\n      metadata:\n        labels: *l\n      "
        "spec:\n        containers:\n        - name: web # c\n          image: web:1\n"
    )
    text = shared + item.replace("NAME", "one") + item.replace("NAME", "two")
    assert rewritten(text, comes_back(text)) == ["        labels: *l"] * 2


def test_documents_have_anchors_of_their_own() -> None:
    texts = [text for text, _ in ANCHORS.values()]
    text = "---\n".join(
        one.replace("name: web\n", f"name: web{at}\n", 1) for at, one in enumerate(texts)
    )
    assert rewritten(text, comes_back(text)) == [
        line for _, lines in ANCHORS.values() for line in lines
    ]


# ---------------------------------------------------------------- styles


class Style:
    """Writes an object in a style of its own: indentation, quotes, flow, nulls, comments, blank
    lines, anchors.
    """

    def __init__(self, pick: random.Random) -> None:
        self.pick = pick
        self.indented = pick.random() < 0.5  # sequences
        self.flow = pick.choice([0, 0, 0.15, 0.5])
        self.comments = pick.choice([0, 0.1, 0.3])
        self.quotes = pick.choice([0, 0.2, 0.7])
        self.written: list[tuple[str, Any]] = []  # anchors so far
        self.anchors = pick.choice([0, 0, 0.4])
        self.count = 0

    def comment(self) -> str:
        spaces = " " * self.pick.randrange(1, 4)
        return (
            f"{spaces}# {self.pick.randrange(1000)}" if self.pick.random() < self.comments else ""
        )

    def above(self, pad: str) -> str:
        chance = self.pick.random()
        if chance < self.comments / 4:
            return "\n"
        return f"{pad}# above {self.pick.randrange(1000)}\n" if chance < self.comments else ""

    def scalar(self, value: Any, pad: str) -> str:
        if value is None:
            return self.pick.choice(["~", "null", "Null", "NULL", "!!null null", ""])
        if isinstance(value, str):
            if "\n" in value:
                return "|\n" + "".join(f"{pad}  {line}\n" for line in value.splitlines())[:-1]
            chance = self.pick.random()
            if chance < self.quotes / 2:
                return json.dumps(value)
            if chance < self.quotes and "'" not in value:
                return f"'{value}'"
            if chance > 0.97:
                return "!!str " + json.dumps(value)
            if chance > 0.94 and value.isalpha() and pad:
                return f">-\n{pad}  {value}"
        return yaml.dump(value).rstrip("\n")

    def in_flow(self, value: Any) -> str:
        if isinstance(value, dict):
            return (
                "{"
                + ", ".join(f"{json.dumps(k)}: {self.in_flow(v)}" for k, v in value.items())
                + "}"
            )
        if isinstance(value, list):
            return "[" + self.pick.choice([", ", " , "]).join(map(self.in_flow, value)) + "]"
        return json.dumps(value)

    def behind(self, value: Any, pad: str, deeper: str) -> str:
        """What stands behind a key or dash, with its line's end."""
        for name, known in self.written:
            if known == value and type(known) is type(value) and self.pick.random() < 0.7:
                return f" *{name}{self.comment()}\n"
        anchor = ""
        if value and self.pick.random() < self.anchors:
            self.count += 1
            anchor = f" &a{self.count}"
        if isinstance(value, (dict, list)) and value and self.pick.random() >= self.flow:
            text = f"{anchor}{self.comment()}\n{self.block(value, deeper)}"
        elif isinstance(value, (dict, list)):
            text = f"{anchor} {self.in_flow(value)}{self.comment()}\n"
        else:
            written = self.scalar(value, pad)
            comment = "" if "\n" in written or (not written and anchor) else self.comment()
            blank = " " if written else ""
            text = f"{anchor}{blank}{written}{comment}{self.pick.choice(['', '', '  '])}\n"
            text = text.rstrip(" \n") + "\n" if "\n" in written else text
        if anchor:
            self.written.append((anchor[2:], value))
        return text

    def block(self, value: Any, pad: str) -> str:
        lines = []
        for one in value.items() if isinstance(value, dict) else value:
            lines.append(self.above(pad))
            if isinstance(value, dict):
                key, inner = one
                listed = isinstance(inner, list) and not self.indented
                name = json.dumps(key) if self.pick.random() < self.quotes / 3 else key
                lines.append(
                    f"{pad}{name}:{self.behind(inner, pad, pad if listed else pad + '  ')}"
                )
            elif isinstance(one, dict) and one and self.pick.random() > 0.1:
                inside = self.block(one, pad + "  ")
                while inside.lstrip(" ")[0] in "#\n":
                    inside = inside.partition("\n")[2]
                lines.append(f"{pad}- {inside[len(pad) + 2 :]}")
            else:
                lines.append(f"{pad}-{self.behind(one, pad, pad + '  ')}")
        return "".join(lines)


def manifest(pick: random.Random) -> dict[str, Any]:
    def some(chance: float, **fields: Any) -> dict[str, Any]:
        return fields if pick.random() < chance else {}

    labels = {
        "app": "web",
        **some(0.3, version="v1"),
        **some(0.2, **{"sidecar.istio.io/inject": "true"}),
    }
    annotations = {
        **some(
            0.5,
            **{
                "prometheus.io/scrape": "true",
                "prometheus.io/port": "8080",
                "prometheus.io/path": "/m",
            },
        ),
        **some(0.3, note="two\nlines\n"),
    }
    probe = pick.choice(
        [
            {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 3},
            {"periodSeconds": 3, "httpGet": {"scheme": "HTTP", "port": "http", "path": "/ready"}},
            {"tcpSocket": {"port": 8080}, "timeoutSeconds": 1},
            {"grpc": {"port": 8080}},
        ]
    )

    def container(name: str) -> dict[str, Any]:
        return {
            "name": name,
            "image": f"{name}:1",
            **some(0.4, args=["-a", "yes", "two words"]),
            **some(0.4, env=[{"name": "A", "value": "1"}, {"name": "B", "value": "a\nb\n"}]),
            **some(0.4, ports=[{"name": "http", "containerPort": 8080}]),
            **some(0.4, readinessProbe=probe),
            **some(0.3, livenessProbe=probe),
            **some(0.3, resources=pick.choice([{}, None, {"limits": {"cpu": "1"}}])),
            **some(0.3, volumeMounts=[{"name": "tmp", "mountPath": "/tmp"}]),
        }

    metadata = {
        "labels": labels,
        **({"annotations": annotations} if annotations else some(0.3, annotations=None)),
    }
    pod = {
        **some(0.3, initContainers=[container("init")]),
        "containers": [
            container("web"),
            *([container("istio-proxy")] if pick.random() < 0.15 else []),
        ],
        **some(0.5, volumes=[{"name": "tmp", "emptyDir": pick.choice([None, {}])}]),
        **some(0.3, securityContext=pick.choice([{}, None, {"fsGroup": 1}])),
        **some(0.2, nodeSelector=None),
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "web",
            **some(0.3, labels=labels),
            **some(0.2, annotations={"a": "b"}),
        },
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": metadata, "spec": pod},
        },
    }


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_every_style_comes_back_byte_for_byte(seed: int) -> None:
    pick = random.Random(seed)
    for number in range(12):
        style = Style(pick)
        value = manifest(pick)
        text = style.block(value, "")
        if pick.random() < 0.15:
            text = text.rstrip("\n")
        if pick.random() < 0.2:
            text = text.replace("\n", "\r\n")
        if text.endswith("\n"):  # else a block scalar at its end has lost its line break
            assert plain(yaml.load(text)) == value, (seed, number, text)
        injected = comes_back(text)
        own = value["spec"]["template"]["spec"]["containers"][-1]["name"] == "istio-proxy"
        if not (style.flow or style.anchors or own):
            needless = [
                line for line in rewritten(text, injected) if any(key in line for key in UNTOUCHED)
            ]
            assert not needless, (seed, number, text)


UNTOUCHED = (
    "apiVersion",
    "kind",
    "matchLabels",
    "image",
    "args",
    "mountPath",
    "containerPort",
    "periodSeconds",
    "env",
)


PLAIN = (
    HEAD
    + """\
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels:
        app: web # app
    spec:
      containers:
      - name: web
        image: web:1 # one
"""
)
# An anchor that is written anew, and with it the whole.
ANCHORED = PLAIN.replace("containers:", "containers: &c").replace(
    "  - name: web", "  - &l ! 'name': &n web"
)
FLOW = json.dumps(yaml.load(PLAIN)).replace('"apps/v1"', "apps/v1") + "\n"


def indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.splitlines())


ENDS = {
    "an open last line": PLAIN.rstrip("\n"),
    "an open comment": PLAIN + "  # end",
    "blank lines": PLAIN + "\n\n",
    "a literal block": PLAIN + "        args:\n        - |+\n          x\n\n",
    "an open literal block": PLAIN + "        args:\n        - |\n          x",
    "markers": "--- # head\n" + PLAIN + "...\n",
    "an anchor at the marker": "--- &all\n" + PLAIN,
    "a directive and a tag": "%YAML 1.1\n--- !!map\n" + PLAIN,
    "a byte order mark": "\ufeff" + PLAIN,
    "spaces at the ends": PLAIN.replace("\n", "  \n"),
    "line breaks of two kinds": PLAIN.replace("\n", "\r\n", 6),
    "line breaks of two kinds behind what is written anew": (
        ANCHORED.replace("\n", "\r\n", 6) + "...\r\n"
    ),
    "line breaks of Windows in what is written anew": ANCHORED.replace("\n", "\r\n"),
    "tabs in front of comments": PLAIN.replace(
        "- name: web\n        image: web:1", "- {name: web, readinessProbe: {grpc: {port: 9}}}\t"
    ).replace(
        "template:\n    metadata:\n      labels:\n        app: web", "template:\n    metadata: {}\t"
    ),
    "explicit keys without a colon": (
        HEAD
        + """\
spec:
  template:
    metadata:
      labels:
        ? app
        : web
        ? empty # a: b
      annotations:
        ? one
    # c: d
    spec:
      containers:
      - name: web
        image: web:1
        ? tty
  selector: {matchLabels: {app: web}}
"""
    ),
    "line breaks of two kinds in flow": "---\r\n" + FLOW,
    "an indented root that is written anew": indented(ANCHORED),
    "line breaks of another kind": PLAIN.replace(" # one\n", "\r        args: ['a\u2028b']\n"),
}


@pytest.mark.parametrize("name", ENDS)
def test_what_stands_around_comes_back(name: str) -> None:
    comes_back(ENDS[name])


@pytest.mark.parametrize("indent", [None, 1, 4])
def test_json_comes_back_byte_for_byte(indent: int | None) -> None:
    """In json.dumps' layout, and in one that no program writes."""
    value = manifest(random.Random(3))
    text = json.dumps(value, indent=indent)
    assert eject(inject(text)) == text
    by_hand = text.replace('"web"', ' "web"  ').replace(":", " :", 1) + "\n"
    assert eject(inject(by_hand)) == by_hand


def test_edits_beside_the_injected_part_stay_and_the_rest_comes_back() -> None:
    text, _ = ANCHORS["the selector's labels are the template's"]
    injected = inject(text)
    assert "image: 'web:1' # keep" in injected
    assert eject(injected.replace("'web:1'", "'web:2'")) == text.replace("'web:1'", "'web:2'")
    # A label by hand: the alias does not stand for that, so the labels are written out with it.
    added = injected.replace(
        "        security.istio", "        tier: front\n        security.istio", 1
    )
    ejected = eject(added)
    assert yaml.load(ejected)["spec"]["template"]["metadata"]["labels"] == {
        "app": "web",
        "tier": "front",
    }
    assert yaml.load(ejected)["spec"]["selector"] == {"matchLabels": {"app": "web"}}
    assert "image: 'web:1' # keep" in ejected


def test_another_style_in_between_costs_style_only() -> None:
    """What a program has written anew since comes back by its values."""
    for text, _ in ANCHORS.values():
        anew = yaml.dump(plain(yaml.load(inject(text))))
        assert yaml.same(plain(yaml.load(eject(anew))), plain(yaml.load(text)))


@pytest.mark.parametrize(
    ("name", "written_out"),
    [(name, bool("*" in "".join(lines))) for name, (_, lines) in ANCHORS.items()],
)
def test_an_alias_that_is_written_out_is_told(
    name: str, written_out: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.yaml").write_text(json.dumps({**CONFIG, "metadata": {"name": "x"}}))
    (tmp_path / "in.yaml").write_text(ANCHORS[name][0])
    assert (
        program.run(
            ["inject", "--config", str(tmp_path / "config.yaml"), str(tmp_path / "in.yaml")]
        )
        == 0
    )
    err = capsys.readouterr().err
    assert ("[alias-written-out]" in err) == written_out
    if written_out:
        assert "the alias *labels of Deployment web was written out" in err
