"""`krm-injector diff`: what injection changes or, with --from and --to, an upgrade of the mesh."""

from __future__ import annotations

from krm_injector import results
from krm_injector.cli import bundles, comparing, roots
from krm_injector.cli.bundles import Manifests
from krm_injector.cli.request import REFUSED, Answer, Request
from krm_injector.outcome import Outcome
from krm_injector.presenting import diff


def run(request: Request) -> Answer:
    return roots.answered(request, _one)


def _one(request: Request) -> Answer:
    return bundles.with_all_causes(request, lambda: _answer(request))


def _answer(request: Request) -> Answer:
    manifests = bundles.read(request, request.arguments.paths)
    answer = _compared(request, manifests)
    return answer._replace(places=lambda: bundles.places(request, manifests))


def _compared(request: Request, manifests: Manifests) -> Answer:
    if request.arguments.from_mesh or request.arguments.to_mesh:
        return _upgrade(request, manifests)

    outcome = bundles.run(manifests, bundles.settings(request, manifests))
    code = results.exit_code(outcome.results)
    if code:
        return Answer("", outcome.results, code)

    form = request.arguments.output or "unified"
    if form == "unified":
        shows_all = request.arguments.show_credentials
        text = comparing.unified(manifests, outcome, request.colours, shows_all)
        return Answer(text, outcome.results)
    return _patches(outcome, form)


def _patches(outcome: Outcome, form: str) -> Answer:
    """Patches of a kustomization, by JSON pointers (json6902) or by merging (strategic)."""
    text, problems = diff.as_patches(outcome, form == "strategic")
    all_results = (*outcome.results, *problems)
    code = results.exit_code(all_results)
    return Answer("" if code else text, all_results, code)


def _upgrade(request: Request, manifests: Manifests) -> Answer:
    """--from and --to: injects the same originals twice. A mesh that is not named is the one in
    use.
    """
    from krm_injector.presenting import upgrade

    arguments = request.arguments
    before = _with_mesh(request, manifests, arguments.from_mesh)
    after = _with_mesh(request, manifests, arguments.to_mesh)
    all_results = (*before.results, *after.results)
    if results.exit_code(all_results):
        return Answer("", all_results, REFUSED)

    groups = upgrade.groups(before, after)
    form = upgrade.as_json if arguments.output == "json" else upgrade.as_text
    return Answer(form(groups, len(before.decisions)), all_results)


def _with_mesh(request: Request, manifests: Manifests, mesh: str | None) -> Outcome:
    """A run with a mesh file in place of --mesh; None: with the mesh in use."""
    if mesh is not None:
        request = request.with_options(mesh=(mesh,))
    return bundles.run(manifests, bundles.settings(request, manifests))
