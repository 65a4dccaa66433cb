"""Why the API server refuses the URL of a webhook.

Source: k8s.io/apiserver pkg/util/webhook/validation.go ValidateWebhookURL, as
pkg/apis/admissionregistration/validation asks it (only https); Go's net/url Parse (1.26).
"""

from __future__ import annotations

import re

_ESCAPE = r"%(?![0-9a-fA-F]{2})"  # that is none
_CONTROL = r"[\0-\x1f\x7f]"
_SCHEME = r"([a-zA-Z][a-zA-Z0-9+.-]*):"
_ADDRESS = r"\[[0-9a-fA-F:.]+(?:%25[^\[\]]+)?\Z"  # of IPv6, with a zone
_PORT = r":[0-9]*\Z|\Z"
# What a host cannot have. Of escapes, only those of other bytes than ASCII, and "%25".
_NOT_IN_HOSTS = r"[\x20/?@#\\^`{|}]|%(?!25)[0-7]"
_USER = r"(?:[A-Za-z0-9._:~!$&'()*+,;=%@-])*\Z"


def problems(url: str) -> list[str]:
    """What is wrong with the URL, as clauses that follow its name."""
    body, _, fragment = url.partition("#")
    if re.search(_CONTROL, body) or body.startswith(":") or re.search(_ESCAPE, fragment):
        return ["is no URL"]

    match = re.match(_SCHEME, body)
    rest = body[match.end() :] if match else body
    rest, _, query = rest.partition("?")
    authority, path = _split(rest)
    is_opaque = match is not None and not rest.startswith("/")
    if not is_opaque and not _is_parsed(authority, path, has_scheme=match is not None):
        return ["is no URL"]

    found = []
    if not match or match[1].lower() != "https":
        found.append("does not begin with https://")
    if is_opaque or not authority.rpartition("@")[2]:
        found.append("names no host")
    if "@" in authority:
        found.append("names a user")
    if fragment:
        found.append("has a fragment")
    if query:
        found.append("has a query")
    return found


def _split(rest: str) -> tuple[str, str]:
    """The authority (user, host, port) of what follows the scheme, and the path."""
    if not rest.startswith("//"):
        return "", rest
    authority, slash, path = rest[2:].partition("/")
    return authority, slash + path


def _is_parsed(authority: str, path: str, has_scheme: bool) -> bool:
    """Whether Go takes them for parts of a URL."""
    user, at_sign, host = authority.rpartition("@")
    if at_sign and (not re.match(_USER, user) or re.search(_ESCAPE, user)):
        return False
    if not has_scheme and not path.startswith("/") and ":" in path.partition("/")[0]:
        return False
    return _is_host(host) and not re.search(_ESCAPE, path)


def _is_host(host: str) -> bool:
    if host.startswith("["):
        address, _, port = host.rpartition("]")
        if not re.match(_ADDRESS, address) or not re.match(_PORT, port):
            return False
    elif "[" in host or (":" in host and not re.match(_PORT, host[host.rfind(":") :])):
        return False
    return not re.search(_ESCAPE, host) and not re.search(_NOT_IN_HOSTS, host)
