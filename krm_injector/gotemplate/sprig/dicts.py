"""sprig's dictionary functions (dict.go) and the merge of dario.cat/mergo 1.0.2 behind them.

``set``, ``unset`` and the merges change the dictionary they are given, as in Go: template code
counts on it.
"""

from __future__ import annotations

from krm_injector.gotemplate.errors import FuncError
from krm_injector.gotemplate.runtime import spend
from krm_injector.gotemplate.sprig.reflect import Visits, deep_copied, strval
from krm_injector.gotemplate.sprig.registry import functions
from krm_injector.gotemplate.values import NilMap, StringList, StringMap, Struct, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

Dict: TypeAlias = "dict[str, Any]"


def get(source: Dict, key: str) -> Any:
    return source.get(key, "")


def set_key(target: Dict, key: str, value: Any) -> Dict:
    if isinstance(target, NilMap):
        raise FuncError("assignment to entry in nil map")
    target[key] = value
    return target


def unset(target: Dict, key: str) -> Dict:
    target.pop(key, None)
    return target


def has_key(source: Dict, key: str) -> bool:
    return key in source


def pluck(key: str, *sources: Dict) -> list[Any]:
    return [source[key] for source in sources if key in source]


def keys(*sources: Dict) -> StringList:
    """Every key. Go leaves the order to chance; here it is sorted, one of the orders that Go may
    take.
    """
    spend(sum(map(len, sources)))
    return StringList(key for source in sources for key in sorted(source))


def values(source: Dict) -> list[Any]:
    """Every value, in the order of the sorted keys (Go: any order)."""
    spend(len(source))
    return [source[key] for key in sorted(source)]


def pick(source: Dict, *names: str) -> Dict:
    return {name: source[name] for name in names if name in source}


def omit(source: Dict, *names: str) -> Dict:
    spend(len(source) * (len(names) + 4) >> 4)
    return {key: value for key, value in source.items() if key not in names}


def make_dict(*pairs: Any) -> Dict:
    """Keys and values in turn; a key is the text of any value, a last key alone has ""."""
    return {
        strval(key): pairs[2 * i + 1] if 2 * i + 1 < len(pairs) else ""
        for i, key in enumerate(pairs[::2])
    }


def dig(*arguments: Any) -> Any:
    """dig KEY... DEFAULT DICT: the value under the keys, or the default where a key is missing."""
    if len(arguments) < 3:
        raise FuncError("dig needs at least three arguments")

    *path, default, source = arguments
    current = _as_dict(source)
    for key in path:
        if not isinstance(key, str):
            raise FuncError(f"interface conversion: interface {{}} is {_shown(key)}, not string")

    for i, key in enumerate(path):
        if key not in current:
            return default
        if i == len(path) - 1:
            return current[key]
        current = _as_dict(current[key])

    return default


def _as_dict(value: Any) -> Dict:
    if type_name(value) != "map[string]interface {}":
        raise FuncError(
            f"interface conversion: interface {{}} is {_shown(value)}, not map[string]interface "
            f"{{}}"
        )
    source: Dict = value
    return source


def _shown(value: Any) -> str:
    return "nil" if value is None else type_name(value)


def deep_copy(value: Any) -> Any:
    if value is None:
        raise FuncError("reflect: call of reflect.Value.Type on zero Value")

    try:
        return deep_copied(value)
    except RecursionError:
        raise FuncError("deepCopy error: the value holds itself") from None


def merge(target: Dict, *sources: Dict) -> Dict:
    return _merge_all(target, sources, False)


def merge_overwrite(target: Dict, *sources: Dict) -> Dict:
    return _merge_all(target, sources, True)


def _merge_all(target: Dict, sources: tuple[Dict, ...], overwrite: bool) -> Dict:
    if isinstance(target, NilMap) and sources:
        target = {}

    visits = Visits()
    for source in sources:
        try:
            _merge(target, source, overwrite, visits)
        except RecursionError:
            raise FuncError(
                "merge: the dictionaries are nested too deeply or hold themselves"
            ) from None

    return target


def _merge(target: Dict, source: Dict, overwrite: bool, visits: Visits) -> None:
    """mergo on maps: a value that is absent or empty in the target is taken over, maps merge
    inwards.

    With ``overwrite`` a source's value wins even when it is empty, but a map never replaces a map.
    """
    for key, value in list(source.items()):
        visits.one()
        if value is None:
            if overwrite:
                _put(target, key, None)
            continue

        present = key in target
        old = target.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            if old is not value:
                _merge(old, value, overwrite, visits)
            if old:
                continue
        elif isinstance(value, list) and present and not _empty(old):
            if overwrite:
                _put(target, key, value)
            continue

        if overwrite or not present or _empty(old):
            _put(target, key, value)


def _put(target: Dict, key: str, value: Any) -> None:
    if isinstance(target, StringMap) and not isinstance(value, str):
        go_type = type_name(value)  # of a nil: interface {}
        raise FuncError(
            f"reflect.Value.SetMapIndex: value of type {go_type} is not assignable to type string"
        )
    target[key] = value


def _empty(value: Any) -> bool:
    return value.is_nil if isinstance(value, Struct) else not value


FUNCS = functions({
    "dict": (make_dict, "...any"),
    "get": (get, "map[string]any", "string"),
    "set": (set_key, "map[string]any", "string", "any"),
    "unset": (unset, "map[string]any", "string"),
    "hasKey": (has_key, "map[string]any", "string"),
    "pluck": (pluck, "string", "...map[string]any"),
    "keys": (keys, "...map[string]any"),
    "values": (values, "map[string]any"),
    "pick": (pick, "map[string]any", "...string"),
    "omit": (omit, "map[string]any", "...string"),
    "dig": (dig, "...any"),
    "deepCopy": (deep_copy, "any"),
    "mustDeepCopy": (deep_copy, "any"),
    "merge": (merge, "map[string]any", "...map[string]any"),
    "mustMerge": (merge, "map[string]any", "...map[string]any"),
    "mergeOverwrite": (merge_overwrite, "map[string]any", "...map[string]any"),
    "mustMergeOverwrite": (merge_overwrite, "map[string]any", "...map[string]any"),
})  # fmt: skip
