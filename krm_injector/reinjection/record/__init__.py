"""The record of an injection: one annotation on the workload, from which the injection can be taken
back and judged.

An injected object comes in, what it was before and what was edited since go out. Imports kube and
model. The annotation's form is described in docs/day-two.md; `form` writes and reads it.
"""

from krm_injector.kube.element_names import ORDER
from krm_injector.reinjection.record.changed_pieces import ChangedPiece, changed_pieces, intact
from krm_injector.reinjection.record.digests import mesh_digest, namespace_digest
from krm_injector.reinjection.record.form import (
    ANNOTATION,
    RULES,
    VERSION,
    BadRecord,
    InjectionRecord,
    attach,
    can_carry_record,
    fresh_template,
    joined,
    namespace_fits,
    original,
    read,
    records,
)
from krm_injector.reinjection.record.layout import item_layout, with_entries, with_layout
from krm_injector.reinjection.record.named_paths import located, named_path, path_text

__all__ = [
    "ANNOTATION",
    "ORDER",
    "RULES",
    "VERSION",
    "BadRecord",
    "ChangedPiece",
    "InjectionRecord",
    "attach",
    "can_carry_record",
    "changed_pieces",
    "fresh_template",
    "intact",
    "item_layout",
    "joined",
    "located",
    "mesh_digest",
    "named_path",
    "namespace_digest",
    "namespace_fits",
    "original",
    "path_text",
    "read",
    "records",
    "with_entries",
    "with_layout",
]
