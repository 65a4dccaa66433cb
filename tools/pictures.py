"""Draws the pictures of docs/ that explain: boxes and arrows, as SVG, readable in light and dark.

    python tools/pictures.py [--check]

The pictures are tables here, so that a change to one can be read. With --check nothing is written,
stale files are named, and the exit status is 1.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
LINE = 17  # between two lines of text

STYLE = """
  text { font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
  .page { fill: #ffffff; }
  .title { font-size: 15px; font-weight: 600; fill: #1f2328; }
  .name { font-size: 13.5px; font-weight: 600; fill: #1f2328; }
  .words { font-size: 12px; fill: #59636e; }
  .box { fill: #f6f8fa; stroke: #d1d9e0; }
  .ours { fill: #ddf4ff; stroke: #0969da; stroke-width: 1.5; }
  .cluster { fill: #fff1e5; stroke: #bc4c00; }
  .arrow { fill: none; stroke: #59636e; stroke-width: 1.5; marker-end: url(#head); }
  .head { fill: #59636e; }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; }
    .title, .name { fill: #f0f6fc; }
    .words { fill: #9198a1; }
    .box { fill: #151b23; stroke: #3d444d; }
    .ours { fill: #121d2f; stroke: #58a6ff; }
    .cluster { fill: #2a1c12; stroke: #f0883e; }
    .arrow { stroke: #9198a1; }
    .head { fill: #9198a1; }
  }
"""
HEAD = (
    '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" '
    'markerHeight="7" orient="auto"><path class="head" d="M0 0L10 5L0 10z"/></marker></defs>'
)


class Box(NamedTuple):
    x: int
    y: int
    width: int
    height: int
    name: str
    words: tuple[str, ...] = ()
    kind: str = "box"  # box, ours, cluster


class Arrow(NamedTuple):
    points: tuple[tuple[int, int], ...]
    words: str = ""


class Label(NamedTuple):
    x: int
    y: int
    text: str
    kind: str = "words"  # words, title


class Picture(NamedTuple):
    file: str
    title: str  # what a screen reader says of it
    width: int
    height: int
    parts: list[Box | Arrow | Label]


# ---------------------------------------------------------------- the pictures


def build_time() -> Picture:
    """The same manifest on both ways to a pod."""
    top, below = 52, 246
    apply = ("kubectl, Argo CD,", "Flux, Helm")
    parts: list[Box | Arrow | Label] = [
        Label(20, 30, "With the webhook: the pod is made where nobody looks", "title"),
        Box(20, top, 150, 70, "Git", ("your manifests",)),
        Box(210, top, 150, 70, "Review", ("shows no sidecar",)),
        Box(400, top, 150, 70, "Apply", apply),
        Box(590, top, 150, 70, "API server", ("asks the webhook",), "cluster"),
        Box(780, top, 150, 70, "Pod", ("with a sidecar",), "cluster"),
        Box(590, 148, 150, 44, "istiod's webhook", (), "cluster"),
        Arrow(((665, 122), (665, 146)),),
        Label(675, 138, "decides, renders, merges"),
        Label(20, below - 14, "At build time: the pod is made before the review", "title"),
        Box(20, below, 150, 70, "Git", ("your manifests,", "the mesh as a file")),
        Box(210, below, 150, 70, "krm-injector", ("decides, renders,", "merges"), "ours"),
        Box(400, below, 150, 70, "Review", ("shows the pod", "that will run"), "ours"),
        Box(590, below, 150, 70, "Apply", apply),
        Box(780, below, 150, 70, "Pod", ("as it was reviewed",), "cluster"),
    ]  # fmt: skip
    for y in (top + 35, below + 35):
        parts += [Arrow(((x, y), (x + 38, y))) for x in (170, 360, 550, 740)]
    return Picture(
        "build-time.svg",
        "With the webhook the sidecar is added behind the API server, after the review. "
        "At build time it is added before the review.",
        950,
        334,
        parts,
    )


STEPS = (
    ("Read", "bytes become a bundle"),
    ("Configure", "settings, options"),
    ("Discover", "Namespaces, meshes"),
    ("Take back", "an earlier injection"),
    ("Decide", "yes or no, and why"),
    ("Render, merge", "the mesh's templates"),
    ("Record", "what the object was"),
    ("Judge", "policies, advice"),
    ("Present", "tables, pages, diffs"),
    ("Write", "changed lines only"),
)


def road() -> Picture:
    """The ten steps of a run, there and back."""
    parts: list[Box | Arrow | Label] = [
        Label(20, 28, "manifests, mesh, functionConfig come in"),
        Label(20, 252, "manifests and results go out"),
    ]
    for at, (name, words) in enumerate(STEPS):
        column = at if at < 5 else 9 - at
        x, y = 20 + 186 * column, 44 if at < 5 else 158
        kind = "ours" if name in ("Decide", "Render, merge") else "box"
        parts.append(Box(x, y, 166, 66, f"{at + 1}. {name}", (words,), kind))
        if at == 4:
            parts.append(Arrow(((x + 83, y + 66), (x + 83, 156))))
        elif at < 4:
            parts.append(Arrow(((x + 166, y + 33), (x + 184, y + 33))))
        elif at < 9:
            parts.append(Arrow(((x, y + 33), (x - 18, y + 33))))
    steps = ", ".join(name for name, _ in STEPS)
    return Picture("road.svg", f"The road of a bundle: {steps}.", 950, 268, parts)


def stays() -> Picture:
    """Whose pods each of the two makes."""
    in_git = (
        "Deployments, Jobs, Rollouts, ...:",
        "pod templates of known kinds,",
        "and those you name",
    )
    in_cluster = ("by operators, of resources without", "a pod template; by hand")
    pods = (
        "Both are made of the same templates,",
        "values and rules.",
        "",
        "Certificates, routes, policies,",
        "telemetry: all that a proxy asks for",
        "when it runs comes from istiod.",
    )
    parts: list[Box | Arrow | Label] = [
        Box(20, 40, 250, 96, "In Git", in_git),
        Box(20, 170, 250, 96, "Made in the cluster", in_cluster, "cluster"),
        Box(350, 40, 200, 96, "krm-injector", ("at build time",), "ours"),
        Box(350, 170, 200, 96, "istiod's webhook", ("when the pod is created",), "cluster"),
        Box(630, 40, 300, 226, "Pods of the mesh", pods, "cluster"),
        Arrow(((270, 88), (348, 88))),
        Arrow(((270, 218), (348, 218))),
        Arrow(((550, 88), (628, 88))),
        Arrow(((550, 218), (628, 218))),
        Label(20, 26, "Whose pods are made where", "title"),
    ]  # fmt: skip
    return Picture(
        "what-stays.svg",
        "krm-injector injects the pods of manifests in Git, istiod's webhook those that are made "
        "in the cluster.",
        950,
        286,
        parts,
    )


# What the folders are for; their order is that of the import contract in pyproject.toml.
WORDS = {
    "cli": "program, request, one module per command",
    "fleet": "many targets: finding, engine, output, plan, forms",
    "wiring": "init: the lines that an orchestrator needs",
    "adoption": "a dump of a cluster, the files for Git, the proof",
    "pipeline": "the map of a run",
    "presenting": "explain, report, findings, diff, patches, snapshot",
    "judging": "verify, policy, advice, admission",
    "outcome": "what a run came to",
    "reinjection": "record, eject, edits by hand, guard, shapes",
    "injection": "render, merge, post-process; legacy for Istio 1.1 to 1.8",
    "decision": "webhooks' selectors, policy, pod rules",
    "discovery": "Namespaces, control planes, workloads",
    "workload": "controller, decodable",
    "sources": "files, kustomize, kpt, Helm, ResourceList",
    "writing": "files that are old or new at any moment",
    "function_config": "functionConfig to Settings",
}
LOWEST = (
    ("results, codes, model, versions", "the nouns that stages hand on"),
    ("istio_api, gotemplate, kube, ...", "usable alone"),
)


def folders() -> list[tuple[str, str]]:
    """The layers of the import contract, from above."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (contract,) = re.findall(r"^layers = \[\n(.*?)^\]", project, re.MULTILINE | re.DOTALL)
    names = re.findall(r'"(\w+)"', contract)
    upper = names[: names.index("results")]
    return [*((name, WORDS.get(name, "")) for name in upper), *LOWEST]


def layers() -> Picture:
    """The folders of krm_injector/, each above what it may import."""
    parts: list[Box | Arrow | Label] = [
        Label(20, 28, "The folders of krm_injector/", "title"),
        Label(545, 28, "may import what is below"),
    ]
    for at, (name, words) in enumerate(folders()):
        kind = "ours" if name == "pipeline" else "box"
        parts.append(Box(20, 42 + 34 * at, 660, 28, name, (words,), kind))
    height = 42 + 34 * len(folders())
    parts.append(Arrow(((700, 48), (700, height - 12))))
    listed = ", ".join(name for name, _ in folders())
    return Picture("layers.svg", f"Imports go only down: {listed}.", 720, height + 8, parts)


def pictures() -> list[Picture]:
    return [build_time(), road(), stays(), layers()]


# ---------------------------------------------------------------- SVG


def svg(picture: Picture) -> str:
    width, height = picture.width, picture.height
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img">',
        f"<title>{escape(picture.title)}</title>",
        f"<style>{STYLE}</style>",
        HEAD,
        f'<rect class="page" width="{width}" height="{height}"/>',
    ]
    for part in picture.parts:
        lines += _part(part)
    return "\n".join([*lines, "</svg>", ""])


def _part(part: Box | Arrow | Label) -> list[str]:
    if isinstance(part, Arrow):
        points = "L".join(f"{x} {y}" for x, y in part.points)
        return [f'<path class="arrow" d="M{points}"/>']
    if isinstance(part, Label):
        return [_text(part.x, part.y, part.kind, part.text)]

    rect = (
        f'<rect class="{part.kind}" x="{part.x}" y="{part.y}" width="{part.width}" '
        f'height="{part.height}" rx="6"/>'
    )
    if part.height < 40 and part.words:  # a row: the words beside the name
        middle = part.y + part.height // 2 + 4
        return [
            rect,
            _text(part.x + 12, middle, "name", part.name),
            _text(part.x + 270, middle, "words", part.words[0]),
        ]

    first = part.y + (part.height - LINE * len(part.words)) // 2 + 4
    rows = [_text(part.x + 14, first, "name", part.name)]
    for at, words in enumerate(part.words, 1):
        rows.append(_text(part.x + 14, first + LINE * at, "words", words))
    return [rect, *rows]


def _text(x: int, y: int, kind: str, text: str) -> str:
    return f'<text class="{kind}" x="{x}" y="{y}">{escape(text)}</text>'


def stale() -> list[Path]:
    """Files that are not as they would be drawn."""
    return [path for path, text in drawn().items() if not path.exists() or path.read_text() != text]


def drawn() -> dict[Path, str]:
    return {IMAGES / picture.file: svg(picture) for picture in pictures()}


def main() -> int:
    found = stale()
    for path in found:
        print(path.relative_to(ROOT))
        if sys.argv[1:] != ["--check"]:
            path.write_text(drawn()[path], encoding="utf-8")
    return int(bool(found) and sys.argv[1:] == ["--check"])


if __name__ == "__main__":
    sys.exit(main())
