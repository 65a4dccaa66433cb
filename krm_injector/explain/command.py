"""`krm-injector explain`: what it reads, renders first, and says; streams and the terminal are cli.py's."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from krm_injector import advice, charts, context, exec_functions, inputs, manifests, pipeline, resource_list, results
from krm_injector.arguments import Arguments
from krm_injector.explain.changes import Changes
from krm_injector.explain.entries import entries
from krm_injector.explain.forms import FORMS
from krm_injector.explain.look import Look
from krm_injector.explain.places import Places
from krm_injector.explain.refusals import refusals
from krm_injector.function_config import Settings
from krm_injector.model import Refused, Result
from krm_injector.resource_list import Bundle


class Told(NamedTuple):
    text: str
    results: tuple[Result, ...]
    code: int


class Given(NamedTuple):
    """What the paths came to, as one bundle."""

    bundle: Bundle
    parts: tuple[Bundle, ...]
    rendered: bool
    results: tuple[Result, ...]
    config: str | None = None  # the file of the functionConfig that the directory gives its own function


class Rendered(NamedTuple):
    inputs: inputs.Inputs
    configs: tuple[str, ...]  # files with configurations of our own function


def run(
    arguments: Arguments,
    settings_of: Callable[[Any, str | None], Settings],
    stdin: Callable[[], bytes],
    environment: Mapping[str, str],
    look: Look,
    progress: Callable[[int, int], None] | None = None,
) -> Told:
    """The whole command. settings_of: a ResourceList's functionConfig (or None), the file of a directory's -> Settings.

    Errors about workloads keep nothing from being told: they are what a reader came for. Raises Refused where the
    input or the settings cannot be read.
    """
    given = read(arguments, stdin, environment)
    settings = settings_of(given.bundle.function_config, given.config)
    outcome = pipeline.run(given.bundle, settings, progress)
    said = (*given.results, *outcome.results)
    form = arguments.output or "table"
    brief = form in ("table", "markdown") and not look.verbose
    changes = Changes(outcome.decisions, outcome.meshes, settings, doubts_only=brief)
    places = Places(given.parts, given.rendered)
    refused = refusals(outcome.decisions, outcome.replacements, outcome.results)
    told = entries(outcome.decisions, outcome.replacements, places, changes, refused)
    given_advice = advice.advise(outcome.bundle, outcome.decisions, outcome.replacements, settings)
    advice.attach(told, given_advice)
    warnings = advice.results(given_advice)
    # A terminal takes a few of each code; who asks for all gets all.
    said = (*said, *(warnings if look.verbose or arguments.results else advice.summary(warnings)))
    if form == "html":
        from krm_injector import report
        from krm_injector.explain.table_rows import rule

        own = [advice.Advice(result, number) for number, errors in enumerate(refused) for result in errors]
        shown = {id(one.result) for one in own}
        others = [advice.Advice(result, None) for result in outcome.results
                  if result.code != "mesh" and id(result) not in shown]  # fmt: skip
        rules = [rule(entry) for entry in told]
        page = report.page(
            outcome.decisions, outcome.replacements, outcome.meshes, told, [*own, *others, *given_advice], rules
        )
        return Told(page, said, results.exit_code(said))
    return Told(FORMS[form](outcome.meshes, told, look), said, results.exit_code(said))


def read(arguments: Arguments, stdin: Callable[[], bytes], environment: Mapping[str, str]) -> Given:
    """The bundle of the paths, and behind it the facts of --context."""
    given = _read(arguments, stdin, environment)
    files = [item.file for part in given.parts for item in part.items if item.file]
    facts = context.read(arguments.context, files)
    if not facts:
        return given
    return given._replace(bundle=context.behind(given.bundle, facts), parts=(*given.parts, *facts))


def _read(arguments: Arguments, stdin: Callable[[], bytes], environment: Mapping[str, str]) -> Given:
    """Files and directories as they stand, a ResourceList as such, and what a kustomization, a chart or a kpt package
    renders to where it is the one directory named."""
    if len(arguments.paths) == 1 and os.path.isdir(arguments.paths[0]):
        rendered = _rendered(arguments.paths[0], arguments, environment)
        if rendered is not None:
            config = rendered.configs[0] if len(rendered.configs) == 1 else None
            return _joined(rendered.inputs)._replace(rendered=True, config=config)
    found = _joined(inputs.read(arguments.paths, stdin))
    if arguments.passed_on:
        message = (
            f"{' '.join(arguments.passed_on)} behind -- is for kustomize or helm, and neither is run here; name one "
            "directory that is a kustomization or a chart, or leave it out"
        )
        raise Refused(Result("error", message, code="options-unread"))
    return found


def _joined(found: inputs.Inputs) -> Given:
    if len(found.sources) == 1 and _may_be_list(found.sources[0].data):
        source = found.sources[0]
        items = resource_list.read_manifests(source.data, source.file).items
        if len(items) == 1 and items[0].value.get("kind") == "ResourceList":
            bundle = resource_list.read(source.data)
            return Given(bundle, (bundle,), False, found.results)
    joined = manifests.join(found.sources)
    return Given(joined.bundle, joined.parts, False, found.results)


def _may_be_list(data: bytes) -> bool:
    return b"ResourceList" in data


def _rendered(directory: str, arguments: Arguments, environment: Mapping[str, str]) -> Rendered | None:
    """What the directory renders to; None where its files are to be read as they stand."""
    path = environment.get("PATH", os.defpath)
    if inputs.is_kustomization(directory):
        try:
            options = exec_functions.options(
                directory, arguments.kustomize, arguments.passed_on, path, arguments.allow_exec, "explain"
            )
            found = inputs.render(directory, arguments.kustomize, options, environment)
        except Refused as refused:
            if arguments.kustomize or any(result.code != "kustomize-missing" for result in refused.results):
                raise
            return None  # inputs.read warns of the kustomization that is not applied
        return Rendered(found, exec_functions.of_kustomization(directory).configs)
    if charts.is_chart(directory):
        release = charts.Release(namespace=arguments.namespace or "")
        return Rendered(charts.render(directory, release, arguments.helm, arguments.passed_on, path), ())
    if os.path.isfile(os.path.join(directory, exec_functions.KPTFILE)):
        pipelines, functions = exec_functions.of_package(directory)
        return (
            Rendered(_kpt(directory, path, functions, arguments.allow_exec), functions.configs) if pipelines else None
        )
    return None


def _kpt(directory: str, path: str, functions: exec_functions.Functions, allow_exec: bool) -> inputs.Inputs:
    """What a kpt package's pipeline makes of it, written nowhere; the files as they stand where there is no kpt."""
    import shutil

    program = shutil.which("kpt", path=path)
    if program is None:
        found = inputs.read([directory], lambda: b"")
        message = (
            f"the pipeline of {directory} is not run, because kpt is not on PATH; its files are read as they stand"
        )
        return found._replace(results=(*found.results, Result("warning", message, file=directory, code="kpt-not-run")))
    if not allow_exec:
        exec_functions.refuse(functions, directory, "explain")
    allowed = ["--allow-exec"] if allow_exec or functions.harmless else []
    try:
        done = inputs.start([program, "fn", "render", directory, "--output", "stdout", *allowed])
    except OSError as problem:
        message = f"{program} could not be started: {problem.strerror or problem}"
        raise Refused(Result("error", message, code="kpt-failed")) from None
    if done.code == 0 and done.out.strip():
        return inputs.Inputs((inputs.Source(done.out, ""),))
    reason = " ".join(done.err.decode("utf-8", "replace").split()) or "it printed nothing"
    message = f"kpt fn render {directory} failed (exit status {done.code}): {reason}"
    raise Refused(Result("error", message, file=directory, code="kpt-failed"))
