"""sprig v3.3.0's text functions that give the same answer everywhere (TxtFuncMap, without what a
build cannot have).

``FUNCS`` holds every name of sprig, so that a template parses as it does in Go; those whose result
depends on the machine, the clock or chance fail when they are called. The modules behind the
functions are imported on first call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from krm_injector.gotemplate.errors import FuncError
from krm_injector.gotemplate.values import Func

# module: {name in templates: "function(Go types of the parameters)"}, "*" marks the repeated last
# one.
_MAP = "map[string]any"
_TABLE: dict[str, dict[str, str]] = {
    "strings": {
        "trim": "trim string",
        "upper": "upper string",
        "lower": "lower string",
        "repeat": "repeat int string",
        "trimall": "trim_all string string",
        "trimAll": "trim_all string string",
        "trimSuffix": "trim_suffix string string",
        "trimPrefix": "trim_prefix string string",
        "contains": "contains string string",
        "hasPrefix": "has_prefix string string",
        "hasSuffix": "has_suffix string string",
        "quote": "quote *any",
        "squote": "squote *any",
        "cat": "cat *any",
        "indent": "indent int string",
        "nindent": "nindent int string",
        "replace": "replace string string string",
        "plural": "plural string string int",
        "trunc": "trunc int string",
        "substr": "substr int int string",
        "split": "split string string",
        "splitn": "splitn string int string",
        "splitList": "split_list string string",
        "join": "join string any",
        "sortAlpha": "sort_alpha any",
        "toStrings": "to_strings any",
    },
    "words": {
        "title": "title string",
        "untitle": "untitle string",
        "abbrev": "abbrev int string",
        "abbrevboth": "abbrevboth int int string",
        "nospace": "nospace string",
        "initials": "initials string",
        "swapcase": "swapcase string",
        "snakecase": "snakecase string",
        "camelcase": "camelcase string",
        "kebabcase": "kebabcase string",
        "wrap": "wrap int string",
        "wrapWith": "wrap_with int string string",
    },
    "numbers": {
        "atoi": "atoi string",
        "int": "to_int any",
        "int64": "to_int64 any",
        "float64": "to_float64 any",
        "toDecimal": "to_decimal any",
        "seq": "seq *int",
        "until": "until int",
        "untilStep": "until_step int int int",
        "add1": "add1 any",
        "add": "add *any",
        "sub": "sub any any",
        "div": "div any any",
        "mod": "mod any any",
        "mul": "mul any *any",
        "add1f": "add1f any",
        "addf": "addf *any",
        "subf": "subf any *any",
        "divf": "divf any *any",
        "mulf": "mulf any *any",
        "biggest": "biggest any *any",
        "max": "biggest any *any",
        "min": "smallest any *any",
        "maxf": "maxf any *any",
        "minf": "minf any *any",
        "ceil": "ceil any",
        "floor": "floor any",
        "round": "rounded any int *float64",
    },
    "defaults": {
        "default": "default any *any",
        "coalesce": "coalesce *any",
        "all": "all_of *any",
        "any": "any_of *any",
        "ternary": "ternary any any bool",
        "fail": "fail string",
        "hello": "hello",
    },
    "json_text": {
        "fromJson": "from_json string",
        "mustFromJson": "must_from_json string",
        "toJson": "to_json any",
        "mustToJson": "must_to_json any",
        "toPrettyJson": "to_pretty_json any",
        "mustToPrettyJson": "must_to_pretty_json any",
        "toRawJson": "to_raw_json any",
        "mustToRawJson": "must_to_raw_json any",
    },
    "reflect": {
        "empty": "empty any",
        "toString": "strval any",
        "typeOf": "type_of any",
        "typeIs": "type_is string any",
        "typeIsLike": "type_is_like string any",
        "kindOf": "kind_of any",
        "kindIs": "kind_is string any",
        "deepEqual": "deep_equal any any",
    },
    "lists": {
        "list": "make_list *any",
        "tuple": "make_list *any",
        "append": "push any any",
        "push": "push any any",
        "mustAppend": "push any any",
        "mustPush": "push any any",
        "prepend": "prepend any any",
        "mustPrepend": "prepend any any",
        "chunk": "chunk int any",
        "mustChunk": "chunk int any",
        "first": "first any",
        "mustFirst": "first any",
        "rest": "rest any",
        "mustRest": "rest any",
        "last": "last any",
        "mustLast": "last any",
        "initial": "initial any",
        "mustInitial": "initial any",
        "reverse": "reverse any",
        "mustReverse": "reverse any",
        "compact": "compact any",
        "mustCompact": "compact any",
        "uniq": "uniq any",
        "mustUniq": "uniq any",
        "without": "without any *any",
        "mustWithout": "without any *any",
        "has": "has any any",
        "mustHas": "has any any",
        "slice": "slice_list any *any",
        "mustSlice": "slice_list any *any",
        "concat": "concat *any",
    },
    "dicts": {
        "dict": "make_dict *any",
        "get": f"get {_MAP} string",
        "set": f"set_key {_MAP} string any",
        "unset": f"unset {_MAP} string",
        "hasKey": f"has_key {_MAP} string",
        "pluck": f"pluck string *{_MAP}",
        "keys": f"keys *{_MAP}",
        "values": f"values {_MAP}",
        "pick": f"pick {_MAP} *string",
        "omit": f"omit {_MAP} *string",
        "dig": "dig *any",
        "deepCopy": "deep_copy any",
        "mustDeepCopy": "deep_copy any",
        "merge": f"merge {_MAP} *{_MAP}",
        "mustMerge": f"merge {_MAP} *{_MAP}",
        "mergeOverwrite": f"merge_overwrite {_MAP} *{_MAP}",
        "mustMergeOverwrite": f"merge_overwrite {_MAP} *{_MAP}",
    },
    "encoding": {
        "b64enc": "b64enc string",
        "b64dec": "b64dec string",
        "b32enc": "b32enc string",
        "b32dec": "b32dec string",
        "sha1sum": "sha1sum string",
        "sha256sum": "sha256sum string",
        "sha512sum": "sha512sum string",
        "adler32sum": "adler32sum string",
    },
    "paths": {
        "base": "base string",
        "dir": "dirname string",
        "clean": "clean string",
        "ext": "ext string",
        "isAbs": "is_abs string",
        "osBase": "base string",
        "osDir": "dirname string",
        "osClean": "clean string",
        "osExt": "ext string",
        "osIsAbs": "is_abs string",
    },
    "semver": {"semver": "semver string", "semverCompare": "semver_compare string string"},
    "urls": {"urlParse": "url_parse string", "urlJoin": f"url_join {_MAP}"},
    "regex": {
        "regexMatch": "regex_match string string",
        "mustRegexMatch": "must_regex_match string string",
        "regexFindAll": "find_all string string int",
        "mustRegexFindAll": "must_find_all string string int",
        "regexFind": "find string string",
        "mustRegexFind": "must_find string string",
        "regexReplaceAll": "replace_all string string string",
        "mustRegexReplaceAll": "must_replace_all string string string",
        "regexReplaceAllLiteral": "replace_all_literal string string string",
        "mustRegexReplaceAllLiteral": "must_replace_all_literal string string string",
        "regexSplit": "split string string int",
        "mustRegexSplit": "must_split string string int",
        "regexQuoteMeta": "quote_meta string",
    },
    "durations": {"duration": "duration any", "durationRound": "duration_round any"},
}

# Names of sprig that a build cannot answer; unavailable.py says why. Their arguments are not looked
# at. fmt: off
UNAVAILABLE = (
    "now",
    "ago",
    "date",
    "htmlDate",
    "toDate",
    "mustToDate",
    "date_in_zone",
    "dateInZone",
    "htmlDateInZone",
    "date_modify",
    "dateModify",
    "must_date_modify",
    "mustDateModify",
    "unixEpoch",
    "env",
    "expandenv",
    "getHostByName",
    "randAlphaNum",
    "randAlpha",
    "randAscii",
    "randNumeric",
    "randBytes",
    "randInt",
    "shuffle",
    "uuidv4",
    "bcrypt",
    "htpasswd",
    "encryptAES",
    "decryptAES",
    "derivePassword",
    "genPrivateKey",
    "genCA",
    "genCAWithKey",
    "genSelfSignedCert",
    "genSelfSignedCertWithKey",
    "genSignedCert",
    "genSignedCertWithKey",
    "buildCustomCert",
)
# fmt: on


def _late(module: str, function: str) -> Callable[..., Any]:
    """The function, its module imported when it is first called."""
    found: Callable[..., Any] | None = None

    def call(*arguments: Any) -> Any:
        nonlocal found
        if found is None:
            source = __import__(f"{__name__}.{module}", fromlist=(function,))
            found = getattr(source, function)

        try:
            return found(*arguments)
        except RecursionError:
            raise FuncError("the value is nested too deeply or holds itself") from None

    return call


def _refusal(name: str) -> Callable[..., Any]:
    def call(*_arguments: Any) -> Any:
        from krm_injector.gotemplate.sprig.unavailable import refusal

        return refusal(name)()

    return call


def _func(name: str, module: str, entry: str) -> Func:
    function, *params = entry.split()
    variadic = bool(params) and params[-1].startswith("*")
    if variadic:
        params[-1] = params[-1][1:]
    return Func(name, _late(module, function), tuple(params), variadic)


FUNCS: dict[str, Func] = {
    name: _func(name, module, entry)
    for module, entries in _TABLE.items()
    for name, entry in entries.items()
}
FUNCS.update((name, Func(name, _refusal(name), ("any",), True)) for name in UNAVAILABLE)
