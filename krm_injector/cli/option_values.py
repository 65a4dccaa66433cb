"""The values of options: text -> value. Each raises ValueError with what the option takes."""

from __future__ import annotations


def number(text: str) -> int:
    if not text.isdecimal():
        raise ValueError("a number")
    return int(text)


def versions(text: str) -> str:
    """One version of Istio, or several separated by commas."""
    from krm_injector.versions import parse_version

    for version in text.split(","):
        minor = parse_version(version)
        if minor is None or minor[0] != 1:
            raise ValueError("Istio's version, as 1.30.3")

    return text


def kubernetes_version(text: str) -> str:
    """A version of Kubernetes, as a kubelet states it: 1.33, v1.32.9-gke.1."""
    from krm_injector.versions import parse_version

    minor = parse_version(text)
    if minor is None or minor[0] != 1:
        raise ValueError("a version of Kubernetes, as 1.33")
    return text


def namespace(text: str) -> str:
    if not _is_name(text, "-"):
        raise ValueError("a Namespace's name (lower-case letters, digits and -)")
    return text


def namespace_labels(text: str) -> tuple[str, dict[str, str]]:
    """A Namespace's name and its labels."""
    name, equals, rest = text.partition("=")
    pairs = [pair.partition("=") for pair in rest.split(",")] if rest else []
    labels = {key: value for key, _, value in pairs}
    is_complete = all(key and sign for key, sign, _ in pairs) and len(labels) == len(pairs)
    if not equals or not _is_name(name, "-") or not is_complete:
        raise ValueError("NAME=LABEL=VALUE,..., as shop=istio-injection=enabled")
    return name, labels


def revision(text: str) -> str:
    if not _is_name(text.lower(), "-._"):
        raise ValueError("the name of a revision")
    return text


def address(text: str) -> str:
    if not text.startswith(("https://", "http://")) or not text.isprintable() or " " in text:
        raise ValueError("an address, as https://git.example/krm-injector/docs")
    return text


def _is_name(text: str, signs: str) -> bool:
    """Whether a text can be a Namespace's name (RFC 1123 label; signs: "-") or the value of a label
    (signs: "-._").
    """
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    if not text or len(text) > 63 or text[0] not in letters or text[-1] not in letters:
        return False
    return not text.strip(letters + signs)


def count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ValueError("a number of at least 1")
    return int(text)


def shard(text: str) -> tuple[int, int]:
    number, slash, count = text.partition("/")
    if not slash or not number.isdecimal() or not count.isdecimal():
        raise ValueError("NUMBER/COUNT, as 1/4")
    if not 1 <= int(number) <= int(count):
        raise ValueError("NUMBER/COUNT with a number from 1 to the count, as 1/4")
    return int(number), int(count)
