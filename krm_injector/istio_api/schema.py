"""The messages of Istio's mesh API and of the installation's values, by minor version.

The table (tables_generated.py) holds one text per message: one line per field, in the order of
declaration.

    NAME NUMBER TYPE ONEOF [MINORS]      drain_duration 4 google.protobuf.Duration .
                                         parent_shutdown_duration 5 google.protobuf.Duration . -16

NAME is "NAME=JSONNAME" where the two are not related as usual. TYPE is a scalar of protobuf, or the
Go name of a message or enum; "*" before it is a list, "%" a map with strings as keys. ONEOF is "."
outside of one. MINORS are the minors of Istio 1 that have it ("16-", "-13", "5-9,12-"), all where
absent. Enums have lines "NAME NUMBER [MINORS]". A message is decoded when it is first asked for.
"""

from __future__ import annotations

from krm_injector.istio_api import tables_generated as tables
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.named_tuple import NamedTuple

OLDEST, NEWEST = 1, 32
Version = tuple[int, ...]  # (1, 30), which means its last patch release, or (1, 30, 3)
SCALARS = frozenset(
    ("string", "int32", "int64", "uint32", "uint64", "bool", "double", "float", "bytes")
)
WRAPPERS = {
    "google.protobuf.BoolValue": "bool",
    "google.protobuf.Int32Value": "int32",
    "google.protobuf.Int64Value": "int64",
    "google.protobuf.UInt32Value": "uint32",
    "google.protobuf.UInt64Value": "uint64",
    "google.protobuf.StringValue": "string",
    "google.protobuf.DoubleValue": "double",
    "google.protobuf.FloatValue": "float",
    "google.protobuf.BytesValue": "bytes",
}
DURATION = "google.protobuf.Duration"
FREE_FORM = {
    "google.protobuf.Struct": "*structpb.Struct",
    "google.protobuf.Value": "*structpb.Value",
    "google.protobuf.ListValue": "*structpb.ListValue",
}
_WELL_KNOWN = {
    DURATION: "seconds 1 int64 .\nnanos 2 int32 .",
    **{n: f"value 1 {t} ." for n, t in WRAPPERS.items()},
}
# What came with a patch release: the first one of each minor, and the field's type before; "" where
# there was no such field. Read from the .proto files that go.mod of these tags names.
_LATE: dict[tuple[str, str], tuple[dict[int, int], str]] = {
    ("v1alpha1.MeshConfig", "ca_certificates"): ({9: 1}, ""),
    ("v1alpha1.MeshConfig", "ingress_selector"): ({6: 1}, ""),
    ("v1alpha1.MeshConfig", "path_normalization"): ({8: 6, 9: 5}, ""),
    ("v1alpha1.ProxyConfig", "ca_certificates_pem"): ({9: 1}, ""),
    ("v1alpha1.ProxyConfig", "image"): ({12: 1}, ""),
    ("v1alpha1.ProxyConfig", "mesh_id"): ({7: 1}, "int32"),
    ("v1alpha1.ProxyConfig_ProxyHeaders", "metadata_exchange_headers"): ({19: 1}, ""),
}
_JSON_PART = lazy_pattern(r"_([a-z])")
_GO_PART = lazy_pattern(r"_(?![a-z])|[0-9]|[A-Za-z][a-z]*")


class Field(NamedTuple):
    name: str  # drain_duration
    json: str  # drainDuration
    go: str  # DrainDuration
    kind: str  # a scalar, "enum" or "message"
    type: str  # the scalar, or the name of the enum or message
    label: str  # "" | "*" (list) | "%" (map)
    oneof: str  # the Go name of the oneof: ClusterName


class MessageType:
    """One message of one version."""

    __slots__ = ("by_json", "fields", "go_members", "go_type", "name", "schema")

    def __init__(self, name: str, fields: tuple[Field, ...], schema: Schema) -> None:
        self.name = name
        self.fields = fields
        self.schema = schema
        self.go_type = _go_type(name)
        self.by_json = {f.json: f for f in fields}
        self.go_members: dict[str, tuple[str, Field | str]] | None = (
            None  # filled by message.py when first needed
        )


