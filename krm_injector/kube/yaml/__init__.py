"""Kubernetes' YAML: text to plain values as sigs.k8s.io/yaml reads it, and back.

In: text. Out: plain values and their places, text, or YamlError with line, column and a code. May
import: PyYAML (its C parser, see extension.py), the standard library, the rest of kube.

load, load_all and load_json read. dump writes what every YAML 1.1 and 1.2 reader takes back
unchanged. rewrite changes a value inside a text. Reader and the event classes are for those who
need places of nodes.
"""

from krm_injector.kube.yaml.emit import dump, to_json
from krm_injector.kube.yaml.error import YamlError
from krm_injector.kube.yaml.events import (
    A_TEMPLATE,
    ODD_BREAKS,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    reading,
)
from krm_injector.kube.yaml.load import Document, Place, Reader, is_long, load, load_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.kube.yaml.edits import (
        Edited,
        Known,
        Path,
        edit,
        nested,
        reversible,
        rewrite,
    )
    from krm_injector.kube.yaml.json_text import load_json, load_json_stream
    from krm_injector.kube.yaml.marshal import go_marshal
    from krm_injector.kube.yaml.pairing import same

__all__ = [
    "A_TEMPLATE",
    "ODD_BREAKS",
    "Document",
    "Edited",
    "Known",
    "MappingEndEvent",
    "MappingStartEvent",
    "Path",
    "Place",
    "Reader",
    "ScalarEvent",
    "SequenceEndEvent",
    "SequenceStartEvent",
    "StreamEndEvent",
    "YamlError",
    "dump",
    "edit",
    "go_marshal",
    "is_long",
    "load",
    "load_all",
    "load_json",
    "load_json_stream",
    "nested",
    "reading",
    "reversible",
    "rewrite",
    "same",
    "to_json",
]

# Imported when they are first asked for: many runs need none of them.
_LATE = {
    "Edited": "edits",
    "edit": "edits",
    "go_marshal": "marshal",
    "load_json": "json_text",
    "load_json_stream": "json_text",
    "nested": "edits",
    "reversible": "edits",
    "rewrite": "edits",
    "same": "pairing",
}


def __getattr__(name: str) -> object:
    if name not in _LATE:
        raise AttributeError(f"module {__name__} has no attribute {name}")

    found: object = getattr(__import__(f"{__name__}.{_LATE[name]}", fromlist=[name]), name)
    globals()[name] = found
    return found
