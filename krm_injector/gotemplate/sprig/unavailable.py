"""Functions of sprig whose answer depends on the machine, the clock, the network or chance.

A template may name them, as in Go; calling one is an error that says what to do instead: a build
must give the same answer twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from krm_injector.gotemplate.errors import FuncError

_CLOCK = "the clock", "put the date into the values"
_ZONE = "the time zone of the machine", "put the formatted date into the values"
_CHANCE = "randomness", "put the value into the template or the values"
_MACHINE = "the environment of the machine", "put the value into the values"
_SECRET = "randomness", "create the secret outside the template"

REASONS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("now", "ago"), _CLOCK),
    **dict.fromkeys(("date", "htmlDate", "toDate", "mustToDate"), _ZONE),
    **dict.fromkeys(
        (
            "date_in_zone",
            "dateInZone",
            "htmlDateInZone",
            "date_modify",
            "dateModify",
            "must_date_modify",
        ),
        _CLOCK,
    ),
    **dict.fromkeys(("mustDateModify", "unixEpoch"), _CLOCK),
    **dict.fromkeys(("env", "expandenv"), _MACHINE),
    "getHostByName": ("the network", "put the address into the values"),
    **dict.fromkeys(
        (
            "randAlphaNum",
            "randAlpha",
            "randAscii",
            "randNumeric",
            "randBytes",
            "randInt",
            "shuffle",
            "uuidv4",
        ),
        _CHANCE,
    ),
    **dict.fromkeys(
        ("bcrypt", "htpasswd", "encryptAES", "genPrivateKey", "genCA", "genCAWithKey"), _SECRET
    ),
    **dict.fromkeys(("genSelfSignedCert", "genSelfSignedCertWithKey", "genSignedCert"), _SECRET),
    "genSignedCertWithKey": _SECRET,
    # Hermetic, yet secrets have no place in a build, and scrypt and AES none in this package.
    **dict.fromkeys(
        ("derivePassword", "decryptAES", "buildCustomCert"),
        ("key material", "create the secret outside the template"),
    ),
}


def refusal(name: str) -> Callable[..., Any]:
    """A function of that name that only says why it is not there."""

    def refuse(*_arguments: Any) -> NoReturn:
        reason, instead = REASONS[name]
        raise FuncError(
            f"function {name} is not available at build time, its result depends on {reason}: "
            f"{instead} instead"
        )

    return refuse
