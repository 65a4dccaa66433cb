"""`krm-injector explain`: what it reads, renders first, and says; streams and the terminal are cli.py's."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from krm_injector import advice, inputs, manifests, pipeline, resource_list, results
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

KPTFILE = "Kptfile"


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


def run(
    arguments: Arguments,
    settings_of: Callable[[Any], Settings],
    stdin: Callable[[], bytes],
    environment: Mapping[str, str],
    look: Look,
    progress: Callable[[int, int], None] | None = None,
) -> Told:
    """The whole command. settings_of: a ResourceList's functionConfig (or None) -> Settings.

    Errors about workloads keep nothing from being told: they are what a reader came for. Raises Refused where the
    input or the settings cannot be read.
    """
    given = read(arguments, stdin, environment)
    settings = settings_of(given.bundle.function_config)
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

        own = [advice.Advice(result, number) for number, errors in enumerate(refused) for result in errors]
        shown = {id(one.result) for one in own}
        others = [advice.Advice(result, None) for result in outcome.results
                  if result.code != "mesh" and id(result) not in shown]  # fmt: skip
        page = report.page(
            outcome.decisions, outcome.replacements, outcome.meshes, told, [*own, *others, *given_advice]
        )
        return Told(page, said, results.exit_code(said))
    return Told(FORMS[form](outcome.meshes, told, look), said, results.exit_code(said))


def read(arguments: Arguments, stdin: Callable[[], bytes], environment: Mapping[str, str]) -> Given:
    """The bundle of the paths: files and directories as they stand, a ResourceList as such, and what a kustomization
    or a Kptfile at the top of a named directory renders to."""
    if len(arguments.paths) == 1 and os.path.isdir(arguments.paths[0]):
        found = _rendered(arguments.paths[0], arguments, environment)
        if found is not None:
            joined = manifests.join(found.sources)
            return Given(joined.bundle, joined.parts, True, found.results)
    found = inputs.read(arguments.paths, stdin)
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


def _rendered(directory: str, arguments: Arguments, environment: Mapping[str, str]) -> inputs.Inputs | None:
    """What the directory renders to; None where its files are to be read as they stand."""
    if any(os.path.isfile(os.path.join(directory, name)) for name in inputs.KUSTOMIZATIONS):
        try:
            return inputs.render(directory, arguments.kustomize, arguments.passed_on, environment)
        except Refused as refused:
            if arguments.kustomize or any(result.code != "kustomize-missing" for result in refused.results):
                raise
            return None  # inputs.read warns of the kustomization that is not applied
    if _has_pipeline(os.path.join(directory, KPTFILE)):
        return _kpt(directory, environment)
    return None


def _has_pipeline(kptfile: str) -> bool:
    if not os.path.isfile(kptfile):
        return False
    from krm_injector.kube import yaml

    try:
        value = yaml.load(resource_list.decode(inputs.content(kptfile), kptfile))
    except yaml.YamlError as problem:
        raise Refused(Result("error", f"{kptfile}: {problem}", file=kptfile, code=problem.code)) from None
    return isinstance(value, dict) and bool(value.get("pipeline"))


def _kpt(directory: str, environment: Mapping[str, str]) -> inputs.Inputs:
    """What a kpt package's pipeline makes of it, written nowhere; the files as they stand where kpt cannot."""
    import shutil

    program = shutil.which("kpt", path=environment.get("PATH", os.defpath))
    reason = "kpt is not on PATH"
    if program is not None:
        try:
            done = inputs.start([program, "fn", "render", directory, "--output", "stdout", "--allow-exec"])
        except OSError as problem:
            reason = f"kpt could not be started: {problem.strerror or problem}"
        else:
            if done.code == 0 and done.out.strip():
                return inputs.Inputs((inputs.Source(done.out, ""),))
            reason = " ".join(done.err.decode("utf-8", "replace").split()) or "kpt printed nothing"
            if done.code:
                message = f"kpt fn render {directory} failed (exit status {done.code}): {reason}"
                raise Refused(Result("error", message, file=directory, code="kpt-failed"))
    found = inputs.read([directory], lambda: b"")
    message = f"the pipeline of {directory}/{KPTFILE} is not run: {reason}; its files are read as they stand"
    return found._replace(results=(*found.results, Result("warning", message, file=directory, code="kpt-not-run")))
