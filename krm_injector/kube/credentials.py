"""What must not be shown: the values of Secrets, and what looks like a credential.

The one module that decides it. Lines of sources (``without_secrets``, ``in_unread``), values of
objects (``in_value``) and sentences (``in_sentence``) come out with "(hidden)" in their place.
kube/credential_lines.py has whole texts. docs/credentials.md says what is recognised.
"""

from __future__ import annotations

from krm_injector.kube.paths import Step, at
from krm_injector.lazy_pattern import lazy_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from re import Match
    from typing import Any, TypeVar

    T = TypeVar("T", dict[Any, Any], list[Any])

HIDDEN = "(hidden)"
_LONGEST = 10_000  # characters of a line: of a longer one, nothing is shown

# Names as programs and people give them: DB_PASSWORD, apiKey, --token, client-secret, dbPass.
# automountServiceAccountToken is a pod's field, whose value says whether there is one.
_NAME = (
    r"(?:password|passwd|passphrase|secret|(?<!automountserviceaccount)token|credential|authorization|\bpass|_pass|-pass|pwd"
    r"|(?:private|api|access|signing|encryption|secret)[_-]?key)s?"
)
_NAME_END = r"""\\*[\"']?"""  # its quotation mark; in JSON in a text, with backslashes
_TEXT = (
    r"""(?!(?:true|false|null)\b|[{\[|>&*])"""
    r"""(?:\\+"[^"]*"?|"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s,;}\]]+)|\[[^\[\]{}]*\]?"""
)
_CREDENTIAL = lazy_pattern(rf"(?i){_NAME}[\"']?$")
# A name, and behind it its value: in a map, as the value beside it, and in a command.
_NAMED = lazy_pattern(
    rf"(?i)({_NAME}{_NAME_END}\s*(?:[:=]|,\s*\\*[\"']?value{_NAME_END}\s*:)\s*"
    rf"|(?<![\w-])--?[\w-]{{0,60}}{_NAME}{_NAME_END}[\s,]\s*)({_TEXT})"
)
_GAP = r"[\s\\]*"
_FOLDED = lazy_pattern(
    rf"(?i)((?:{_NAME}\\*[\"']{_GAP}(?::|,{_GAP}[\"']value\\*[\"']{_GAP}:)"
    rf"|(?<![\w-])--?[\w-]{{0,60}}{_NAME}\\*[\"']{_GAP},){_GAP})(\\*\"[^\"]*\"?|'[^']*'?)"
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
    r"|\b(?:gh[oprsu]_|github_pat_|glpat-|xox[a-z]-)[\w-]{10,}"
)

# Of each name and form above a part in lower case.
_HINTS = (
    "passw", "passp", "pass:", "pass=", 'pass"', "pass'", "pass ", "pass,", "pass\\", "pwd",
    "secret", "token", "credential", "authorization", "_key", "-key", "apikey", "accesskey",
    "privatekey", "signingkey", "encryptionkey", "private key", "://", "bearer ", "basic ", "eyj",
    "akia", "asia", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox",
)  # fmt: skip

# The parts of a Secret that tell nothing.
OPEN = ("apiVersion", "kind", "type", "immutable")
OPEN_METADATA = ("name", "namespace", "labels", "generateName", "ownerReferences")


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
    return in_text(line)


def in_text(text: str) -> str:
    """A text with "(hidden)" in the place of credentials that can be recognised in it."""
    if not may_hold(text):
        return text
    return _NAMED.sub(_without_text, _VALUE.sub(HIDDEN, text))


def _without_text(match: Match[str]) -> str:
    """The name alone; a quotation mark that closes what stands around both stays."""
    value = match[2]
    closes = value[-1] in "\"'" and value[0] not in "\"'\\"
    return f"{match[1]}{HIDDEN}{value[-1] if closes else ''}"


def in_quoted(text: str) -> str:
    """A text of many lines with "(hidden)" in the place of quoted credentials that YAML may have
    folded: their name stands on another line. The number of lines stays.
    """
    return _FOLDED.sub(lambda match: f"{match[1]}{HIDDEN}" + "\n" * match[2].count("\n"), text)


def may_hold(text: str) -> bool:
    """Whether a text may hold a credential: a look without regular expressions, for what is
    nearly always none.
    """
    lower = text.lower()
    for word in _HINTS:  # noqa: SIM110 - half of the time that any() takes
        if word in lower:
            return True
    return False


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
    if key in OPEN:
        return line
    if path[:1] == ("metadata",) and (len(path) == 1 or path[1] in OPEN_METADATA):
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


# ---------------------------------------------------------------- objects and sentences


