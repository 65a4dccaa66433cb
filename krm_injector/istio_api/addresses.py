"""IP addresses and host names as Go's net/netip and Istio's validation read them."""

from __future__ import annotations

from krm_injector.lazy_pattern import lazy_pattern

_LABEL = r"[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?"
_IS_WILDCARD_LABEL = lazy_pattern(rf"(?:\*|(?:\*|\*-)?{_LABEL})\Z")
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = lazy_pattern(rf"{_OCTET}(?:\.{_OCTET}){{3}}\Z")
_GROUP = lazy_pattern(r"[0-9a-fA-F]{1,4}\Z")


def is_ip(text: str) -> bool:
    """netip.ParseAddr: IPv4 without leading zeros, IPv6 with or without a zone."""
    return ip_bits(text) > 0


def ip_bits(text: str, zone: bool = True) -> int:
    """32 or 128, 0 where it is no address."""
    if _IPV4.match(text):
        return 32
    address, percent, name = text.partition("%")
    if percent and not (zone and name):
        return 0
    return 128 if _is_ipv6(address) else 0


def _is_ipv6(text: str) -> bool:
    head, elided, tail = text.partition("::")
    if "::" in tail or ":" not in text:
        return False

    groups = [g.split(":") if g else [] for g in (head, tail)]
    flat = groups[0] + groups[1]
    room = 8
    if flat and "." in flat[-1]:
        if (elided and not groups[1]) or not _IPV4.match(flat[-1]):
            return False
        flat.pop()
        room = 6

    if any(not _GROUP.match(g) for g in flat):
        return False

    return len(flat) < room if elided else len(flat) == room


def is_cidr(text: str, strict: bool = True) -> bool:
    """netip.ParsePrefix; strict=False is net.ParseCIDR, which takes leading zeros in the prefix's
    length.
    """
    address, slash, length = text.rpartition("/") if strict else text.partition("/")
    if not slash or not (length.isascii() and length.isdigit()) or len(length) > 20:
        return False
    if strict and len(length) > 1 and length.startswith("0"):
        return False
    bits = ip_bits(address, zone=False)
    return bits > 0 and int(length) <= bits


def fqdn_problem(name: str) -> str:
    """Why it is no fully qualified domain name; "" where it is one."""
    if len(name.encode()) > 255:
        return "is longer than 255 characters"
    if not name:
        return "is empty"
    return _labels_problem(name)


def _labels_problem(name: str) -> str:
    labels = name.split(".")
    if is_integer(labels[-1]):
        return f'has a top level domain, "{labels[-1]}", of digits only'
    if labels[-1] == "":
        labels.pop()

    for label in labels:
        if not is_label(label):
            return f'has the label "{label}", which is not letters, digits and "-"'

    return ""


def wildcard_domain_problem(name: str) -> str:
    if len(name.encode()) > 255 or not name:
        return fqdn_problem(name)
    first, dot, rest = name.partition(".")
    if len(first) > 63 or not _IS_WILDCARD_LABEL.match(first):
        return f'has the label "{first}", which is not letters, digits and "-"'
    return _labels_problem(rest) if dot else ""


def is_integer(text: str) -> bool:
    """What strconv.Atoi reads, whatever its size."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    return digits.isascii() and digits.isdecimal()


def is_label(text: str) -> bool:
    """A DNS 1123 label, capitals allowed, as Istio's."""
    return (
        len(text) <= 63
        and text.isascii()
        and text.replace("-", "").isalnum()
        and text[0] != "-"
        and text[-1] != "-"
    )


def address_problem(address: str) -> str:
    """Why it is not HOST:PORT; "" where it is. Istio's ValidateProxyAddress."""
    split = split_host_port(address)
    if split is None:
        return "must be HOST:PORT"

    host, port = split
    if not is_integer(port) or len(port) > 18:
        return f'has a port, "{port}", that is no number'
    if not 1 <= int(port) <= 65535:
        return f"has the port {port}, which must be from 1 to 65535"

    problem = fqdn_problem(host)
    if problem and not is_ip(host):
        return f'has a host, "{host}", that is neither a host name nor an IP address'

    return ""


def split_host_port(text: str) -> tuple[str, str] | None:
    """Go's net.SplitHostPort; None for its errors."""
    at = text.rfind(":")
    if at < 0:
        return None

    if text.startswith("["):
        end = text.find("]")
        if end < 0 or end + 1 != at:
            return None
        host, before, after = text[1:end], 1, end + 1
    else:
        host, before, after = text[:at], 0, 0
        if ":" in host:
            return None

    if "[" in text[before:] or "]" in text[after:]:
        return None

    return host, text[at + 1 :]
