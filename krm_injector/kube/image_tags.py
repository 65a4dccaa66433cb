"""The tag of an image's name, as Kubernetes reads it.

Source: ParseImageName of Kubernetes 1.31 to 1.37 (pkg/util/parsers/parsers.go), which asks
ParseNormalizedNamed of github.com/distribution/reference 0.6 (normalize.go, regexp.go,
reference.go).
"""

from __future__ import annotations

from krm_injector.lazy_pattern import lazy_pattern

LATEST = "latest"

_DOCKER, _INDEX = "docker.io", "index.docker.io"
_LONGEST_NAME = 255
_DIGITS = {"sha256": 64, "sha384": 96, "sha512": 128}

_LABEL = r"[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*"
_DOMAIN = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[A-Fa-f0-9:]+\])(?::[0-9]+)?"
_STEP = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_REFERENCE = lazy_pattern(
    rf"(?:{_DOMAIN}/)?({_STEP}(?:/{_STEP})*)"
    r"(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@([A-Za-z0-9+._-]+):([A-Fa-f0-9]{32,}))?\Z"
)
_IDENTIFIER = lazy_pattern(r"[a-f0-9]{64}\Z")


def tag_of(image: str) -> str:
    """The tag: "latest" where the name has neither tag nor digest, "" where it has a digest only or
    is no name of an image.
    """
    if not image or _IDENTIFIER.match(image):
        return ""

    domain, name = _split(image)
    path = name.partition(":")[0]
    match = _REFERENCE.match(f"{domain}/{name}")
    if path != path.lower() or match is None or len(match[1]) > _LONGEST_NAME:
        return ""

    tag, algorithm, digits = match[2], match[3], match[4]
    if algorithm is not None:
        is_digest = _DIGITS.get(algorithm) == len(digits) and digits == digits.lower()
        return tag or "" if is_digest else ""
    return tag or LATEST


def _split(image: str) -> tuple[str, str]:
    """The registry and the rest; without a registry it is Docker's."""
    first, slash, rest = image.partition("/")
    has_domain = "." in first or ":" in first or first == "localhost" or first != first.lower()
    domain, name = (first, rest) if slash and has_domain else (_DOCKER, image)
    if domain == _INDEX:
        domain = _DOCKER
    if domain == _DOCKER and "/" not in name:
        name = f"library/{name}"
    return domain, name
