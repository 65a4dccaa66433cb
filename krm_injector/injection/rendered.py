"""What templates render, read as YAML: texts that repeat most of their lines from pod to pod.

In: one text after the other. Out: what sigs.k8s.io/yaml reads. The texts of one control plane
differ in a few lines, so from the second on they are read by a PieceReader, which finds all other
pieces by their text. Each key at column 0 begins a part; a part that the PieceReader does not take
is read by yaml.load alone.

Why it is the same: in a text of one document a letter at column 0 begins a key, but inside of
quotes or flow collections that are still open. Then a part does not parse. Such a text, and one
with an anchor, which other parts may name, is read as a whole by yaml.load, which alone words
errors. Values are shared between texts: nobody may change them.
"""

from __future__ import annotations

from krm_injector.kube import c_json, yaml
from krm_injector.lazy_pattern import lazy_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from krm_injector.kube.yaml.pieces import PieceReader

_PARTS = lazy_pattern("(?m)^(?=[A-Za-z])")
# Further documents, anchors, and line breaks that this module does not look for.
_UNUSUAL = ("\n---", "\n...", "&", "\r", "\x85", "\u2028", "\u2029")


class RenderedTexts:
    """Reads the texts that the templates of one control plane render."""

    __slots__ = ("_pieces", "_seen")

    def __init__(self) -> None:
        self._pieces: PieceReader | None = None
        self._seen = False

    def read(self, text: str) -> Any:
        """The value of a text. Raises YamlError."""
        # JSON is YAML, and read far faster as what it is.
        if text.startswith("{"):
            try:
                return c_json.bounded_loads(text)
            except ValueError:
                pass  # a flow mapping of YAML, or broken: YAML's reader tells

        if self._seen and text.endswith("\n") and not any(mark in text for mark in _UNUSUAL):
            value = self._value_of_parts(text)
            if value is not None:
                return value

        self._seen = True  # pieces pay from the second text on
        return yaml.load(text, strict=False)

    def _value_of_parts(self, text: str) -> dict[str, Any] | None:
        """The value of a text, part by part; None where it has to be read as a whole."""
        from krm_injector.kube.yaml.pieces import PieceReader, Unusual

        if self._pieces is None:
            self._pieces = PieceReader()

        blank, *parts = _PARTS.split(text)
        if blank.strip(" \n"):
            return None

        value: dict[str, Any] = {}
        for part in parts:
            self._pieces.nodes = 0
            try:
                read = self._pieces.mapping(part[:-1], 0)
            except Unusual:
                try:
                    read = yaml.load(part, strict=False)
                except yaml.YamlError:
                    return None
            if not isinstance(read, dict) or len(read) != 1 or not value.keys().isdisjoint(read):
                return None
            value.update(read)

        return value or None
