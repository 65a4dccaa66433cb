"""The programs that rendering a directory would run: functions of its Kptfiles and kustomizations.

Rendering somebody else's repository must not run its programs without permission. Our own function,
called by its bare name and so found on PATH, is allowed. Everything else needs --allow-exec. A
kustomization can use functions that are visible only in its build (remote bases, generated
configurations). Then nothing is allowed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from krm_injector.function_config import ACTIONS
from krm_injector.istio_names import API_VERSION, FUNCTION_ANNOTATION
from krm_injector.kube import yaml
from krm_injector.kube.paths import at
from krm_injector.model import Refused, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.sources import files, kustomizations, resource_list

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

OWN = "krm-injector"
PLUGIN_KIND = "SidecarInjection"  # the name of kustomize's older kind of plugin: cli/program.py
_OLD_FUNCTION_ANNOTATION = "config.k8s.io/function"
# Fields of a kustomization (kustomize, api/types/kustomization.go); Go's JSON ignores their case,
# we do not.
_FUNCTIONS, _DIRECTORIES = kustomizations.FUNCTIONS, kustomizations.DIRECTORIES
_WITHOUT_FUNCTIONS = frozenset(
    (
        "apiVersion", "kind", "metadata", "buildMetadata", "commonAnnotations", "commonLabels",
        "configMapGenerator", "configurations", "crds", "generatorOptions",
        "helmChartInflationGenerator", "helmCharts", "helmGlobals", "imageTags", "images", "labels",
        "namePrefix", "nameSuffix", "namespace", "openapi", "patches", "patchesJson6902",
        "patchesStrategicMerge", "replacements", "replicas", "secretGenerator", "sortOptions",
        "vars",
    )
)  # fmt: skip
_BUILTIN = "builtin"


class Program(NamedTuple):
    """A function that is not ours, and the place that names it."""

    file: str
    line: int  # from 1
    what: str  # "the program ./x", "the container image y"


class Config(NamedTuple):
    """A functionConfig with which a directory runs our own function."""

    value: Any
    file: str  # in which it is written
    root: str  # the directory in which the function would run; its paths are relative to it
    top: bool = True  # the directory on the command line runs it, not one that it is built on
    plugin: bool = False  # kustomize runs it as its older kind of plugin, by the kind's name


class Functions(NamedTuple):
    """The functions that rendering a directory runs, as far as its files show it."""

    others: tuple[Program, ...] = ()
    own: bool = False  # our own function is among them
    certain: bool = True  # there can be no functions that were not found
    configs: tuple[Config, ...] = ()  # of our own function, in the order in which they run
    generates: bool = False  # our own function is used as a generator
    builtin: bool = False  # there are built-in transformers of kustomize
    containers: bool = False  # kpt starts containers for it

    @property
    def harmless(self) -> bool:
        """Whether only our own function would run."""
        return self.own and self.certain and not self.others


def refuse(functions: Functions, directory: str, command: str) -> None:
    """Raises Refused if another program would run."""
    if not functions.others:
        return

    results = []
    for program in functions.others:
        message = (
            f"{program.file}:{program.line} runs {program.what}; what a repository brings is not "
            f"run unasked. If you trust it: krm-injector {command} --allow-exec "
            f"{files.quoted(directory)}"
        )
        results.append(Result("error", message, file=program.file, code="exec-not-allowed"))

    raise Refused(*results)


# ---------------------------------------------------------------- kpt


def of_package(directory: str) -> tuple[bool, Functions]:
    """Whether a kpt package has a pipeline, its own or a subpackage's, and the programs in it. kpt
    starts containers itself, without network and mounts. Raises Refused for a Kptfile that cannot
    be read.
    """
    has_pipeline, containers = False, False
    functions = []
    for folder, folders, names in os.walk(directory):
        folders.sort()  # kpt walks hidden ones too
        if files.KPTFILE not in names:
            continue

        path = os.path.join(folder, files.KPTFILE)
        text, value = kustomizations.read(path)
        has_pipeline = has_pipeline or bool(at(value, ("pipeline",)))
        functions += [_of_step(step, path, text) for step in _with_key(value, "exec")]
        containers = containers or any(_with_key(at(value, ("pipeline",)), "image"))

    others = [program for part in functions for program in part.others]
    together = _together(functions)._replace(others=tuple(others), containers=containers)
    return has_pipeline, together


def _of_step(step: dict[str, Any], path: str, text: str) -> Functions:
    """One function of a Kptfile at ``path``."""
    program = step["exec"]
    if program != OWN:
        line = _line(text, str(program))
        return Functions(others=(Program(path, line, f"the program {program}"),))

    folder = os.path.dirname(path)
    config_path = step.get("configPath")
    if not isinstance(config_path, str):
        return Functions(own=True)

    file = os.path.join(folder, config_path)
    configs = _configs(file, folder) if os.path.isfile(file) else []
    return Functions(own=True, configs=tuple(configs))


def _with_key(value: Any, key: str) -> Iterator[dict[str, Any]]:
    """Every mapping with a key at any place, so that nothing can be hidden."""
    if isinstance(value, dict):
        if key in value:
            yield value
        for child in value.values():
            yield from _with_key(child, key)
    elif isinstance(value, list):
        for child in value:
            yield from _with_key(child, key)


def _configs(file: str, root: str) -> list[Config]:
    """The functionConfigs in a file; none if it cannot be read, which the orchestrator reports."""
    try:
        return [Config(kustomizations.read(file)[1], file, root)]
    except Refused:
        return []


def _line(text: str, program: str) -> int:
    """The first line that names a program."""
    first_line = program.partition("\n")[0]
    for number, line in enumerate(text.split("\n"), 1):
        if first_line in line:
            return number
    return 1


# ---------------------------------------------------------------- kustomize


def can_be_left_out(functions: Functions) -> bool:
    """Whether only our own function would run, and works after the build as well."""
    if not functions.harmless or functions.generates:
        return False
    return all(action(config) in ("inject", "verify", "check") for config in functions.configs)


def action(config: Config) -> str:
    """The action of a functionConfig; "" if it states no known one."""
    value = config.value if isinstance(config.value, dict) else {}
    if value.get("kind") == "ConfigMap":
        return str(at(value, ("data", "action")) or "inject")
    return ACTIONS.get(str(value.get("kind")), "")


def injections(configs: Sequence[Config]) -> list[Config]:
    """Those that count if several inject: the last one of the directory itself, which has
    precedence, or else those of the directories that it is built on.
    """
    injecting = [config for config in configs if action(config) == "inject"]
    return [config for config in injecting if config.top][-1:] or injecting


def of_kustomization(directory: str) -> Functions:
    """The functions that building a directory runs, as far as local files show it."""
    return _together(list(_of_directory(directory, frozenset())))


def _together(parts: list[Functions]) -> Functions:
    others = [program for part in parts for program in part.others]
    configs = [config for part in parts for config in part.configs]
    return Functions(
        others=tuple(dict.fromkeys(others)),
        own=any(part.own for part in parts),
        certain=all(part.certain for part in parts),
        configs=tuple(configs),
        generates=any(part.generates for part in parts),
        builtin=any(part.builtin for part in parts),
    )


_UNSEEN = Functions(certain=False)


def _of_directory(directory: str, above: frozenset[str]) -> Iterator[Functions]:
    path = kustomizations.file_of(directory)
    real = os.path.realpath(directory)
    value = kustomizations.fields(directory)
    if path is None or value is None or real in above:
        yield _UNSEEN
        return

    # Functions run after those of the kustomizations that theirs is built on.
    for key in sorted(value, key=lambda key: key in _FUNCTIONS):
        if key in _WITHOUT_FUNCTIONS:
            continue

        if key not in (*_FUNCTIONS, *_DIRECTORIES) or not isinstance(value[key], list):
            yield _UNSEEN
            continue

        for entry in value[key]:
            for functions in _of_entry(key, entry, path, directory, above | {real}):
                generates = functions.generates or (functions.own and key == "generators")
                yield functions._replace(generates=generates)


def _of_entry(
    key: str, entry: Any, path: str, directory: str, above: frozenset[str]
) -> Iterator[Functions]:
    if not isinstance(entry, str):
        yield _UNSEEN
        return

    place = os.path.join(directory, entry)
    if key in _DIRECTORIES:
        if os.path.isdir(place):
            for functions in _of_directory(place, above):
                configs = tuple(config._replace(top=False) for config in functions.configs)
                yield functions._replace(configs=configs)
        elif not os.path.isfile(place):
            yield _UNSEEN  # a remote one
    elif os.path.isfile(place):
        yield from _of_documents(files.content(place), place, directory)
    elif "\n" in entry:
        yield from _of_documents(entry.encode(), path, directory)
    else:
        # A kustomization can patch or generate its output, so its files do not show everything.
        if os.path.isdir(place):
            for file in files.manifests_in(place):
                yield from _of_documents(files.content(file), file, directory)
        yield _UNSEEN


def _of_documents(data: bytes, file: str, root: str) -> Iterator[Functions]:
    try:
        text = resource_list.decode(data, file)
        values = [document.value for document in yaml.load_all(text) if not document.empty]
    except (Refused, yaml.YamlError):
        yield _UNSEEN
        return

    for value in values:
        yield of_config(value, text, file, root)


def of_config(value: Any, text: str, file: str, root: str) -> Functions:
    """One configuration of a function, or of a built-in transformer of kustomize."""
    annotations = at(value, ("metadata", "annotations"))
    annotations = annotations if isinstance(annotations, dict) else {}
    annotation = annotations.get(FUNCTION_ANNOTATION, annotations.get(_OLD_FUNCTION_ANNOTATION))
    if annotation is None:
        return _by_kind(value, file, root)

    try:
        function = yaml.load(str(annotation))
    except yaml.YamlError:
        return _UNSEEN

    if function == {"exec": {"path": OWN}} and _OLD_FUNCTION_ANNOTATION not in annotations:
        return Functions(own=True, configs=(Config(value, file, root),))

    program = at(function, ("exec", "path"))
    if program is not None:
        line = _line(text, str(program))
        return Functions(others=(Program(file, line, f"the program {program}"),))

    image = at(function, ("container", "image"))
    if image is not None:
        line = _line(text, str(image))
        return Functions(others=(Program(file, line, f"the container image {image}"),))

    return _UNSEEN


def _by_kind(value: Any, file: str, root: str) -> Functions:
    """A configuration without a function: kustomize goes by its apiVersion and kind."""
    if at(value, ("metadata", "configFn")) is not None:
        return _UNSEEN

    version, kind = at(value, ("apiVersion",)), at(value, ("kind",))
    if (version, kind) == (API_VERSION, PLUGIN_KIND):
        return Functions(own=True, configs=(Config(value, file, root, plugin=True),))
    return Functions(builtin=True) if version == _BUILTIN else _UNSEEN
