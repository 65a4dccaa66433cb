"""urlParse and urlJoin (url.go) over net/url of Go 1.26."""

from __future__ import annotations

import re

from krm_injector.gotemplate.errors import FuncError
from krm_injector.gotemplate.sprig.gotext import from_bytes, go_lower, to_bytes
from krm_injector.gotemplate.sprig.reflect import go_quote, kind_of
from krm_injector.gotemplate.sprig.registry import functions
from krm_injector.lazy_pattern import lazy_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_UNRESERVED = "-_.~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SAFE = {
    "path": frozenset((_UNRESERVED + "$&+,/:;=@").encode()),
    "fragment": frozenset((_UNRESERVED + "!$&()*+,/:;=?@").encode()),
    "user": frozenset((_UNRESERVED + "$&+,;=").encode()),
    "host": frozenset((_UNRESERVED + "!\"$&'()*+,:;<=>[]").encode()),
    "zone": frozenset((_UNRESERVED + "!\"$&'()*+,:;<=>[]").encode()),
}
_SCHEME = lazy_pattern(r"[A-Za-z][A-Za-z0-9+.-]*:")
_USERINFO = lazy_pattern(r"[A-Za-z0-9._:~!$&'()*+,;=%@-]*\Z")
_PORT = lazy_pattern(r"(?::[0-9]*)?\Z")


def _escape(text: str, part: str) -> str:
    safe = _SAFE[part]
    return "".join(chr(byte) if byte in safe else f"%{byte:02X}" for byte in to_bytes(text))


def _unescape(text: str, part: str) -> str:
    data = to_bytes(text)
    out = bytearray()
    at = 0
    while at < len(data):
        byte = data[at]
        if byte == 0x25:
            code = data[at + 1 : at + 3]
            shown = from_bytes(data[at : at + 3])
            if not re.fullmatch(rb"[0-9A-Fa-f]{2}", code):
                raise FuncError(f"invalid URL escape {go_quote(shown)}")

            value = int(code, 16)
            if part == "host" and value < 0x80 and code != b"25":
                raise FuncError(f"invalid URL escape {go_quote(shown)}")
            if part == "zone" and code != b"25" and value != 0x20 and value not in _SAFE["host"]:
                raise FuncError(f"invalid URL escape {go_quote(shown)}")

            out.append(value)
            at += 3
            continue

        if part in ("host", "zone") and byte < 0x80 and byte not in _SAFE[part]:
            raise FuncError(f"invalid character {go_quote(chr(byte))} in host name")

        out.append(byte)
        at += 1

    return from_bytes(bytes(out))


def _parse_userinfo(text: str) -> str:
    """The user part, unescaped and escaped again: what Userinfo.String() gives."""
    if not _USERINFO.match(text):
        raise FuncError("net/url: invalid userinfo")

    name, colon, password = text.partition(":")
    return (
        _escape(_unescape(name, "user"), "user")
        + colon
        + _escape(_unescape(password, "user"), "user")
    )


def _parse_host(scheme: str, host: str) -> str:
    bracket = host.rfind("[")
    if bracket > 0:
        raise FuncError("invalid IP-literal")
    if bracket == 0:
        return _parse_literal(host)

    colon = host.find(":")
    if colon >= 0:
        if scheme not in ("http", "https"):
            colon = host.rfind(":")
        _check_port(host[colon:])

    return _unescape(host, "host")


def _check_port(port: str) -> None:
    if not _PORT.match(port):
        raise FuncError(f"invalid port {go_quote(port)} after host")


