"""kustomize: the functionConfig as a transformer of the kustomization."""

from __future__ import annotations

import os
import shutil

from krm_injector.istio_names import FUNCTION_FILE
from krm_injector.kube import yaml
from krm_injector.model import Refused, Result
from krm_injector.sources.files import KUSTOMIZATIONS, MANIFESTS
from krm_injector.wiring.function_file import function_file, is_ours, spec_of
from krm_injector.wiring.namespaces import to_state
from krm_injector.wiring.plan import File, Plan, added, listed, present
from krm_injector.wiring.stated import NOTHING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from krm_injector.wiring.stated import Stated

HEAD = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
TRANSFORMERS = f"transformers:\n- {FUNCTION_FILE}\n"
NOTE = "Without --enable-exec kustomize leaves the function out and says nothing."
NOTE_ON_KUBECTL = (
    "There is kubectl and no kustomize. kubectl kustomize and kubectl apply -k run no program: "
    "they leave the function out\n"
    "and say nothing. krm-injector build renders with kubectl and injects behind it; the other "
    "command needs kustomize."
)


def plan(directory: str, image: str | None, stated: Stated = NOTHING) -> Plan:
    """The transformer's file and its entry in the kustomization, which is made if there is none.
    Raises Refused.
    """
    files = function_file(directory, image, stated)
    names = [name for name in KUSTOMIZATIONS if os.path.lexists(os.path.join(directory, name))]
    if names:
        files = (*files, *_with_transformer(directory, names[0]))
    else:
        files = (*files, _new_kustomization(directory))

    notes = to_state(directory, "kustomize", spec_of(directory, files))
    if image:
        return Plan(files, ("kustomize build --enable-alpha-plugins .",), notes)

    command = "kustomize build --enable-alpha-plugins --enable-exec ."
    if shutil.which("kubectl") and not shutil.which("kustomize"):
        return Plan(files, ("krm-injector build .", command), (NOTE_ON_KUBECTL, *notes))
    return Plan(files, (command,), (NOTE, *notes))


def _with_transformer(directory: str, name: str) -> tuple[File, ...]:
    """A kustomization with our transformer behind the others; none where ours is among them."""

    def change(value: dict[str, Any]) -> dict[str, Any]:
        transformers = listed(value, "transformers")
        if any(is_ours(directory, entry) for entry in transformers):
            return value
        return {**value, "transformers": [*transformers, FUNCTION_FILE]}

    return added(name, present(directory, name) or "", change, TRANSFORMERS)


def _new_kustomization(directory: str) -> File:
    """A kustomization of the directory's manifests and of the kustomizations right below it."""
    names = [name for name in sorted(os.listdir(directory)) if _is_resource(directory, name)]
    if names:
        resources = yaml.dump({"resources": names})
        return File("kustomization.yaml", HEAD + resources + TRANSFORMERS)

    message = (
        f"{directory} holds neither a kustomization nor manifests; run init where the "
        "kustomization is or is to be"
    )
    raise Refused(Result("error", message, file=directory, code="input-empty"))


def _is_resource(directory: str, name: str) -> bool:
    if name.startswith(".") or name == FUNCTION_FILE:
        return False

    path = os.path.join(directory, name)
    if not os.path.isdir(path):
        return name.endswith(MANIFESTS)

    return any(os.path.isfile(os.path.join(path, file)) for file in KUSTOMIZATIONS)
