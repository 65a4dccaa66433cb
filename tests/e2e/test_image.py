"""The container image: who it runs as, what it may do, its size and how quickly it starts."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from e2e.real_programs import Programs, build_image, deployment, injected, namespace, objects

LOCKED = [
    "run",
    "--rm",
    "-i",
    "--network",
    "none",
    "--security-opt=no-new-privileges",
    "--cap-drop",
    "ALL",
]
MANIFESTS = (namespace("shop") + "---\n" + deployment("web")).encode()


@pytest.mark.parametrize(
    "user", [[], ["--user", "999:999"], ["--user", "nobody"], ["--user", "0:0"]], ids=str
)
def test_runs_locked_down_as_anybody(
    programs: Programs, image: str, tmp_path: Path, user: list[str]
) -> None:
    """No network, nothing to write to, no home; 999 is the user of Argo CD's sidecars."""
    done = programs.run(
        ["docker", *LOCKED, *programs.read_only(), *user, image, "inject"],
        tmp_path,
        stdin=MANIFESTS,
    )
    assert injected(objects(done.out)) == {("Deployment", "shop", "web")}


def test_is_nobody_by_default(programs: Programs, image: str, tmp_path: Path) -> None:
    assert python(programs, image, tmp_path, "import os; print(os.getuid())") == "65534"


def python(programs: Programs, image: str, work: Path, script: str) -> str:
    """What a script prints in a container of the image."""
    command = [
        "docker",
        *LOCKED,
        *programs.read_only(),
        "--entrypoint",
        "python3",
        image,
        "-c",
        script,
    ]
    return programs.run(command, work).out.decode().strip()


def test_a_refusal_is_an_exit_status_and_a_message(
    programs: Programs, image: str, tmp_path: Path
) -> None:
    done = programs.run(
        ["docker", *LOCKED, *programs.read_only(), image, "inject"],
        tmp_path,
        1,
        deployment("web").encode(),
    )
    assert done.out == b"" and "Namespace shop is not in the bundle" in done.err


def test_labels_and_entrypoint(programs: Programs, image: str, tmp_path: Path) -> None:
    (told,) = json.loads(programs.run(["docker", "image", "inspect", image], tmp_path).out)
    labels = told["Config"]["Labels"]
    assert labels["org.opencontainers.image.title"] == "krm-injector"
    assert labels["org.opencontainers.image.description"]
    assert told["Config"]["Entrypoint"] == ["krm-injector"]
    assert told["Config"]["User"] == "65534:65534"


def test_size_and_cold_start(programs: Programs, image: str, tmp_path: Path) -> None:
    """Our part of the image is small, and starts with compiled modules: there is nowhere to write
    them later.
    """
    measure = (
        "import os; print(sum(os.path.getsize(os.path.join(d, f)) for d, _, fs in "
        "os.walk('/opt/krm-injector') for f in fs if not os.path.islink(os.path.join(d, f))))"
    )
    assert int(python(programs, image, tmp_path, measure)) < 25_000_000
    find = (
        "import pathlib; "
        "print(len(list(pathlib.Path('/opt/krm-injector').rglob('krm_injector/**/*.pyc'))))"
    )
    assert int(python(programs, image, tmp_path, find)) > 50
    times = []
    for _ in range(3):
        begin = time.monotonic()
        programs.run(
            ["docker", *LOCKED, *programs.read_only(), image, "inject"], tmp_path, stdin=MANIFESTS
        )
        times.append(time.monotonic() - begin)
    assert min(times) < 5, times


POLICY = """\
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: users}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
  validations:
  - expression: object.spec.containers.all(c, c.name != "istio-proxy")
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: users}
spec: {policyName: users, validationActions: [Deny]}
"""


@pytest.mark.parametrize(
    ("requirements", "code"), [("run", "admission-unknown"), ("admission", "admission-denied")]
)
def test_policies_are_evaluated_with_their_library(
    programs: Programs, tmp_path: Path, requirements: str, code: str
) -> None:
    """An image without the library says that it did not ask the policy."""
    name, problem = build_image(programs.need("docker"), requirements)
    assert problem == ""
    bundle = deployment("web") + "---\n" + namespace("shop") + POLICY
    command = [
        "docker",
        *LOCKED,
        *programs.read_only(),
        name,
        "explain",
        "--kubernetes-version",
        "1.30",
    ]
    done = programs.run(command, tmp_path, stdin=bundle.encode())
    assert f"[{code}]" in done.err
