"""The programs that rendering a directory would run: functions of its Kptfiles and kustomizations.

Whoever renders a stranger's repository must not run what lies in it unasked. Our own function,
called by its bare name and so found on PATH, is let through; all else needs --allow-exec. A
kustomization can reach functions that nobody sees without building it (remote bases, generated
configurations): then nothing is let through.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from krm_injector.function_config import ACTIONS
from krm_injector.kube import yaml
from krm_injector.kube.paths import at
from krm_injector.model import Refused, Result
from krm_injector.sources import inputs, kustomizations, resource_list

ENABLE = ("--enable-alpha-plugins", "--enable-exec")
OWN = "krm-injector"
_ANNOTATION, _OLD_ANNOTATION = "config.kubernetes.io/function", "config.k8s.io/function"
# Fields of a kustomization (kustomize, api/types/kustomization.go); Go's JSON takes them in any
# case, we do not.
_FUNCTIONS, _DIRECTORIES = kustomizations.FUNCTIONS, kustomizations.DIRECTORIES
_OTHERS = frozenset(
    (
        "apiVersion", "kind", "metadata", "buildMetadata", "commonAnnotations", "commonLabels", "configMapGenerator",
        "configurations", "crds", "generatorOptions", "helmChartInflationGenerator", "helmCharts", "helmGlobals",
        "imageTags", "images", "labels", "namePrefix", "nameSuffix", "namespace", "openapi", "patches",
        "patchesJson6902", "patchesStrategicMerge", "replacements", "replicas", "secretGenerator", "sortOptions",
        "vars",
    )
)  # fmt: skip
_BUILTIN = "builtin"


class Program(NamedTuple):
    """A function that is not ours, and where it is named."""

    file: str
    line: int  # from 1
    what: str  # "the program ./x", "the container image y"


class Config(NamedTuple):
    """A functionConfig with which a directory runs our own function."""

    value: Any
    file: str  # in which it is written
    root: str  # the directory in which the function would run, from which its paths count
    top: bool = True  # the directory that was named runs it, and not one that this is built on


class Functions(NamedTuple):
    """What the files say of functions."""

    others: tuple[Program, ...] = ()
    own: bool = False  # our own function is among them
    certain: bool = True  # nothing can be there that was not seen
    configs: tuple[Config, ...] = ()  # of our own function, in the order in which they run
    generates: bool = False  # our own function stands where a generator is expected
    builtin: bool = False  # there are transformers that kustomize has itself

    @property
    def harmless(self) -> bool:
        """Whether only our own function would run."""
        return self.own and self.certain and not self.others


def refuse(found: Functions, directory: str, command: str) -> None:
    """Raises Refused where somebody else's program would run."""
    if not found.others:
        return

    results = []
    for program in found.others:
        message = (
            f"{program.file}:{program.line} runs {program.what}; what a repository brings is not "
            f"run unasked. If you trust it: krm-injector {command} --allow-exec {directory}"
        )
        results.append(Result("error", message, file=program.file, code="exec-not-allowed"))

    raise Refused(*results)


# ---------------------------------------------------------------- kpt


def of_package(directory: str) -> tuple[bool, Functions]:
    """Whether a kpt package has a pipeline, its own or a subpackage's, and the programs in it.
    Containers are left to kpt, which starts them without network and mounts. Raises Refused for a
    Kptfile that cannot be read.
    """
    pipelines, own, others, configs = False, False, [], []
    for folder, folders, files in os.walk(directory):
        folders.sort()  # kpt walks hidden ones too
        if inputs.KPTFILE not in files:
            continue

        path = os.path.join(folder, inputs.KPTFILE)
        text, value = kustomizations.read(path)
        pipelines = pipelines or bool(at(value, ("pipeline",)))
        for step in _execs(value):
            if step.get("exec") != OWN:
                others.append(
                    Program(path, _line(text, str(step["exec"])), f"the program {step['exec']}")
                )
                continue

            own = True
            config = step.get("configPath")
            if isinstance(config, str) and os.path.isfile(os.path.join(folder, config)):
                configs += _configs(os.path.join(folder, config), folder)

    return pipelines, Functions(tuple(others), own, True, tuple(configs))


def _execs(value: Any) -> Iterator[dict[str, Any]]:
    """Every mapping with the key exec, wherever it stands: a file that says it twice over hides
    nothing.
    """
    if isinstance(value, dict):
        if "exec" in value:
            yield value
        for child in value.values():
            yield from _execs(child)
    elif isinstance(value, list):
        for child in value:
            yield from _execs(child)


def _configs(file: str, root: str) -> list[Config]:
    """The functionConfigs in a file; none where it cannot be read, which the orchestrator tells."""
    try:
        return [Config(kustomizations.read(file)[1], file, root)]
    except Refused:
        return []


def _line(text: str, said: str) -> int:
    """The line that names a program first."""
    wanted = said.split("\n")[0]
    numbers = (number for number, line in enumerate(text.split("\n"), 1) if wanted in line)
    return next(numbers, 1)


# ---------------------------------------------------------------- kustomize


class Options(NamedTuple):
    """How a directory is to be rendered."""

    words: tuple[str, ...]  # options of kustomize
    left_out: tuple[Config, ...] = ()  # our own functions, which kustomize is told to leave out
    alone: bool = False  # there are no other functions, not even those that kustomize has itself


