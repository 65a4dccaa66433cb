"""Which versions of Istio can have written an injection configuration, by its form alone.

This is asked only where no tag or label states the version, or where what they state does not go
with the form. It is a warning, unless every possible version gives the same outcome.
"""

from __future__ import annotations

from krm_injector.function_config import Settings
from krm_injector.istio_names import PROXY_CONTAINER
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.model import Mesh, Object, Result
from krm_injector.versions import NEWEST, OLDEST, Rules, rules_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, Literal, TypeAlias

Minor = tuple[int, int]  # (1, 30)
Form: TypeAlias = 'Literal["spec", "pod", ""]'  # as Rules.result; "" if there is no template

UNKNOWN_VERSION = "mesh-version-unknown"  # the code of the warning
MOST_WORKLOADS = 100  # of a bundle that is run once per possible version

_QUOTED = lazy_pattern(r'`[^`]*`|"(?:[^"\\\n]|\\.)*"')
_IDENTIFIER = lazy_pattern(r"(?<![\w.$])[a-zA-Z]\w*")
_FIELD = lazy_pattern(r"(?<![\w.)$])\.([A-Z]\w*)")
_MOVES_DOT = lazy_pattern(r"\b(range|with|define|block)\b")
_GO_TEMPLATE_WORDS = (
    "and or not len index slice print printf println html js urlquery call eq ne lt le gt ge "
    "if else end range with template define block break continue true false nil"
)
_BUILTINS = frozenset(_GO_TEMPLATE_WORDS.split())

_CURLY = ("{{", "}}")
_SQUARE = ("[[", "]]")


def template_form(config: Object) -> Form:
    """What the templates of an injection configuration render: a pod (Istio 1.9 and later) or the
    parts of one.
    """
    if isinstance(config.get("templates"), dict) and config["templates"]:
        return "pod"
    return "spec" if isinstance(config.get("template"), str) else ""


def possible_minors(config: Object) -> tuple[Minor, ...]:
    """The minor versions that an injection configuration can be of, oldest first.

    All of them where its form tells nothing.
    """
    candidates = [rules_for((1, minor)) for minor in range(OLDEST[1], NEWEST[1] + 1)]
    form = template_form(config)
    if form:
        candidates = [rules for rules in candidates if rules.result == form]

    fitting = candidates
    if form == "spec":
        template = str(config["template"])
        fitting = [rules for rules in candidates if _can_run(template, config, rules)]

    # A template that no version can run (it calls a function that none has) still has its form.
    return tuple(rules.minor for rules in fitting or candidates)


def version_text(minor: Minor) -> str:
    """(1, 30) -> "1.30"."""
    return f"{minor[0]}.{minor[1]}"


# ---------------------------------------------------------------- a version that does not matter


def settle_unknown_version(
    results: Sequence[Result],
    meshes: Sequence[Mesh],
    workload_count: int,
    settings: Settings,
    outcome_under: Callable[[Settings], Any],
) -> tuple[Result, ...]:
    """The results, the warning of an unknown version being information where every possible version
    gives the same outcome.

    ``outcome_under`` gives what a run under other settings comes to, to be compared by ``==``.
    """
    warnings = [result for result in results if result.code == UNKNOWN_VERSION]
    mesh = _only_unknown(meshes)
    if not warnings or mesh is None or workload_count > MOST_WORKLOADS or settings.mesh.version:
        return tuple(results)

    versions = [version_text(minor) for minor in possible_minors(mesh.config)]
    if not _same_outcome(versions, settings, outcome_under):
        return tuple(results)

    place = warnings[0].resource or "the injection configuration"
    message = (
        f"{place} does not tell Istio's version; it can be {versions[0]} to {versions[-1]}, and "
        "each gives the same"
    )
    return tuple(
        Result("info", message, result.resource, code=UNKNOWN_VERSION)
        if result.code == UNKNOWN_VERSION
        else result
        for result in results
    )


def _only_unknown(meshes: Sequence[Mesh]) -> Mesh | None:
    """The control plane of unknown version; None if another one has a configuration too."""
    complete = [mesh for mesh in meshes if mesh.source != "missing"]
    if len(complete) != 1:
        return None

    (mesh,) = complete
    return mesh if not mesh.version and mesh.source != "profile" else None


def _same_outcome(
    versions: Iterable[str], settings: Settings, outcome_under: Callable[[Settings], Any]
) -> bool:
    first: Any = None
    for version in versions:
        mesh_settings = settings.mesh._replace(version=version)
        outcome = outcome_under(settings._replace(record=False, mesh=mesh_settings))
        if first is None:
            first = outcome
        elif outcome != first:
            return False

    return True


# ---------------------------------------------------------------- what a template uses


def _can_run(template: str, config: Object, rules: Rules) -> bool:
    """Whether a version has what a template of the form "spec" and its configuration use."""
    actions = _actions(template, rules.delimiters)
    other_delimiters = _CURLY if rules.delimiters == _SQUARE else _SQUARE
    if not actions and _actions(template, other_delimiters):
        return False

    if not _has_fields_and_functions(template, actions, rules):
        return False
    if "injectedAnnotations" in config and not rules.config_injected_annotations:
        return False
    if "podRedirectAnnot" in template and rules.minor < (1, 3):
        return False

    # Until 1.5 the agent's port stands among the proxy's arguments, where the injector reads it.
    if PROXY_CONTAINER not in template:
        return True
    return ("--statusPort" in template) == (rules.status_port == "args")


def _has_fields_and_functions(template: str, actions: list[str], rules: Rules) -> bool:
    # Inside of these actions a field may be one of something else than the template's data.
    moves_dot = _MOVES_DOT.search(template)
    functions: set[str] = set()
    for action in actions:
        if action.lstrip("- ").startswith("/*"):
            continue

        code = _QUOTED.sub(" ", action)
        functions.update(_IDENTIFIER.findall(code))
        if not moves_dot and not rules.template_data.issuperset(_FIELD.findall(code)):
            return False

    functions -= rules.functions | _BUILTINS
    if not functions:
        return True
    if not rules.sprig:
        return False

    from krm_injector.gotemplate.sprig import FUNCS

    return functions <= frozenset(FUNCS) - rules.sprig_lacks


def _actions(template: str, delimiters: tuple[str, str]) -> list[str]:
    """The text between each pair of delimiters."""
    import re  # late: hardly any run needs it

    left, right = map(re.escape, delimiters)
    return re.findall(f"{left}(.*?){right}", template, re.DOTALL)
