"""Writes krm_injector/istio_api/tables_generated.py: MeshConfig, ProxyConfig and the Values of an
installation, of every Istio minor.

    python tools/generate_istio_api.py --istio CLONE/of/istio --api CLONE/of/istio-api
        [--check DIR/with/descriptors] [--istio-at MINOR=REVISION ...]
        [--api-at MINOR=REVISION ...] [--out FILE]

For each minor version the last patch release is taken (where there is none yet, the last release
candidate): values_types.proto from its tag of istio/istio, the mesh's protos from istio/api at the
commit that the tag's go.mod (1.1: Gopkg.lock) names. --istio-at takes a revision of istio/istio for
a minor that has no tag (32=master). A commit that the clone does not hold is an error: a neighbour
of it would give a table that is nearly right. --api-at takes another revision for one minor,
knowingly (31=release-1.31). Only names, numbers and types are read. --check compares the result
with descriptors dumped from the compiled Go types (VERSION.json files with "messages" and "enums")
and fails where they differ. See krm_injector/istio_api/schema.py for the form of the table.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from istio_protos import Field, Protos

HEAD = '''\
"""Generated from Istio's .proto files, not to be edited; schema.py describes the form.

python tools/generate_istio_api.py --istio CLONE/of/istio --api CLONE/of/istio-api
"""

# ruff: noqa: E501
# fmt: off
'''
MINORS = range(1, 33)
ROOTS = ("v1alpha1.MeshConfig", "v1alpha1.ProxyConfig", "operator.Values")
MESH_PROTOS = ("mesh/v1alpha1/config.proto", "mesh/v1alpha1/proxy.proto")
VALUES_PROTOS = (
    "operator/pkg/apis/values_types.proto",
    "operator/pkg/apis/istio/v1alpha1/values_types.proto",
)
# Go's package name, by which fmt prints a type, for each proto package.
PACKAGES = {
    "istio.mesh.v1alpha1": "v1alpha1",
    "istio.networking.v1alpha3": "v1alpha3",
    "istio.networking.v1beta1": "v1beta1",
    "istio.operator.v1alpha1": "operator",
    "k8s.io.apimachinery.pkg.apis.meta.v1": "v1",
}
# MeshConfig's discovery selectors were Kubernetes' own message until 1.20, whose proto istio/api
# does not hold.
KUBERNETES = """
package k8s.io.apimachinery.pkg.apis.meta.v1;
message LabelSelectorRequirement {
  string key = 1;
  string operator = 2;
  repeated string values = 3;
}
message LabelSelector {
  map<string, string> matchLabels = 1;
  repeated LabelSelectorRequirement matchExpressions = 2;
}
"""


def short(full: str) -> str:
    """istio.mesh.v1alpha1.Tracing.Zipkin -> v1alpha1.Tracing_Zipkin, the name of the Go type."""
    for package, go in PACKAGES.items():
        if full.startswith(package + "."):
            return f"{go}.{full[len(package) + 1 :].replace('.', '_')}"
    return full


def git(repo: Path, *args: str) -> str | None:
    done = subprocess.run(["git", "-C", str(repo), *args], capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else None


def last_patch(istio: Path, minor: int) -> str:
    tags = (git(istio, "tag", "--list", f"1.{minor}.*") or "").split()
    releases = [t for t in tags if re.fullmatch(r"1\.\d+\.\d+", t)]
    if releases:
        return max(releases, key=lambda t: int(t.split(".")[2]))
    candidates = [t for t in tags if "-rc." in t]
    if not candidates:
        raise SystemExit(
            f"{istio} has no tag of Istio 1.{minor}: name a clone of istio/istio with its tags as "
            f"--istio, or a revision for a version without one (--istio-at {minor}=master)"
        )
    return max(candidates, key=lambda t: int(t.rpartition(".")[2]))


def api_commit(istio: Path, tag: str) -> str:
    modules = git(istio, "show", f"{tag}:go.mod")
    if modules is None:
        lock = git(istio, "show", f"{tag}:Gopkg.lock") or ""
        block = next(b for b in lock.split("[[projects]]") if '"istio.io/api"' in b)
        return str(re.findall(r'revision = "(\w+)"', block)[0])
    version: str = re.findall(r"istio\.io/api (\S+)", modules)[0]
    pseudo = re.search(r"-([0-9a-f]{12})$", version)
    return pseudo[1] if pseudo else version


def commits_of(
    istio: Path, api: Path, revisions: Mapping[int, str], instead: Mapping[int, str]
) -> dict[int, str]:
    """The commit of istio/api for each minor. Ends the program where the clone lacks one, naming
    all it lacks.
    """
    named = {minor: instead.get(minor) or api_commit(istio, revisions[minor]) for minor in MINORS}
    lacking = [
        f"{commit} (Istio {revisions[minor]})"
        for minor, commit in named.items()
        if git(api, "cat-file", "-e", f"{commit}^{{commit}}") is None
    ]
    if lacking:
        raise SystemExit(
            f"{api} does not hold the commits of istio/api that are needed: {', '.join(lacking)}; "
            f"fetch them (git -C {api} fetch --tags origin "
            "'+refs/heads/*:refs/remotes/origin/*'), or take another revision knowingly, with "
            "--api-at MINOR=REVISION"
        )
    return named


def protos_of(istio: Path, api: Path, tag: str, commit: str) -> Protos:
    protos = Protos()
    waiting, seen = list(MESH_PROTOS), set(MESH_PROTOS)
    while waiting:
        text = git(api, "show", f"{commit}:{waiting.pop()}")
        if text is None:
            continue
        new = [
            i
            for i in protos.read(text)
            if not i.startswith(("google/", "gogoproto/")) and i not in seen
        ]
        waiting += new
        seen |= set(new)
    for path in VALUES_PROTOS:
        text = git(istio, "show", f"{tag}:{path}")
        if text is not None:
            protos.read(text, "istio.operator.v1alpha1")  # some versions call it v1alpha1
    protos.read(KUBERNETES)
    protos.resolve()
    return protos


def reachable(protos: Protos) -> tuple[dict[str, list[Field]], dict[str, list[tuple[str, int]]]]:
    """What the roots hold, by short name, with short names as types."""
    by_short = {short(n): n for n in protos.messages}
    enums = {short(n): v for n, v in protos.enums.items()}
    waiting = [r for r in ROOTS if r in by_short]
    messages: dict[str, list[Field]] = {}
    used_enums: dict[str, list[tuple[str, int]]] = {}
    while waiting:
        name = waiting.pop()
        if name in messages:
            continue
        messages[name] = fields = [
            f._replace(type=short(f.type)) for f in protos.messages[by_short[name]]
        ]
        for field in fields:
            if field.type in by_short:
                waiting.append(field.type)
            elif field.type in enums:
                used_enums[field.type] = enums[field.type]
    return messages, used_enums


def merged_order(orders: list[list[Any]], strict: bool) -> list[Any]:
    """One order that contains each of the given ones; later versions win where an item has no place
    of its own.
    """
    result: list[Any] = []
    for order in orders:
        place = 0
        for item in order:
            if item in result:
                at = result.index(item)
                if at < place and strict:
                    raise SystemExit(
                        f"the order of {item} changed between versions: the table has no form for "
                        "it yet"
                    )
                place = max(place, at + 1)
            else:
                result.insert(place, item)
                place += 1
    return result


def span(minors: list[int], everywhere: list[int]) -> str:
    """ "16-", "-13", "5-9", "18-21,29-": the minors that have it; open ends and nothing where its
    owner has no more.
    """
    runs: list[list[int]] = []
    for minor in everywhere:
        if minor not in minors:
            continue
        if runs and everywhere.index(runs[-1][-1]) + 1 == everywhere.index(minor):
            runs[-1].append(minor)
        else:
            runs.append([minor])
    first, last = everywhere[0], everywhere[-1]
    if runs == [everywhere]:
        return ""

    spans = []
    for run in runs:
        start = "" if run[0] == first else run[0]
        end = "" if run[-1] == last else run[-1]
        spans.append(f"{start}-{end}")

    return ",".join(spans)


def table(rows: dict[int, dict[str, list[Any]]], write: Any) -> dict[str, str]:
    """rows: minor -> name -> entries; write: (entry) -> its words. One line an entry, with its span
    behind.
    """
    names = sorted({n for by_name in rows.values() for n in by_name})
    result = {}
    for name in names:
        minors = [m for m in MINORS if name in rows[m]]
        lines = []
        strict = not name.startswith(
            "operator."
        )  # the order shows in JSON only; Values are never written
        for entry in merged_order([rows[m][name] for m in reversed(minors)], strict):
            has = [m for m in minors if entry in rows[m][name]]
            lines.append(f"{write(entry)} {span(has, minors)}".rstrip())
        result[name] = "\n".join(lines)
    return result


def field_line(field: Field) -> str:
    kind = {"": "", "repeated": "*", "map": "%"}[field.label] + field.type
    name = f"{field.name}={field.json}" if field.json else field.name
    return f"{name} {field.number} {kind}" + (f" {field.oneof}" if field.oneof else " .")


def check(
    rows: dict[int, dict[str, list[Field]]], enums: dict[int, dict[str, Any]], folder: Path
) -> None:
    """Compares with descriptors of the compiled types, but for the order of fields, which they do
    not have. Ends the program where they differ.
    """
    differences = []
    for path in sorted(folder.glob("*.json")):
        minor = int(path.name.split(".")[1])
        descriptors = json.loads(path.read_text())
        differences += [
            f"{path.name} {difference}"
            for difference in (
                *message_differences(rows[minor], descriptors["messages"]),
                *enum_differences(enums[minor], descriptors["enums"]),
            )
        ]

    if differences:
        raise SystemExit("\n".join(differences))


def message_differences(ours: dict[str, list[Field]], descriptors: dict[str, Any]) -> list[str]:
    differences = []
    for full_name, fields in descriptors.items():
        if full_name.startswith("google.protobuf."):
            continue

        name = short(full_name)
        here = {(f.name, f.number, f.label, f.oneof, f.type) for f in ours.get(name, [])}
        there = {fact(field) for field in fields}
        differences += [f"{name}: {field}" for field in here ^ there]

    return differences


def enum_differences(ours: dict[str, Any], descriptors: dict[str, Any]) -> list[str]:
    differences = []
    for full_name, values in descriptors.items():
        here = ours.get(short(full_name))
        there = [(value["name"], value["number"]) for value in values]
        if not full_name.startswith("google.") and sorted(here or []) != sorted(there):
            differences.append(f"enum {full_name}: {here} {there}")

    return differences


def fact(field: dict[str, Any]) -> tuple[str, int, str, str, str]:
    entries = field.get("map")
    label = "map" if entries else "repeated" if field.get("repeated") else ""
    if entries:
        kind = entries.get("message") or entries.get("enum") or entries["value"]
    else:
        kind = field.get("message") or field.get("enum") or field["kind"]
    return field["name"], field["number"], label, field.get("oneof", ""), short(kind)


def literal(name: str, entries: dict[str, str]) -> str:
    lines = [f"{name}: dict[str, str] = {{"]
    for key, text in entries.items():
        lines.append(f'    "{key}": """\\\n{text}""",' if text else f'    "{key}": "",')
    return "\n".join([*lines, "}"])


def revision_of(text: str) -> tuple[int, str]:
    """ "31=release-1.31" -> (31, "release-1.31")."""
    minor, _, revision = text.partition("=")
    if not minor.isdecimal() or int(minor) not in MINORS or not revision:
        raise argparse.ArgumentTypeError(f"{text!r} is not MINOR=REVISION, as 31=release-1.31")
    return int(minor), revision


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--istio", type=Path, required=True)
    parser.add_argument("--api", type=Path, required=True)
    parser.add_argument("--check", type=Path)
    for option in ("--istio-at", "--api-at"):
        parser.add_argument(
            option, action="append", default=[], type=revision_of, metavar="MINOR=REVISION"
        )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(__file__).parents[1] / "krm_injector/istio_api/tables_generated.py",
    )
    args = parser.parse_args()
    messages, enums = dict[int, dict[str, list[Field]]](), dict[int, dict[str, Any]]()
    stated = dict(args.istio_at)
    revisions = {m: stated.get(m) or last_patch(args.istio, m) for m in MINORS}
    for minor, commit in commits_of(args.istio, args.api, revisions, dict(args.api_at)).items():
        protos = protos_of(args.istio, args.api, revisions[minor], commit)
        messages[minor], enums[minor] = reachable(protos)
    if args.check:
        check(messages, enums, args.check)
    tables = (
        literal("MESSAGES", table(messages, field_line)),
        literal("ENUMS", table(enums, lambda value: f"{value[0]} {value[1]}")),
    )
    args.out.write_text(HEAD + "\n".join(tables) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
