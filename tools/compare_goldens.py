"""Istio's own injection test cases of any tag, against this project: what a new version changes,
before its corpus.

    python tools/compare_goldens.py --istio CLONE/of/istio --tag 1.31.0-rc.0 --near
        ../shared/istio/corpus/1.30.3

Templates, inputs and expected pods come from the tag; which case has which configuration, values
and mesh comes from the cases of a near version, so a case whose values changed between the two
differs without meaning anything. Where two cases have the same inputs and want different pods (an
environment of istiod's that cases do not hold), one differs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
CHART = "manifests/charts/istio-control/istio-discovery/files/"
TEMPLATES = {
    "sidecar": "injection-template.yaml",
    "gateway": "gateway-injection-template.yaml",
    "grpc-simple": "grpc-simple.yaml",
    "grpc-agent": "grpc-agent.yaml",
}
TESTDATA = "pkg/kube/inject/testdata/inject/"


def file_at(istio: Path, tag: str, path: str) -> str | None:
    done = subprocess.run(
        ["git", "-C", str(istio), "show", f"{tag}:{path}"], capture_output=True, text=True
    )
    return done.stdout if done.returncode == 0 else None


def config_at(istio: Path, tag: str, text: str) -> str:
    """The near version's injection configuration with the tag's templates."""
    config = yaml.safe_load(text)
    for name, file in TEMPLATES.items():
        template = file_at(istio, tag, CHART + file) if config["templates"].get(name) else None
        if template is not None:
            config["templates"][name] = template
    return yaml.safe_dump(config)


def differences(
    case: dict[str, Any], near: Path, istio: Path, tag: str, score: Any
) -> list[str] | None:
    """What differs in one case; None where the tag does not have it."""
    manifests = file_at(istio, tag, TESTDATA + Path(case["input"]).name)
    golden = (
        None if "error" in case else file_at(istio, tag, TESTDATA + Path(case["expected"]).name)
    )
    if manifests is None or (golden is None and "error" not in case):
        return None
    items = [document for document in yaml.load_all(manifests, score.GoLoader) if document]
    config = config_at(istio, tag, (near / case["config"]).read_text())
    control = score.control(
        config, (near / case["values"]).read_text(), (near / case["mesh"]).read_text()
    )
    cluster: dict[str, Any] = {"nativeSidecars": case["native_sidecars"]}
    spec: dict[str, Any] = {"method": "manual", "mesh": {"version": tag}, "cluster": cluster}
    if case["openshift"]:
        cluster["platform"] = "openshift"
        block = "1000620000/10000"
        ranges = {
            f"openshift.io/sa.scc.{name}": block for name in ("uid-range", "supplemental-groups")
        }
        spec["namespaces"] = [{"name": "test-ns", "annotations": ranges}]
    command = [sys.executable, "-m", "krm_injector"]
    if golden is None:
        problems: list[str] = score.judge(command, control + items, spec, case["error"], [])
        return problems
    expected = [document for document in yaml.load_all(golden, score.GoLoader) if document]
    pairs = [
        (len(control) + at, list(score.flat([document]))) for at, document in enumerate(expected)
    ]
    problems = score.judge(command, control + items, spec, None, pairs)
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--istio", type=Path, required=True)
    parser.add_argument("--tag", required=True)
    parser.add_argument(
        "--near", type=Path, required=True, help="folder with the cases.json of a near version"
    )
    parser.add_argument("--show", type=int, default=5, help="differences shown a case")
    options = parser.parse_args()
    near = options.near.resolve()
    sys.path.insert(0, str(near.parent.parent))  # score.py: how two pods are compared
    import score  # type: ignore[import-not-found]

    equal = total = 0
    for case in json.loads((near / "cases.json").read_text()):
        problems = differences(case, near, options.istio, options.tag, score)
        if problems is None:
            continue
        total += 1
        equal += not problems
        if problems:
            print(case["name"], *problems[: options.show], sep="\n    ")
    print(f"{options.tag}: {equal}/{total} equal")
    return 0 if equal == total else 1


if __name__ == "__main__":
    sys.exit(main())
