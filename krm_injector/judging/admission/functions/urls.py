"""url, isURL and the parts of a URL (pkg/cel/library/urls.go; Go's net/url)."""

from __future__ import annotations

import re

from krm_injector.gotemplate.errors import FuncError
from krm_injector.gotemplate.sprig.urls import url_parse
from krm_injector.judging.admission.functions.row import Function

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TYPE = "kubernetes.URL"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_AUTHORITY = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^/?#]*")
_VALID_PATH = re.compile(r"(?:[A-Za-z0-9!$&'()*+,;=:@\[\]/_.~-]|%[0-9A-Fa-f]{2})*\Z")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")


def _parsed(text: str) -> dict[str, Any]:
    """The parts of an absolute URL (ParseRequestURI, then Parse). Raises ValueError."""
    if text != "*" and not text.startswith("/") and not _SCHEME.match(text):
        raise ValueError("URL parse error during conversion from string: invalid URI for request")
    try:
        return url_parse(text)
    except FuncError as error:
        raise ValueError(f"URL parse error during conversion from string: {error}") from error


def _url(text: str) -> dict[str, str]:
    _parsed(text)
    return {_TYPE: text}


def is_url(text: str) -> bool:
    try:
        _parsed(text)
    except ValueError:
        return False
    return True


def _text(url: dict[str, str]) -> str:
    if _TYPE not in url:
        raise ValueError("no such overload")
    return url[_TYPE]


def _scheme(url: dict[str, str]) -> str:
    return str(_parsed(_text(url))["scheme"])


def _host(url: dict[str, str]) -> str:
    return str(_parsed(_text(url))["host"])


def _hostname(url: dict[str, str]) -> str:
    return str(_parsed(_text(url))["hostname"])


def _port(url: dict[str, str]) -> str:
    host = _host(url)
    port = host.rpartition("]")[2].rpartition(":")
    return port[2] if port[1] else ""


def _escaped_path(url: dict[str, str]) -> str:
    """The path as it stands, or else as Go escapes it."""
    parts = _parsed(_text(url))
    if parts["opaque"]:
        return ""

    plain = _text(url).partition("#")[0].partition("?")[0]
    authority = _AUTHORITY.match(plain)
    scheme = _SCHEME.match(plain)
    start = authority.end() if authority else scheme.end() if scheme else 0
    raw = plain[start:]
    if _VALID_PATH.match(raw):
        return raw

    from urllib.parse import quote

    return quote(parts["path"], safe="$&+,/:;=@_.~-!'()*")


def _query(url: dict[str, str]) -> dict[str, list[str]]:
    """The values of each key; pairs that Go cannot read are left out, as Query does."""
    query: dict[str, list[str]] = {}
    for pair in str(_parsed(_text(url))["query"]).split("&"):
        key, _, value = pair.partition("=")
        if not pair or ";" in pair or "%" in _ESCAPE.sub("", pair):
            continue
        query.setdefault(_unescaped(key), []).append(_unescaped(value))

    return query


def _unescaped(text: str) -> str:
    from urllib.parse import unquote_plus

    return unquote_plus(text)


def _part(name: str, call: Any, result: str = "string") -> Function:
    return Function(name, f"url_{name}", ((result, _TYPE),), call, True)


FUNCTIONS = (
    Function("url", "url", ((_TYPE, "string"),), _url),
    Function("isURL", "is_url_string", (("bool", "string"),), is_url),
    _part("getScheme", _scheme),
    _part("getHost", _host),
    _part("getHostname", _hostname),
    _part("getPort", _port),
    _part("getEscapedPath", _escaped_path),
    _part("getQuery", _query, "map<string, list<string>>"),
)
