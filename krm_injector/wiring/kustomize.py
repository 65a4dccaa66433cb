"""kustomize: the functionConfig as a transformer of the kustomization."""

from __future__ import annotations

import os
import shutil
from typing import Any

from krm_injector.kube import yaml
from krm_injector.model import Refused, Result
from krm_injector.sources.inputs import KUSTOMIZATIONS, MANIFESTS
from krm_injector.wiring import plan as plans
from krm_injector.wiring.plan import FUNCTION_FILE, File, Plan

HEAD = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
WITH_KUBECTL = """\
There is kubectl and no kustomize. kubectl kustomize and kubectl apply -k run no program: they leave the function out
and say nothing. krm-injector build renders with kubectl and injects behind it; the other command needs kustomize."""
ENTRY = f"transformers:\n- {FUNCTION_FILE}\n"


def plan(directory: str, image: str | None) -> Plan:
    """The transformer's file and its entry in the kustomization, which is made where there is none.
    Raises Refused.
    """
    own = plans.function_file(directory, image)
    found = [name for name in KUSTOMIZATIONS if os.path.lexists(os.path.join(directory, name))]
    files = (*own, *(_entered(directory, found[0]) if found else _created(directory)))
    flags = "--enable-alpha-plugins" if image else "--enable-alpha-plugins --enable-exec"
    command = f"kustomize build {flags} ."
    if image:
        return Plan(files, (command,))
    if shutil.which("kubectl") and not shutil.which("kustomize"):
        return Plan(files, ("krm-injector build .", command), (WITH_KUBECTL,))

    return Plan(
        files,
        (command,),
        ("Without --enable-exec kustomize leaves the function out and says nothing.",),
    )


def _entered(directory: str, name: str) -> tuple[File, ...]:
    text = plans.present(directory, name) or ""

    def with_entry(value: dict[str, Any]) -> dict[str, Any]:
        entries = plans.listed(value, "transformers")
        if any(plans.is_ours(directory, entry) for entry in entries):
            return value
        return {**value, "transformers": [*entries, FUNCTION_FILE]}

    return plans.added(name, text, with_entry, ENTRY)


def _created(directory: str) -> tuple[File, ...]:
    """A kustomization of the directory's manifests and of the kustomizations right below it."""
    resources = []
    for name in sorted(os.listdir(directory)):
        whole = os.path.join(directory, name)
        if name.startswith(".") or name == FUNCTION_FILE:
            continue

        if os.path.isdir(whole):
            below = any(
                os.path.isfile(os.path.join(whole, kustomization))
                for kustomization in KUSTOMIZATIONS
            )
            resources += [name] if below else []
        elif name.endswith(MANIFESTS):
            resources.append(name)

    if not resources:
        message = f"{directory} holds neither a kustomization nor manifests; run init where the kustomization is or is to be"
        raise Refused(Result("error", message, file=directory, code="input-empty"))

    return (File("kustomization.yaml", HEAD + yaml.dump({"resources": resources}) + ENTRY),)
