"""The record of an injection: one annotation on the workload, from which the injection can be taken
back and judged.

An injected object comes in, what it was before and what was edited since go out. Imports kube and
model. The annotation's form is described in docs/day-two.md; `form` writes and reads it. Only what
looks for edits by hand imports `changed_pieces`.
"""

from krm_injector.reinjection.record.digests import mesh_digest, namespace_digest
from krm_injector.reinjection.record.form import (
    RULES,
    VERSION,
    BadRecord,
    InjectionRecord,
    attach,
    can_carry_record,
    fresh_template,
    intact,
    namespace_fits,
    original,
    read,
    records,
    with_records,
)
from krm_injector.reinjection.record.layout import item_layout, with_entries, with_layout
from krm_injector.reinjection.record.named_paths import located, named_path, path_text

__all__ = [
    "RULES",
    "VERSION",
    "BadRecord",
    "InjectionRecord",
    "attach",
    "can_carry_record",
    "fresh_template",
    "intact",
    "item_layout",
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
    "with_records",
]