def _parse_literal(host: str) -> str:
    """An address in square brackets, with its port."""
    from ipaddress import AddressValueError, IPv4Address, IPv6Address

    close = host.rfind("]")
    if close < 0:
        raise FuncError("missing ']' in host")

    port = host[close + 1 :]
    _check_port(port)
    inner, percent, zone = host[1:close].partition("%25")
    address = _unescape(inner, "host")
    shown = address + (_unescape(percent + zone, "zone") if percent else "")
    try:
        IPv6Address(address)
        if percent and not zone:
            raise AddressValueError
    except AddressValueError:
        try:
            IPv4Address(shown)
        except AddressValueError:
            raise FuncError(
                f"invalid host: ParseAddr({go_quote(shown)}): unable to parse IP"
            ) from None
        raise FuncError("invalid IP-literal") from None

    return f"[{shown}]{port}"


def _parse(url: str) -> dict[str, Any]:
    parts = dict.fromkeys(
        ("scheme", "host", "hostname", "path", "query", "opaque", "fragment", "userinfo"), ""
    )
    if any(byte < 0x20 or byte == 0x7F for byte in to_bytes(url)):
        raise FuncError("net/url: invalid control character in URL")
    if url == "*":
        return {**parts, "path": "*"}
    if url.startswith(":"):
        raise FuncError("missing protocol scheme")

    scheme = _SCHEME.match(url)
    parts["scheme"] = go_lower(scheme[0][:-1]) if scheme else ""
    rest, _, parts["query"] = url[scheme.end() if scheme else 0 :].partition("?")
    if not rest.startswith("/"):
        if scheme:
            return {**parts, "opaque": rest}
        if ":" in rest.partition("/")[0]:
            raise FuncError("first path segment in URL cannot contain colon")

    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        rest = slash + path
        user, at, host = authority.rpartition("@")
        parts["host"] = _parse_host(parts["scheme"], host)
        parts["hostname"] = _hostname(parts["host"])
        parts["userinfo"] = _parse_userinfo(user) if at else ""

    parts["path"] = _unescape(rest, "path")
    return dict(parts)


def _hostname(host: str) -> str:
    colon = host.rfind(":")
    if colon >= 0 and _PORT.match(host[colon:]):
        host = host[:colon]
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


def _parse_url(url: str) -> dict[str, Any]:
    plain, _, fragment = url.partition("#")
    try:
        parts = _parse(plain)
    except FuncError as error:
        raise FuncError(f"parse {go_quote(plain)}: {error}") from None

    try:
        parts["fragment"] = _unescape(fragment, "fragment")
    except FuncError as error:
        raise FuncError(f"parse {go_quote(url)}: {error}") from None

    return parts


def url_parse(url: str) -> dict[str, Any]:
    try:
        return _parse_url(url)
    except FuncError as error:
        raise FuncError(f"unable to parse url: {error}") from None


def url_join(parts: dict[str, Any]) -> str:
    def part(key: str) -> str:
        value = parts.get(key, "")
        if isinstance(value, str):
            return value
        if value is None:
            raise FuncError("runtime error: invalid memory address or nil pointer dereference")

        raise FuncError(
            f"unable to parse {key} key, must be of type string, but {kind_of(value)} found"
        )

    scheme, host, path, query, opaque, fragment, user = map(
        part, ("scheme", "host", "path", "query", "opaque", "fragment", "userinfo")
    )
    if user:
        try:
            user = _parse_url(f"proto://{user}@host")["userinfo"] + "@"
        except FuncError as error:
            raise FuncError(f"unable to parse userinfo in dict: {error}") from None

    text = f"{scheme}:" if scheme else ""
    if opaque:
        text += opaque
    else:
        if host or user or (scheme and path):
            text += "//" + user + _escape(host, "host")

        shown = "*" if path == "*" else _escape(path, "path")
        if shown and not shown.startswith("/") and host:
            text += "/"
        if not text and ":" in shown.partition("/")[0]:
            text += "./"

        text += shown

    text += f"?{query}" if query else ""
    return text + (f"#{_escape(fragment, 'fragment')}" if fragment else "")


FUNCS = functions({
    "urlParse": (url_parse, "string"),
    "urlJoin": (url_join, "map[string]any"),
})  # fmt: skip