class Schema:
    """All messages of one version."""

    __slots__ = ("_before", "_covered", "_enums", "_messages", "minor", "patch", "version")

    def __init__(self, version: Version) -> None:
        self.version = version
        self.minor = version[1]
        self.patch = version[2] if len(version) > 2 else None  # None: the last one
        # The types of fields that a later patch release of this minor brings.
        self._before: dict[tuple[str, str], str] = {}
        if self.patch is not None:
            for field, (first, type_) in _LATE.items():
                if self.patch < first.get(self.minor, 0):
                    self._before[field] = type_
        self._messages: dict[str, MessageType] = {}
        self._enums: dict[str, dict[str, int]] = {}
        self._covered: dict[str, bool] = {}  # by the text of the minors: there are few

    def since(self, minor: int, patch: int) -> bool:
        """Whether this is Istio 1.minor.patch or later."""
        if self.minor != minor or self.patch is None:
            return self.minor >= minor
        return self.patch >= patch

    def message(self, name: str) -> MessageType:
        """KeyError where this version has no such message."""
        message_type = self._messages.get(name)
        if message_type is None:
            message_type = self._messages[name] = MessageType(name, self._fields(name), self)
        return message_type

    def enum(self, name: str) -> dict[str, int]:
        """The enum's values by name."""
        enum_type = self._enums.get(name)
        if enum_type is None:
            rows = [line.split(" ") for line in tables.ENUMS[name].splitlines()]
            enum_type = self._enums[name] = {
                r[0]: int(r[1]) for r in rows if len(r) == 2 or covers(r[2], self.minor)
            }
        return enum_type

    def enum_name(self, name: str, number: int) -> str | None:
        for text, value in self.enum(name).items():
            if value == number:
                return text
        return None

    def _fields(self, name: str) -> tuple[Field, ...]:
        text = _WELL_KNOWN.get(name)
        if text is None:
            text = "" if name in FREE_FORM or name.startswith("k8s.") else tables.MESSAGES[name]

        fields, late = [], self._before
        for line in text.splitlines():
            words = line.split(" ")
            if len(words) == 4 or self._covers(words[4]):
                type_ = words[2]
                if late:
                    type_ = late.get((name, words[0]), type_)
                if type_:
                    fields.append(_field(words[0], type_, words[3]))

        return tuple(fields)

    def _covers(self, minors: str) -> bool:
        covered = self._covered.get(minors)
        if covered is None:
            covered = self._covered[minors] = covers(minors, self.minor)
        return covered


def _field(name: str, type_: str, oneof: str) -> Field:
    label = type_[0] if type_[0] in "*%" else ""
    type_ = type_[len(label) :]
    name, _, json = name.partition("=")
    kind = type_ if type_ in SCALARS else "enum" if type_ in tables.ENUMS else "message"
    return Field(
        name,
        json or json_name(name),
        go_name(name),
        kind,
        type_,
        label,
        "" if oneof == "." else go_name(oneof),
    )


_SCHEMAS: dict[Version, Schema] = {}


def schema(version: Version) -> Schema:
    """The messages of a version; the nearest known one's where that is none we know."""
    cached = _SCHEMAS.get(version)
    if cached is None:
        minor = NEWEST if version[0] > 1 else min(max(version[1], OLDEST), NEWEST)
        known = (1, minor, *version[2:])
        cached = _SCHEMAS[version] = _SCHEMAS.get(known) or Schema(known)
        _SCHEMAS[known] = cached
    return cached


def covers(minors: str, minor: int) -> bool:
    """Whether "16-", "-13" or "5-9,12-" has the minor."""
    for run in minors.split(","):
        first, _, last = run.partition("-")
        if (not first or int(first) <= minor) and (not last or minor <= int(last)):
            return True
    return False


def json_name(name: str) -> str:
    if "_" not in name:
        return name

    plain = _plain_words(name)
    return name[0] + plain[1:] if plain else _JSON_PART.sub(lambda m: m[1].upper(), name)


def go_name(name: str) -> str:
    """As protoc-gen-go names it: preserve_http1_header_case -> PreserveHttp1HeaderCase."""
    if name.isalpha():
        return name[0].upper() + name[1:]

    plain = _plain_words(name)
    return plain or "".join([part[0].upper() + part[1:] for part in _GO_PART.findall(name)])


def _plain_words(name: str) -> str:
    """Its words with a capital each; "" unless each begins with a small letter and has digits only
    at its end. These are nearly all, and need no regular expression.
    """
    words = name.split("_")
    if not all(word[:1].islower() and word.rstrip("0123456789").isalpha() for word in words):
        return ""
    return "".join([word[0].upper() + word[1:] for word in words])


def _go_type(name: str) -> str:
    if name in FREE_FORM:
        return FREE_FORM[name]
    if name == DURATION:
        return "*durationpb.Duration"
    if name in WRAPPERS:
        return "*wrapperspb." + name.rpartition(".")[2]
    return "*" + name
