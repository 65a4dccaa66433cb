"""The commands that look after what is committed: snapshot, diff, images, verify."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from krm_injector import pipeline, results
from krm_injector.cli import loader
from krm_injector.discovery import context, control_planes, discover
from krm_injector.function_config import ImageSettings, Settings
from krm_injector.model import Object, Refused, Result
from krm_injector.pipeline import Outcome
from krm_injector.sources import inputs, manifests, programs, resource_list

if TYPE_CHECKING:
    from krm_injector.cli.arguments import Arguments


class Call(NamedTuple):
    """What a command needs of the world."""

    arguments: Arguments
    settings: Callable[
        [Any, str | None, str | None], Settings
    ]  # functionConfig, root of its paths, another --mesh
    documents: Callable[[str], tuple[Object, ...]]  # the objects of a file
    stdin: Callable[[], bytes]
    environment: Mapping[str, str]
    colour: bool  # whether stdout is a terminal that shows colours


Told = tuple[str, tuple[Result, ...], int]


class _Given(NamedTuple):
    joined: manifests.Joined
    bundle: resource_list.Bundle  # with the facts' items behind the rest
    results: tuple[Result, ...]
    config: programs.Config | None  # that of the directories


def _given(call: Call, paths: Sequence[str] | None = None) -> _Given:
    """The manifests, and behind them the items that --context adds: facts, never workloads."""
    arguments = call.arguments
    read = loader.read(
        arguments, arguments.paths if paths is None else paths, call.stdin, call.environment
    )
    joined, said = loader.joined(read, arguments)
    facts = context.around(arguments.context, joined.sources, read.facts)
    bundle = context.behind(joined.bundle, facts) if facts else joined.bundle
    return _Given(joined, bundle, said, loader.config(read, arguments))


def _settings(call: Call, given: _Given, mesh: str | None = None) -> Settings:
    if given.config is None:
        return call.settings(None, None, mesh)
    return call.settings(given.config.value, given.config.root, mesh)


def _run(
    call: Call,
    given: _Given,
    mesh: str | None = None,
    change: Callable[[Settings], Settings] | None = None,
) -> Outcome:
    settings = _settings(call, given, mesh)
    outcome = pipeline.run(given.bundle, change(settings) if change else settings)
    loader.refuse_unread(given.results, len(outcome.decisions))
    return outcome._replace(results=(*given.results, *outcome.results))


# ---------------------------------------------------------------- the commands


def run_snapshot(call: Call) -> Told:
    from krm_injector.presenting import snapshot

    read = loader.read(call.arguments, call.arguments.paths, call.stdin, call.environment)
    helm = any(snapshot.by_helm(source.data) for source in read.sources)
    found = tuple(
        source._replace(data=snapshot.manifests_of(source.data)) for source in read.sources
    )
    given, said = loader.joined(read._replace(sources=found), call.arguments)
    members = list(discover.walk(given.bundle))
    taken = snapshot.take([discover.typed(member) for member in members], helm)
    _refuse_unused(call.arguments.paths, given, members)
    file = call.arguments.check
    if file is None:
        return snapshot.text(taken), (*said, *taken.results), 0

    committed = call.documents(file)
    content = inputs.content(file).decode("utf-8", "replace")
    told = (*said, *taken.results, *snapshot.changes(committed, taken.objects, content, file))
    return "", told, results.exit_code(told)


def _refuse_unused(
    paths: Iterable[str], given: manifests.Joined, members: Iterable[discover.Member]
) -> None:
    """Raises Refused for each path of snapshot that adds nothing to the mesh file."""
    counted = zip(given.sources, given.parts, strict=True)
    origin = [source.file or source.directory for source, part in counted for _ in part.items]
    objects = [(origin[member.item], discover.typed(member)) for member in members]
    problems = []
    for path in paths:
        held = [value for name, value in objects if _is_of(name, path)]
        if path != "-" and not any(map(control_planes.is_part, held)):
            message = f"{inputs.shown(path)} {control_planes.no_part(held, path)}"
            problems.append(Result("error", message, file=path, code="mesh-missing"))

    if problems:
        raise Refused(*problems)


def _is_of(name: str, path: str) -> bool:
    """Whether what has that name came from a path of the command line: a file, or a directory with
    it below.
    """
    own, above = os.path.realpath(name), os.path.realpath(path)
    return bool(name) and (own == above or own.startswith(f"{above.rstrip(os.sep)}{os.sep}"))


def run_diff(call: Call) -> Told:
    from krm_injector.outcome import LAYOUTS
    from krm_injector.presenting import diff

    arguments = call.arguments
    given = _given(call)
    if arguments.from_mesh or arguments.to_mesh:
        return _upgrade(call, given)

    outcome = _run(call, given)
    code = results.exit_code(outcome.results)
    form = arguments.output or "unified"
    if code or form == "json":
        problem = Result(
            "error",
            "--output json is for --from and --to; here it is unified, json6902 or strategic",
        )
        return "", outcome.results if code else (problem,), 1

    if form != "unified":
        text, said = diff.as_patches(outcome, form == "strategic")
        told = (*outcome.results, *said)
        code = results.exit_code(told)
        return "" if code else text, told, code

    texts = given.joined.texts(outcome.replacements, LAYOUTS, outcome.originals, outcome.anew)
    names = [source.file or source.directory for source in given.joined.sources]
    pairs = diff.pairs(names, given.joined.parts, texts)
    found = [diff.unified(before, after, file, call.colour) for file, before, after in pairs]
    return "".join(found), outcome.results, 0


def _upgrade(call: Call, given: _Given) -> Told:
    """--from and --to: injected twice, from the same originals; a mesh that is not named is the one
    in use.
    """
    from krm_injector.presenting import upgrade

    arguments = call.arguments
    before = _run(call, given, arguments.from_mesh)
    after = _run(call, given, arguments.to_mesh)
    told = (*before.results, *after.results)
    if results.exit_code(told):
        return "", told, 1

    form = upgrade.as_json if arguments.output == "json" else upgrade.as_text
    return form(upgrade.groups(before, after), len(before.decisions)), told, 0


def run_images(call: Call) -> Told:
    """Every image that injection brings, as locked where it is; neither lock nor allowed registries
    refuse here.
    """
    import json

    from krm_injector.injection import images

    given = _given(call)
    lock = _settings(call, given).images.lock or {}
    outcome = _run(call, given, change=lambda settings: settings._replace(images=ImageSettings()))
    if results.exit_code(outcome.results):
        return "", outcome.results, 1

    found: dict[str, list[str]] = {}
    for decision in outcome.decisions:
        workload = decision.workload
        after: Any = outcome.replacements.get(workload.item)
        if not decision.injected or after is None:
            continue

        for step in workload.inside:
            after = after[step]

        for one in images.injected(workload.object, after, workload.template):
            told = found.setdefault(images.pinned(one.image, lock) or one.image, [])
            if str(workload.ref) not in told:
                told.append(str(workload.ref))

    if call.arguments.output == "json":
        rows = [{"image": image, "workloads": found[image]} for image in sorted(found)]
        return json.dumps({"images": rows}, indent=2, ensure_ascii=False) + "\n", outcome.results, 0

    return "".join(f"{image}\n" for image in sorted(found)), outcome.results, 0


def run_verify(call: Call) -> Told:
    """The results are the answer; on stdout there is one line, how many workloads were looked at."""
    names = inputs.KUSTOMIZATIONS
    paths = [path for path in call.arguments.paths if os.path.basename(path) not in names]
    if call.arguments.paths and not paths:
        return "", (), 0  # a hook that was given kustomizations only

    given = _given(call, paths)
    settings = _settings(call, given)
    outcome = pipeline.verify(_as_built(given, settings), settings)
    loader.refuse_unread(given.results, len(outcome.decisions))
    told = (*given.results, *outcome.results)
    code = results.exit_code(told)
    stale = len(
        {result.resource for result in told if result.severity == "error" and result.resource}
    )
    # An object with several pod templates counts once, as its errors do.
    count = len(
        {(decision.workload.item, decision.workload.inside) for decision in outcome.decisions}
    )
    workloads = results.counted(count, "workload")
    if not code:
        return f"{workloads} verified\n", told, code

    are = "is" if count == 1 else "are"
    return (
        f"{stale:,} of {workloads} {are} not as injection gives "
        f"{'it' if are == 'is' else 'them'}\n",
        told,
        code,
    )


def _as_built(given: _Given, settings: Settings) -> resource_list.Bundle:
    """The bundle with the injection that directories do themselves, which kustomize has left out."""
    sources = zip(given.joined.sources, given.joined.parts, strict=True)
    built = [source.injected for source, part in sources for _ in part.items]
    if not any(built):
        return given.bundle

    injected = pipeline.run(given.bundle, settings).replacements
    chosen = {
        index: value for index, value in injected.items() if index < len(built) and built[index]
    }
    return pipeline.with_replacements(given.bundle, chosen)


COMMANDS: dict[str, Callable[[Call], Told]] = {
    "snapshot": run_snapshot,
    "diff": run_diff,
    "images": run_images,
    "verify": run_verify,
}

__all__ = ["COMMANDS", "Call", "Refused"]
