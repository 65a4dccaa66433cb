"""Objects that ask for injection, and what snapshot and injection make of an installation."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from builders import bundle, deployment, namespace

from krm_injector import pipeline
from krm_injector.function_config import MeshSettings, Settings
from krm_injector.kube.yaml import load_all
from krm_injector.model import Object, Refused, Result
from krm_injector.presenting import snapshot

URL = "https://istiod.example.com:15017/inject/cluster/remote1/net/net1"
# One Namespace for each label by which people ask for injection.
ASKING = {
    "plain": namespace("plain", injection="enabled"),
    "by-revision": namespace("by-revision", rev="1-31"),
    "by-tag": namespace("by-tag", rev="prod"),
}


def injected(documents: Sequence[Object]) -> set[str]:
    """The Namespaces of ASKING whose Deployment is injected with these objects as the mesh."""
    objects = [deployment(name, name) for name in ASKING]
    settings = Settings(mesh=MeshSettings(documents=tuple(documents)))
    outcome = pipeline.run(bundle(*ASKING.values(), *objects), settings)
    assert not [result for result in outcome.results if result.severity == "error"]
    return {decision.workload.ref.name for decision in outcome.decisions if decision.injected}


def taken(objects: Sequence[Object]) -> tuple[list[Object], list[Result]]:
    """What the snapshot's file holds, and what is said beyond which mesh is used. The snapshot
    injects as the whole does.
    """
    made = snapshot.take(objects)
    documents = [document.value for document in load_all(snapshot.text(made))]
    assert injected(documents) == injected(objects)
    said = [result for result in made.results if not result.message.startswith("control plane ")]
    return documents, said


def refusal(objects: Sequence[Object]) -> str:
    with pytest.raises(Refused) as caught:
        snapshot.take(objects)
    (result,) = [each for each in caught.value.results if each.severity == "error"]
    return result.message
