"""The directory of `fleet build --output DIR`: each target's manifests, as one file or as one
directory with a file an object.

TargetResults come in; files go out, or, for `fleet verify`, results about files that differ. What
was written before is known by an index in the directory. At any moment each target's files are the
old or the new ones, also if the program is killed; the next run puts the rest in order. May import
kube, model, results and fleet.model.
"""

from __future__ import annotations

from krm_injector.fleet.output.comparison import Comparison
from krm_injector.fleet.output.index import INDEX
from krm_injector.fleet.output.writer import Writer

__all__ = ["INDEX", "Comparison", "Writer"]
