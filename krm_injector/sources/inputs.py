"""Names of files, kustomize and processes under the name that these modules had together.

To be removed: cli, discovery and wiring still read them from here.
"""

from __future__ import annotations

from krm_injector.sources import files, processes
from krm_injector.sources import kustomize as _kustomize
from krm_injector.sources.resource_list import members

MANIFESTS, KUSTOMIZATIONS = files.MANIFESTS, files.KUSTOMIZATIONS
CHART, KPTFILE = files.CHART, files.KPTFILE
Source = files.Source
content, find, is_kustomization = files.content, files.find, files.is_kustomization
manifests_in, no_manifests = files.manifests_in, files.no_manifests
shown, source, unreadable = files.shown, files.source, files.unreadable
find_kustomize, kustomize = _kustomize.find_kustomize, _kustomize.build
Finished = processes.Finished
Inputs = processes.Rendered
Runner = processes.Runner
said, sentences, start = processes.stderr_text, processes.stderr_sentences, processes.start
is_local_config, not_applied = members.is_local, members.not_applied
