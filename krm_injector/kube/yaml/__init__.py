"""Kubernetes' YAML: text to plain values as sigs.k8s.io/yaml reads it, and back.

In: text. Out: plain values and their places, text, or YamlError with line, column and a code. May
import: PyYAML (its C parser, see extension.py), the standard library, the rest of kube.

load, load_all and load_json read. dump writes what every YAML 1.1 and 1.2 reader takes back
unchanged. rewrite changes a value inside a text. Reader and the event classes are for those who
need places of nodes.
"""

from krm_injector.kube.yaml.edit import Edited, Known, Path, edit, nested, reversible, rewrite, same
from krm_injector.kube.yaml.emit import dump, to_json
from krm_injector.kube.yaml.error import YamlError
from krm_injector.kube.yaml.events import (
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    reading,
)
from krm_injector.kube.yaml.json_text import load_json, load_json_stream
from krm_injector.kube.yaml.load import Document, Place, Reader, is_long, load, load_all
from krm_injector.kube.yaml.marshal import go_marshal

__all__ = [
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
