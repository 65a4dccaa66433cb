"""The named formats and validate (pkg/cel/library/format.go; Kubernetes 1.31)."""

from __future__ import annotations

import re

from krm_injector.judging.admission.functions import urls
from krm_injector.judging.admission.functions.row import Function, NotRun

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TYPE = "kubernetes.NamedFormat"
_LABEL = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(?:\.{_LABEL})*"
_NAME = r"(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"


def _shape(pattern: str, most: int) -> Any:
    compiled = re.compile(rf"(?:{pattern})\Z")
    return lambda text: len(text) <= most and bool(compiled.match(text))


def _prefix(fits: Any) -> Any:
    """A prefix of a name may end in a dash, as generateName does."""
    return lambda text: fits(text[:-1] + "a" if len(text) > 1 and text.endswith("-") else text)


def _is_qualified_name(text: str) -> bool:
    prefix, slash, name = text.rpartition("/")
    if slash and not _is_subdomain(prefix):
        return False
    return bool(_is_name(name))


def _elsewhere(text: str) -> bool:
    raise NotRun("formats uuid, byte, date and datetime are the API server's own")


_is_subdomain = _shape(_SUBDOMAIN, 253)
_is_label = _shape(_LABEL, 63)
_is_name = _shape(_NAME, 63)
_is_old_label = _shape(r"[a-z](?:[-a-z0-9]*[a-z0-9])?", 63)
_FITS = {
    "dns1123Label": _is_label,
    "dns1123Subdomain": _is_subdomain,
    "dns1035Label": _is_old_label,
    "qualifiedName": _is_qualified_name,
    "dns1123LabelPrefix": _prefix(_is_label),
    "dns1123SubdomainPrefix": _prefix(_is_subdomain),
    "dns1035LabelPrefix": _prefix(_is_old_label),
    "labelValue": lambda text: not text or _is_name(text),
    "uri": urls.is_url,
    "uuid": _elsewhere,
    "byte": _elsewhere,
    "date": _elsewhere,
    "datetime": _elsewhere,
}


def _constant(name: str) -> Function:
    return Function(f"format.{name}", f"format_{name}", ((_TYPE,),), lambda: {_TYPE: name})


def _named(name: str) -> dict[str, Any]:
    return {"value": {_TYPE: name}} if name in _FITS else {}


def _validated(value: dict[str, str], text: str) -> dict[str, list[str]]:
    """The optional list of errors; see functions.as_run."""
    if _TYPE not in value:
        raise ValueError("no such overload")

    name = value[_TYPE]
    return {} if _FITS[name](text) else {"value": [f"is no {name}"]}


_ERRORS = ("map<string, list<string>>", _TYPE, "string")
FUNCTIONS = (
    *map(_constant, _FITS),
    Function("format.named", "format_named", ((f"map<string, {_TYPE}>", "string"),), _named),
    Function("validate", "format_validate", (_ERRORS,), _validated, True),
)
