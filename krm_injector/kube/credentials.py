"""Lines of manifests without what must not be shown: the values of Secrets, and credentials."""

from __future__ import annotations

from krm_injector.kube.paths import Step, at
from krm_injector.lazy_pattern import lazy_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

HIDDEN = "(hidden)"
_LONGEST = 10_000  # characters of a line: of a longer one, nothing is shown

# Names as programs and people give them: DB_PASSWORD, apiKey, --token, client-secret.
_NAME = (
    r"(?:password|passwd|passphrase|secret|token|credential"
    r"|private[_-]?key|api[_-]?key|access[_-]?key)s?"
)
_TEXT = r"""(?!(?:true|false|null)\b|[{\[|>&*])(?:"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s,;}\]]+)"""
_CREDENTIAL = lazy_pattern(rf"(?i){_NAME}[\"']?$")
# A name, and behind it its value: in a map, as the value beside it, and in a command.
_NAMED = lazy_pattern(
    rf"(?i)({_NAME}[\"']?\s*(?:[:=]|,\s*[\"']?value[\"']?\s*:)\s*"
    rf"|--?[\w-]{{0,60}}{_NAME}[\"']?[\s,]\s*)({_TEXT})"
)
_KEY = lazy_pattern(r"""[ -]*(["']?)[\w./-]+\1[ \t]*:(?:[ \t]|$)""")
_FLOW_SECRET = lazy_pattern(r"[{,]\s*[\"']?kind[\"']?\s*:\s*[\"']?Secret(?:List)?\b")
_PLAIN_SECRET = lazy_pattern(r"(?m)[\"']?kind[\"']?\s*:\s*[\"']?Secret(?:List)?\b")
# Values that are credentials whatever their name is.
_VALUE = lazy_pattern(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*"
    r"|(?<=://)[^/@\s:]+:[^/@\s]+(?=@)"  # user:password@host
    r"|(?<=[Bb]earer )[^\s\"']+|(?<=[Bb]asic )[^\s\"']+"
    r"|\beyJ[\w-]{10,}\.[\w-]+(?:\.[\w-]*)?"  # JSON Web Token
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\b(?:gh[a-z]_|github_pat_|glpat-|xox[a-z]-)[\w-]{10,}"
)

# The parts of a Secret that tell nothing.
_OPEN = ("apiVersion", "kind", "type", "immutable")
_OPEN_METADATA = ("name", "namespace", "labels", "generateName", "ownerReferences")


def is_credential_name(name: str) -> bool:
    return _CREDENTIAL.search(name) is not None


def in_unread(line: str, document: str) -> str:
    """A line of a document that cannot be read, with "(hidden)" in the place of credentials."""
    if _PLAIN_SECRET.search(document):
        return _without_value(line)
    return _hidden(line)


def without_secrets(line: str, value: Any, path: Step) -> str:
    """The line on which the field at the path of an item's value is written, with "(hidden)" in the
    place of what must not be shown.
    """
    secret = secret_at(value, path)
    path = _first_entry(value, path)
    is_entry = bool(path) and isinstance(path[-1], int)
    if secret is not None:
        return _of_secret(line, path[secret:], is_entry)

    if _FLOW_SECRET.search(line):
        return ""
    if _is_credential(value, path):
        return _without_value(line, is_entry)
    return _hidden(line)


def _hidden(line: str) -> str:
    if len(line) > _LONGEST:
        return ""
    line = _VALUE.sub(HIDDEN, line)
    return _NAMED.sub(lambda match: f"{match[1]}{HIDDEN}", line)


def secret_at(value: Any, path: Step) -> int | None:
    """How many steps of the path lead to a Secret; None if it is in none."""
    for depth in range(len(path) + 1):
        within = at(value, path[:depth])
        kind = within.get("kind") if isinstance(within, dict) else None
        if kind == "Secret":
            return depth
        if kind == "SecretList":  # its members state no kind
            return min(depth + 2, len(path))
    return None


def _of_secret(line: str, path: Step, is_entry: bool) -> str:
    """A line of a Secret. In flow style and JSON it may hold more than the field."""
    if line.lstrip(" -")[:1] in ("{", "[") or line.count(": ") > 1 or "{" in line:
        return ""
    key = path[0] if path else line.partition(":")[0].strip(" -\"'")
    if key in _OPEN:
        return line
    if path[:1] == ("metadata",) and (len(path) == 1 or path[1] in _OPEN_METADATA):
        return line
    return _without_value(line, is_entry)


def _first_entry(value: Any, path: Step) -> Step:
    """The path of what stands on the line: of a list's entry that is a map, its first entry."""
    entry = at(value, path)
    if path and isinstance(path[-1], int) and isinstance(entry, dict) and entry:
        return (*path, next(iter(entry)))
    return path


def _is_credential(value: Any, path: Step) -> bool:
    """Whether the field has a name of a credential, or is the value beside or behind such a name:
    of a container's env, or of its arguments.
    """
    if not path:
        return False

    last, above = path[-1], at(value, path[:-1])
    if isinstance(last, int):
        before = at(above, (last - 1,)) if last else None
        return isinstance(before, str) and is_credential_name(before)
    if isinstance(at(value, path), (dict, list, bool, type(None))):
        return False
    if is_credential_name(last):
        return True

    name = above.get("name") if isinstance(above, dict) and last == "value" else None
    return isinstance(name, str) and is_credential_name(name)


def _without_value(line: str, is_entry: bool = False) -> str:
    """The line with its key alone; with its dash alone, if it is an entry of a list or has no key
    that can be told from a value.
    """
    key = None if is_entry else _KEY.match(line)
    if key is None:
        return f"{line[: len(line) - len(line.lstrip(' -'))]}{HIDDEN}"
    return f"{key[0].rstrip()} {HIDDEN}" if line[key.end() :].strip() else line
