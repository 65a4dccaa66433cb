"""Addresses and networks (pkg/cel/library/ip.go and cidr.go; Go's net/netip).

``string(ip(...))`` is left out: the library takes no overload of its own function for a type of
ours.
"""

from __future__ import annotations

import ipaddress
import re

from krm_injector.judging.admission.functions.row import Function

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_IP, _CIDR = "net.IP", "net.CIDR"
_BITS = re.compile(r"(?:0|[1-9][0-9]{0,2})\Z", re.ASCII)
_LOCAL_MULTICAST = ipaddress.IPv4Network("224.0.0.0/24")
_BROADCAST = ipaddress.IPv4Address("255.255.255.255")


def _address(text: str) -> Address:
    if "%" in text:
        raise ValueError(f'IP address "{text}" with zone value is not allowed')

    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        raise ValueError(f'IPv4-mapped IPv6 address "{text}" is not allowed')
    return address


def _network(text: str) -> tuple[Address, int]:
    """The address and the number of bits of a network, which may have bits behind its mask."""
    host, slash, bits = text.rpartition("/")
    address = _address(host)
    if not slash or not _BITS.match(bits) or int(bits) > address.max_prefixlen:
        raise ValueError("network address parse error during conversion from string")
    return address, int(bits)


def _ip(text: str) -> dict[str, str]:
    return {_IP: str(_address(text))}


def _cidr(text: str) -> dict[str, str]:
    address, bits = _network(text)
    return {_CIDR: f"{address}/{bits}"}


def _holds(read: Any) -> Any:
    """Whether a text can be read."""

    def call(text: str) -> bool:
        try:
            read(text)
        except ValueError:
            return False
        return True

    return call


def _of(value: dict[str, str], name: str) -> str:
    if name not in value:
        raise ValueError("no such overload")
    return value[name]


def _ip_of(value: dict[str, str]) -> Address:
    return _address(_of(value, _IP))


def _range(text: str) -> Any:
    return ipaddress.ip_network(text, strict=False)


def _contains_ip(value: dict[str, str], other: Any) -> bool:
    address = _address(other) if isinstance(other, str) else _ip_of(other)
    return address in _range(_of(value, _CIDR))


def _contains_cidr(value: dict[str, str], other: Any) -> bool:
    outer = _range(_of(value, _CIDR))
    inner = _range(_cidr(other)[_CIDR] if isinstance(other, str) else _of(other, _CIDR))
    return bool(outer.version == inner.version and inner.subnet_of(outer))


def _masked(value: dict[str, str]) -> dict[str, str]:
    return {_CIDR: str(_range(_of(value, _CIDR)))}


def _is_local_multicast(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv4Address):
        return address in _LOCAL_MULTICAST
    return address.packed[0] == 0xFF and address.packed[1] & 0x0F == 2


def _is_global(address: Address) -> bool:
    """netip's IsGlobalUnicast: private addresses are global too."""
    others = (
        address.is_unspecified,
        address.is_loopback,
        address.is_multicast,
        address.is_link_local,
        address == _BROADCAST,
    )
    return not any(others)


def _fact(name: str, fact: Any, result: str = "bool") -> Function:
    def call(value: dict[str, str]) -> Any:
        return fact(_ip_of(value))

    return Function(name, f"ip_{name}", ((result, _IP),), call, True)


def _member(name: str, call: Any, *signature: str, more: str = "") -> Function:
    return Function(name, f"cidr_{name}{more}", (signature,), call, True)


FUNCTIONS = (
    Function("ip", "ip", ((_IP, "string"),), _ip),
    Function("isIP", "is_ip", (("bool", "string"),), _holds(_address)),
    Function(
        "ip.isCanonical",
        "ip_canonical",
        (("bool", "string"),),
        lambda text: str(_address(text)) == text,
    ),
    _fact("family", lambda address: address.version, "int"),
    _fact("isUnspecified", lambda address: address.is_unspecified),
    _fact("isLoopback", lambda address: address.is_loopback),
    _fact("isLinkLocalMulticast", _is_local_multicast),
    _fact("isLinkLocalUnicast", lambda address: address.is_link_local),
    _fact("isGlobalUnicast", _is_global),
    Function("cidr", "cidr", ((_CIDR, "string"),), _cidr),
    Function("isCIDR", "is_cidr", (("bool", "string"),), _holds(_network)),
    _member("containsIP", _contains_ip, "bool", _CIDR, "string"),
    _member("containsIP", _contains_ip, "bool", _CIDR, _IP, more="_of"),
    _member("containsCIDR", _contains_cidr, "bool", _CIDR, "string"),
    _member("containsCIDR", _contains_cidr, "bool", _CIDR, _CIDR, more="_of"),
    _member("ip", lambda value: _ip(_of(value, _CIDR).partition("/")[0]), _IP, _CIDR),
    _member("masked", _masked, _CIDR, _CIDR),
    _member("prefixLength", lambda value: int(_of(value, _CIDR).partition("/")[2]), "int", _CIDR),
)
