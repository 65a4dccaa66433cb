"""Label selectors: metav1.LabelSelector read and asked.

Source of the rules: k8s.io/apimachinery 0.35 pkg/apis/meta/v1/helpers.go (LabelSelectorAsSelector)
and pkg/labels/selector.go (NewRequirement, Matches, String).
"""

from __future__ import annotations

from krm_injector.light import Mapping
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SHAPE = "letters, digits, '-', '_' and '.', beginning and ending with a letter or digit"
_OPERATORS = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}


UNKNOWN = "?"
"""What stands for the value of a label that only the cluster knows; no label can have it."""


class SelectorError(ValueError):
    """A selector that Kubernetes refuses. Attributes: field (path inside the selector), value,
    reason.
    """

    def __init__(self, field: str, value: Any, reason: str) -> None:
        super().__init__(f"{field}: {value!r}: {reason}")
        self.field = field
        self.value = value
        self.reason = reason


class Requirement(NamedTuple):
    """One condition on one label."""

    key: str
    operator: str  # "=", "in", "notin", "exists", "!"
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        if self.operator == "exists":
            return self.key in labels
        if self.operator == "!":
            return self.key not in labels
        if self.operator == "notin":
            return self.key not in labels or labels[self.key] not in self.values
        return self.key in labels and labels[self.key] in self.values

    def opinion(self, labels: Mapping[str, str]) -> bool | None:
        """As matches; None where that depends on a value that is UNKNOWN."""
        if labels.get(self.key) == UNKNOWN and self.operator not in ("exists", "!"):
            return None
        return self.matches(labels)

    def __str__(self) -> str:
        if self.operator == "exists":
            return self.key
        if self.operator == "!":
            return f"!{self.key}"
        if self.operator == "=":
            return f"{self.key}={self.values[0]}"
        return f"{self.key} {self.operator} ({','.join(sorted(self.values))})"


class Selector(NamedTuple):
    """Requirements that must all hold; nothing matches where ``nothing`` is set."""

    requirements: tuple[Requirement, ...] = ()
    nothing: bool = False

    @property
    def empty(self) -> bool:
        """Whether everything matches."""
        return not self.requirements and not self.nothing

    def matches(self, labels: Mapping[str, str] | None) -> bool:
        return not self.nothing and all(
            requirement.matches(labels or {}) for requirement in self.requirements
        )

    def opinion(self, labels: Mapping[str, str]) -> bool | None:
        """As matches; None where that depends on a value that is UNKNOWN."""
        if self.nothing:
            return False
        opinions = [requirement.opinion(labels) for requirement in self.requirements]
        return False if False in opinions else None if None in opinions else True

    def explain(self, labels: Mapping[str, str] | None) -> list[tuple[str, bool]]:
        """Each requirement in Kubernetes' notation and whether it holds."""
        if self.nothing:
            return [("nothing", False)]
        return [
            (str(requirement), requirement.matches(labels or {}))
            for requirement in self.requirements
        ]

    def __str__(self) -> str:
        return (
            "<nothing>"
            if self.nothing
            else ",".join(str(requirement) for requirement in self.requirements)
        )


EVERYTHING = Selector()
NOTHING = Selector(nothing=True)


def parse(selector: Mapping[str, Any] | None) -> Selector:
    """As metav1.LabelSelectorAsSelector: None matches nothing, {} everything. Raises SelectorError.

    Requirements are sorted by key, as Go's selectors are; of one key, matchLabels come first.
    """
    if selector is None:
        return NOTHING
    if not isinstance(selector, Mapping):
        raise SelectorError(
            "", selector, "a label selector must be a map with matchLabels and matchExpressions"
        )

    requirements = [
        *_from_labels(selector.get("matchLabels")),
        *_from_expressions(selector.get("matchExpressions")),
    ]
    return Selector(tuple(sorted(requirements, key=lambda requirement: requirement.key)))


def parse_webhook(selector: Mapping[str, Any] | None) -> Selector:
    """As a webhook's namespaceSelector and objectSelector: an absent one matches everything. Raises
    SelectorError.
    """
    return EVERYTHING if selector is None else parse(selector)


def _from_labels(labels: Any) -> list[Requirement]:
    if labels is None:
        return []
    if not isinstance(labels, Mapping):
        raise SelectorError("matchLabels", labels, "must be a map of strings")

    requirements = []
    for key, value in labels.items():
        _check_key(key, "matchLabels")
        requirements.append(Requirement(key, "=", (_label_value(value, f'matchLabels["{key}"]'),)))

    return requirements


def _from_expressions(expressions: Any) -> list[Requirement]:
    if expressions is None:
        return []
    if not isinstance(expressions, list):
        raise SelectorError("matchExpressions", expressions, "must be a list")
    return [
        _expression(item, f"matchExpressions[{index}]") for index, item in enumerate(expressions)
    ]


def _expression(item: Any, field: str) -> Requirement:
    if not isinstance(item, Mapping):
        raise SelectorError(field, item, "must be a map with key, operator and values")

    name = item.get("operator", "")
    operator = _OPERATORS.get(name) if isinstance(name, str) else None
    if operator is None:
        raise SelectorError(f"{field}.operator", name, f"must be one of {', '.join(_OPERATORS)}")

    key = _check_key(item.get("key", ""), f"{field}.key")
    values = item.get("values") or []
    if not isinstance(values, list):
        raise SelectorError(f"{field}.values", values, "must be a list of strings")
    if operator in ("in", "notin") and not values:
        raise SelectorError(f"{field}.values", values, f"must hold at least one value for {name}")
    if operator in ("exists", "!") and values:
        raise SelectorError(f"{field}.values", values, f"must be empty for {name}")

    checked = [
        _label_value(value, f"{field}.values[{index}]") for index, value in enumerate(values)
    ]
    return Requirement(key, operator, tuple(checked))


def _check_key(key: Any, field: str) -> str:
    """A label's key: an optional DNS subdomain and a slash before a name of up to 63 characters."""
    if not isinstance(key, str):
        raise SelectorError(field, key, "a label's key must be a string")

    prefix, slash, name = key.rpartition("/")
    if slash and not (len(prefix) <= 253 and _is_domain(prefix)):
        raise SelectorError(
            field, key, "what precedes the slash of a label's key must be a DNS subdomain"
        )
    if len(name) > 63 or not _is_name(name):
        raise SelectorError(field, key, f"a label's key must be 1 to 63 {_SHAPE}")

    return key


def _label_value(value: Any, field: str) -> str:
    if not isinstance(value, str):
        raise SelectorError(field, value, "a label's value must be a string")
    if value and (len(value) > 63 or not _is_name(value)):
        raise SelectorError(field, value, f"a label's value must be at most 63 {_SHAPE}")
    return value


# Not regular expressions: to compile them would take longer than all checks of most runs.


def _is_name(text: str) -> bool:
    """[A-Za-z0-9], and between two of these also "-", "_" and "."."""
    inner = text.replace("-", "").replace("_", "").replace(".", "")
    return text.isascii() and inner.isalnum() and text[0].isalnum() and text[-1].isalnum()


def _is_domain(text: str) -> bool:
    """Labels with points between them: [a-z0-9], and between two of these also "-"."""
    return (
        text.isascii()
        and text == text.lower()
        and all(
            label.replace("-", "").isalnum() and label[0] != "-" and label[-1] != "-"
            for label in text.split(".")
        )
    )
