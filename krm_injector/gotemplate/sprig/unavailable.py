"""Functions of sprig whose answer depends on the machine, the clock, the network or chance.

A template may name them, as in Go. A call is an error that says what to do instead, because a build
must give the same answer twice.
"""

from __future__ import annotations

from collections.abc import Callable

from krm_injector.gotemplate.errors import FuncError
from krm_injector.gotemplate.values import Func

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

# name: (what the result depends on, the way out), in the order of sprig's functions.go.
# fmt: off
_CLOCK = "the clock", "put the date into the values"
_ZONE = "the time zone of the machine", "put the formatted date into the values"
_CHANCE = "randomness", "put the value into the template or the values"
_MACHINE = "the environment of the machine", "put the value into the values"
_NETWORK = "the network", "put the address into the values"
_SECRET = "randomness", "create the secret outside the template"
# Hermetic, yet secrets have no place in a build, and this package has neither scrypt nor AES.
_KEYS = "key material", "create the secret outside the template"

REASONS: dict[str, tuple[str, str]] = {
    "now": _CLOCK,
    "ago": _CLOCK,
    "date": _ZONE,
    "htmlDate": _ZONE,
    "toDate": _ZONE,
    "mustToDate": _ZONE,
    "date_in_zone": _CLOCK,
    "dateInZone": _CLOCK,
    "htmlDateInZone": _CLOCK,
    "date_modify": _CLOCK,
    "dateModify": _CLOCK,
    "must_date_modify": _CLOCK,
    "mustDateModify": _CLOCK,
    "unixEpoch": _CLOCK,
    "env": _MACHINE,
    "expandenv": _MACHINE,
    "getHostByName": _NETWORK,
    "randAlphaNum": _CHANCE,
    "randAlpha": _CHANCE,
    "randAscii": _CHANCE,
    "randNumeric": _CHANCE,
    "randBytes": _CHANCE,
    "randInt": _CHANCE,
    "shuffle": _CHANCE,
    "uuidv4": _CHANCE,
    "bcrypt": _SECRET,
    "htpasswd": _SECRET,
    "encryptAES": _SECRET,
    "decryptAES": _KEYS,
    "derivePassword": _KEYS,
    "genPrivateKey": _SECRET,
    "genCA": _SECRET,
    "genCAWithKey": _SECRET,
    "genSelfSignedCert": _SECRET,
    "genSelfSignedCertWithKey": _SECRET,
    "genSignedCert": _SECRET,
    "genSignedCertWithKey": _SECRET,
    "buildCustomCert": _KEYS,
}
# fmt: on


def refusal(name: str) -> Callable[..., Any]:
    """A function of that name that only says why it is not there."""

    def refuse(*_arguments: Any) -> NoReturn:
        reason, instead = REASONS[name]
        raise FuncError(
            f"function {name} is not available at build time, its result depends on {reason}: "
            f"{instead} instead"
        )

    return refuse


# Any arguments will do: nothing looks at them.
FUNCS = {name: Func(name, refusal(name), ("any",), True) for name in REASONS}