def options(
    directory: str,
    program: str | None,
    passed_on: Sequence[str],
    path: str,
    allow_exec: bool,
    command: str,
) -> Options:
    """kustomize's options for a directory: those passed on, and what lets the functions run that
    may.

    Where only our own function would run, kustomize leaves it out: with --enable-alpha-plugins and
    without --enable-exec it passes over functions by exec (kustomize 5.8.1,
    api/internal/plugins/loader), as kubectl, which has no --enable-exec, always does. The caller
    does their work behind the build, where all that the command line says reaches it. ``program``:
    --kustomize; ``command``: ours, for what is said. Raises Refused for functions that may not run,
    and where the program that is found has no such option.
    """
    if not inputs.is_kustomization(directory) or any(
        word.startswith(ENABLE[0]) for word in passed_on
    ):
        return Options(tuple(passed_on))  # who says it to kustomize has decided

    functions = of_kustomization(directory)
    if not allow_exec:
        refuse(functions, directory, command)
        if not functions.harmless:
            return Options(tuple(passed_on))

    if (
        functions.harmless
        and not functions.generates
        and all(map(_can_be_behind, functions.configs))
    ):
        return Options((*passed_on, ENABLE[0]), functions.configs, not functions.builtin)

    found = inputs.find_kustomize(program, path)
    if found[-1] == "build":
        return Options((*passed_on, *ENABLE))

    message = f"{found[0]} cannot run functions by exec; install kustomize, or name one with --kustomize PATH"
    raise Refused(Result("error", message, file=directory, code="kustomize-missing"))


def _can_be_behind(config: Config) -> bool:
    return action(config) in ("inject", "verify", "check")


def action(config: Config) -> str:
    """What a functionConfig asks for; "" where it does not say it in a way that is known."""
    value = config.value if isinstance(config.value, dict) else {}
    if value.get("kind") == "ConfigMap":
        return str(at(value, ("data", "action")) or "inject")
    return ACTIONS.get(str(value.get("kind")), "")


def injections(configs: Sequence[Config]) -> list[Config]:
    """Those that count where several inject: the last of the directory itself, whose work is over
    that of the others; else those of the directories that it is built on.
    """
    found = [config for config in configs if action(config) == "inject"]
    return [config for config in found if config.top][-1:] or found


def of_kustomization(directory: str) -> Functions:
    """The functions that building a directory runs, as far as local files tell."""
    return _together(list(_of_directory(directory, frozenset())))


def _together(found: list[Functions]) -> Functions:
    return Functions(
        tuple(dict.fromkeys(program for one in found for program in one.others)),
        any(one.own for one in found),
        all(one.certain for one in found),
        tuple(config for one in found for config in one.configs),
        any(one.generates for one in found),
        any(one.builtin for one in found),
    )


_UNSEEN = Functions(certain=False)


def _of_directory(directory: str, above: frozenset[str]) -> Iterator[Functions]:
    path = kustomizations.file_of(directory)
    real = os.path.realpath(directory)
    value = kustomizations.fields(directory)
    if path is None or value is None or real in above:
        yield _UNSEEN
        return

    # Functions run behind what their kustomization is built on.
    for key in sorted(value, key=lambda key: key in _FUNCTIONS):
        if key in _OTHERS:
            continue

        if key not in (*_FUNCTIONS, *_DIRECTORIES) or not isinstance(value[key], list):
            yield _UNSEEN
            continue

        for entry in value[key]:
            for found in _of_entry(key, entry, path, directory, above | {real}):
                yield found._replace(
                    generates=found.generates or (found.own and key == "generators")
                )


def _of_entry(
    key: str, entry: Any, path: str, directory: str, above: frozenset[str]
) -> Iterator[Functions]:
    if not isinstance(entry, str):
        yield _UNSEEN
        return

    place = os.path.join(directory, entry)
    if key in _DIRECTORIES:
        if os.path.isdir(place):
            for found in _of_directory(place, above):
                yield found._replace(
                    configs=tuple(config._replace(top=False) for config in found.configs)
                )
        elif not os.path.isfile(place):
            yield _UNSEEN  # a remote one
    elif os.path.isfile(place):
        yield from _of_documents(inputs.content(place), place, directory)
    elif "\n" in entry:
        yield from _of_documents(entry.encode(), path, directory)
    else:
        # A kustomization can patch or generate what it yields, so that its files do not tell all.
        if os.path.isdir(place):
            for file in inputs.manifests_in(place):
                yield from _of_documents(inputs.content(file), file, directory)
        yield _UNSEEN


def _of_documents(data: bytes, file: str, root: str) -> Iterator[Functions]:
    try:
        text = resource_list.decode(data, file)
        values = [document.value for document in yaml.load_all(text) if not document.empty]
    except (Refused, yaml.YamlError):
        yield _UNSEEN
        return

    for value in values:
        yield _of_config(value, text, file, root)


def _of_config(value: Any, text: str, file: str, root: str) -> Functions:
    """One configuration of a function, or of a transformer that kustomize has itself."""
    annotations = at(value, ("metadata", "annotations"))
    annotations = annotations if isinstance(annotations, dict) else {}
    stated = annotations.get(_ANNOTATION, annotations.get(_OLD_ANNOTATION))
    if stated is None:
        builtin = isinstance(value, dict) and value.get("apiVersion") == _BUILTIN
        return (
            Functions(builtin=True)
            if builtin and at(value, ("metadata", "configFn")) is None
            else _UNSEEN
        )

    try:
        how = yaml.load(str(stated))
    except yaml.YamlError:
        return _UNSEEN

    if how == {"exec": {"path": OWN}} and _OLD_ANNOTATION not in annotations:
        return Functions(own=True, configs=(Config(value, file, root),))

    program, image = at(how, ("exec", "path")), at(how, ("container", "image"))
    if program is None and image is None:
        return _UNSEEN

    what = f"the program {program}" if program is not None else f"the container image {image}"
    return Functions(
        (Program(file, _line(text, str(program if program is not None else image)), what),)
    )