def in_value(value: Any, name: str = "") -> Any:
    """The value of a field of this name with "(hidden)" in the place of credentials. What holds
    none is the value itself, not a copy.
    """
    if isinstance(value, str):
        return HIDDEN if value and is_credential_name(name) else in_text(value)
    if isinstance(value, dict):
        return _in_map(value)
    if isinstance(value, (list, tuple)):
        return _in_list(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and is_credential_name(name):
        return HIDDEN
    return value


def _in_map(value: dict[Any, Any]) -> dict[Any, Any]:
    if value.get("kind") in ("Secret", "SecretList"):
        return {key: each if key in OPEN else _closed(key, each) for key, each in value.items()}

    beside = value.get("name")
    return _unless_same(
        value,
        {
            key: in_value(each, beside if key == "value" and isinstance(beside, str) else str(key))
            for key, each in value.items()
        },
    )


def _closed(key: Any, value: Any) -> Any:
    """A part of a Secret without its values."""
    if key == "metadata" and isinstance(value, dict):
        return {
            name: each if name in OPEN_METADATA else _closed(name, each)
            for name, each in value.items()
        }
    if isinstance(value, dict):
        return {name: _closed(name, each) for name, each in value.items()}
    if isinstance(value, list):
        return [_closed("", each) for each in value]
    return HIDDEN


def _in_list(value: Any) -> Any:
    """A list: behind an argument as --token stands its value."""
    before = ""
    members = []
    for each in value:
        is_flag = isinstance(before, str) and before.startswith("-")
        members.append(in_value(each, before if is_flag else ""))
        before = each
    return _unless_same(value, members)


def _unless_same(value: T, masked: T) -> T:
    """The value itself if nothing in it is hidden."""
    pairs = (
        ((value[key], each) for key, each in masked.items())
        if isinstance(masked, dict)
        else zip(value, masked, strict=True)
    )
    return value if all(before is after for before, after in pairs) else masked


def in_sentence(sentence: str, secrets: Any = None) -> str:
    """A message with "(hidden)" in the place of credentials. secrets: a value of which it may quote
    any part, and cut it short.
    """
    for text in _leaves(secrets):
        quoted = _quoted_part(text, sentence)
        if quoted:
            sentence = sentence.replace(quoted, HIDDEN)

    found = _VALUE.sub(HIDDEN, sentence)
    return _NAMED.sub(_in_sentence, found)


def _in_sentence(match: Match[str]) -> str:
    """Sentences say "volumes[0].secret: Kubernetes wants": there the name is the end of a path, and
    what follows is the sentence.
    """
    text, start = match.string, match.start()
    while start and not text[start - 1].isspace():
        start -= 1
    word = text[start : match.start(2)]
    names_field = "." in word or word in _FIELDS
    is_path = word.endswith(": ") and names_field and not word.startswith(_MARKS)
    return match[0] if is_path else _without_text(match)


_FIELDS = ("imagePullSecrets: ", "secret: ", "serviceAccountToken: ")
_MARKS = ('"', "'", "{", "--")
_LEAST_QUOTED, _MOST_QUOTED = 6, 200  # characters of a value that is cut short


def _leaves(value: Any) -> list[str]:
    """The texts in a value, as they are and as JSON writes them; the longest first."""
    if isinstance(value, dict):
        return [text for each in value.values() for text in _leaves(each)]
    if isinstance(value, (list, tuple)):
        return [text for each in value for text in _leaves(each)]
    if isinstance(value, bool) or value is None:
        return []

    import json  # for messages about credentials only

    text = str(value)
    return sorted({text, json.dumps(text, ensure_ascii=False)[1:-1]}, key=len, reverse=True)


def _quoted_part(text: str, sentence: str) -> str:
    """The longest beginning of the text that the sentence quotes; "" if there is none."""
    if text and text in sentence:
        return text

    for size in range(min(len(text), _MOST_QUOTED), _LEAST_QUOTED - 1, -1):
        if text[:size] in sentence:
            return text[:size]
    return ""


_FIELD_END = lazy_pattern(rf"(?i){_NAME}[\"']?\]*(?:\.value)?$")


def is_credential_field(path: str, kind: str = "") -> bool:
    """Whether a field of an object of this kind holds a credential: by its path as results have it,
    spec.containers[0].env[DB_PASSWORD].value.
    """
    if kind == "Secret":
        parts = path.split(".")
        return (parts[0] not in OPEN and parts[0] != "metadata") or "annotations" in path
    return _FIELD_END.search(path) is not None


def of_field(path: str, value: Any, kind: str = "") -> Any:
    """The value of the field of this path with "(hidden)" in the place of credentials."""
    scalar = isinstance(value, (str, int, float)) and not isinstance(value, bool)
    hides = is_credential_field(path, kind) and (scalar or kind == "Secret")
    return HIDDEN if hides and value != "" else in_value(value)
