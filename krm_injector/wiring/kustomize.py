"""kustomize: the functionConfig as a transformer of the kustomization."""

from __future__ import annotations

import os
import shlex
import shutil

from krm_injector.istio_names import FUNCTION_FILE
from krm_injector.kube import yaml
from krm_injector.kube.paths import at
from krm_injector.model import Refused, Result
from krm_injector.sources import resource_list
from krm_injector.sources.files import CHART, KUSTOMIZATIONS, content, find
from krm_injector.sources.kustomizations import outermost
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
_MOST_NAMED = 8  # files that the note names
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
    notes: tuple[str, ...] = ()
    names = [name for name in KUSTOMIZATIONS if os.path.lexists(os.path.join(directory, name))]
    if names:
        files = (*files, *_with_transformer(directory, names[0]))
    else:
        made, left_out = _new_kustomization(directory)
        files = (*files, made)
        notes = (left_out,) if left_out else ()

    notes += to_state(directory, "kustomize", spec_of(directory, files))
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


def _new_kustomization(directory: str) -> tuple[File, str]:
    """A kustomization of what commands read in the directory: its manifests, also in directories
    below, and the kustomizations there. The text says what is left out. Raises Refused.
    """
    if os.path.isfile(os.path.join(directory, CHART)):
        message = (
            f"{directory} is a Helm chart, whose files are templates and no manifests; wire it "
            f"with helm: krm-injector init helm {shlex.quote(directory)}"
        )
        raise Refused(Result("error", message, file=directory, code="input-chart"))

    found = find(directory)
    below = outermost(found.kustomizations)
    manifests = [path for path in found.files if _is_manifest(path)]
    of_its_own = [
        path for path in manifests if os.path.samefile(os.path.dirname(path) or ".", directory)
    ]
    if below and not of_its_own:
        raise Refused(_several(directory, below))

    names = [os.path.relpath(path, directory) for path in manifests]
    names += [os.path.relpath(path, directory) for path in below]
    names = sorted(name.replace(os.sep, "/") for name in names)
    if names:
        resources = yaml.dump({"resources": names})
        left_out = [path for path in found.files if path not in manifests]
        note = _left_out(directory, left_out, found.charts)
        return File("kustomization.yaml", HEAD + resources + TRANSFORMERS), note

    message = (
        f"{directory} holds neither a kustomization nor manifests; run init where the "
        "kustomization is or is to be"
    )
    raise Refused(Result("error", message, file=directory, code="input-empty"))


def _is_manifest(path: str) -> bool:
    """Whether the file is meant as a resource: each of its documents is an object. Of one that
    cannot be read kustomize says what is wrong, unless it looks like something else.
    """
    if os.path.basename(path) == FUNCTION_FILE:
        return False

    data = content(path)
    try:
        text = resource_list.decode(data, path)
        values = [document.value for document in yaml.load_all(text) if not document.empty]
    except (Refused, yaml.YamlError):
        return b"apiVersion" in data and b"kind" in data
    return bool(values) and all(
        at(value, ("apiVersion",)) is not None and at(value, ("kind",)) is not None
        for value in values
    )


def _several(directory: str, below: list[str]) -> Result:
    """The error for a directory of kustomizations, which are likely for different clusters."""
    named = ", ".join(below[:_MOST_NAMED])
    rest = f" and {len(below) - _MOST_NAMED:,} more" if len(below) > _MOST_NAMED else ""
    message = (
        f"{directory} has no manifests of its own, only kustomizations below it: {named}{rest}. "
        f"Wire each that is built by itself: krm-injector init kustomize {shlex.quote(below[0])}"
    )
    return Result("error", message, file=directory, code="input-ambiguous")


def _left_out(directory: str, others: list[str], charts: list[str]) -> str:
    """What is no manifest and what is a chart; "" if there is nothing of the kind."""
    others = [path for path in others if os.path.basename(path) != FUNCTION_FILE]
    parts = []
    for paths, what in ((others, "no manifests of Kubernetes"), (charts, "Helm charts")):
        names = [os.path.relpath(path, directory) for path in paths]
        rest = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
        if names:
            parts.append(f"{', '.join(names[:_MOST_NAMED])}{rest} ({what})")

    return f"Not among its resources: {'; '.join(parts)}" if parts else ""
