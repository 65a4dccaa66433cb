"""Which versions of Istio can have written an injection configuration, by its form alone.

Asked only where no tag or label tells the version, or where what they tell does not go with the
form.
"""

from __future__ import annotations

import re

from krm_injector.model import Object
from krm_injector.versions import NEWEST, OLDEST, Rules, rules_for

Minor = tuple[int, int]

_QUOTED = re.compile(r'`[^`]*`|"(?:[^"\\\n]|\\.)*"')
_NAME = re.compile(r"(?<![\w.$])[a-zA-Z]\w*")
_FIELD = re.compile(r"(?<![\w.)$])\.([A-Z]\w*)")
_WORDS = (
    "and or not len index slice print printf println html js urlquery call eq ne lt le gt ge "
    "if else end range with template define block break continue true false nil"
)
_BUILTINS = frozenset(_WORDS.split())


def form_of(config: Object) -> str:
    """What the configuration's templates render, as Rules.result; "" where it has none."""
    if isinstance(config.get("templates"), dict) and config["templates"]:
        return "pod"
    return "spec" if isinstance(config.get("template"), str) else ""


def readings(config: Object) -> tuple[Minor, ...]:
    """The minor versions that the configuration can be of, oldest first; all of them where it tells
    nothing.
    """
    every = [rules_for((1, minor)) for minor in range(OLDEST[1], NEWEST[1] + 1)]
    form = form_of(config)
    of_form = [rules for rules in every if not form or rules.result == form]
    if form == "spec":
        fitting = [rules for rules in of_form if _fits(str(config["template"]), config, rules)]
    else:
        fitting = of_form

    # A template that no version can run (it names a function none has) still has its form.
    return tuple(rules.minor for rules in fitting or of_form)


def _fits(template: str, config: Object, rules: Rules) -> bool:
    """Whether a version has what the template and the configuration use."""
    if not _actions(template, rules.delimiters) and _actions(template, _other(rules.delimiters)):
        return False

    names, fields = _used(template, rules.delimiters)
    if not fields <= rules.template_data:
        return False
    if not names <= rules.functions | _BUILTINS and not (
        rules.sprig and names <= _with_sprig(rules)
    ):
        return False
    if "injectedAnnotations" in config and not rules.config_injected_annotations:
        return False
    if "podRedirectAnnot" in template and rules.minor < (1, 3):
        return False

    # Until 1.5 the agent's port stands among the proxy's arguments, where the injector reads it.
    return "istio-proxy" not in template or ("--statusPort" in template) == (
        rules.status_port == "args"
    )


def _other(delimiters: tuple[str, str]) -> tuple[str, str]:
    return ("{{", "}}") if delimiters == ("[[", "]]") else ("[[", "]]")


def _actions(template: str, delimiters: tuple[str, str]) -> list[str]:
    left, right = map(re.escape, delimiters)
    return re.findall(f"{left}(.*?){right}", template, re.DOTALL)


def _used(template: str, delimiters: tuple[str, str]) -> tuple[set[str], set[str]]:
    """The functions that a template calls and the fields of its data that it reads."""
    names: set[str] = set()
    fields: set[str] = set()
    for action in _actions(template, delimiters):
        if action.lstrip("- ").startswith("/*"):
            continue
        bare = _QUOTED.sub(" ", action)
        names.update(_NAME.findall(bare))
        if not re.search(r"\b(range|with|define|block)\b", template):
            fields.update(_FIELD.findall(bare))

    return names, fields


def _with_sprig(rules: Rules) -> frozenset[str]:
    from krm_injector.gotemplate.sprig import FUNCS

    return rules.functions | _BUILTINS | (frozenset(FUNCS) - rules.sprig_lacks)
