"""What may stand on the command line: one table of options, one of commands, and one of the forms
of ``--output``. Parsing (arguments.py) and help (help_text.py) follow from them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from krm_injector.cli.request import Arguments
from krm_injector.named_tuple import NamedTuple


class Option(NamedTuple):
    name: str  # with its dashes
    value: str  # what the value is called in the help; "" for a switch
    help: str
    choices: tuple[str, ...] = ()
    repeats: bool = False  # whether it may stand more than once, each time with a value of its own
    # Text -> value. Raises ValueError with what the option takes, as "a number".
    convert: Callable[[str], Any] = str
    dest: str = ""  # the field of Arguments, where it is not named as the option

    @property
    def field(self) -> str:
        """The field of Arguments that holds the value."""
        return self.dest or self.name.removeprefix("--").replace("-", "_")


class Command(NamedTuple):
    name: str  # "" for the function
    usage: str
    summary: str
    options: tuple[str, ...]
    most_paths: int | None = None  # None: any number
    passes_on: bool = False  # whether words after -- are options of kustomize or helm
    reads_stdin: bool = True  # where no path is given
    refused: str = ""  # what stdout holds with exit status 1; completes a sentence of the help
    # Raises Usage for options that cannot be meant together.
    check: Callable[[Arguments], None] | None = None


class Usage(Exception):
    """The command line is wrong; the message says how it would be right."""


# ---------------------------------------------------------------- values


def _number(text: str) -> int:
    if not text.isdecimal():
        raise ValueError("a number")
    return int(text)


def _versions(text: str) -> str:
    """One version of Istio, or several separated by commas."""
    from krm_injector.versions import parse_version

    for version in text.split(","):
        minor = parse_version(version)
        if minor is None or minor[0] != 1:
            raise ValueError("Istio's version, as 1.30.3")

    return text


def _namespace(text: str) -> str:
    if not _is_name(text, "-"):
        raise ValueError("a Namespace's name (lower-case letters, digits and -)")
    return text


def _revision(text: str) -> str:
    if not _is_name(text.lower(), "-._"):
        raise ValueError("the name of a revision")
    return text


def _is_name(text: str, signs: str) -> bool:
    """Whether a text can be a Namespace's name (RFC 1123 label; signs: "-") or the value of a label
    (signs: "-._").
    """
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    if len(text) > 63 or text[0] not in letters or text[-1] not in letters:
        return False
    return not text.strip(letters + signs)


# ---------------------------------------------------------------- options that exclude each other

# What tells of manifests or of a mesh: a truth table reads neither.
_OF_MANIFESTS = (
    "--config",
    "--mesh",
    "--namespace",
    "--method",
    "--revision",
    "--context",
    "--kustomize",
    "--helm",
)


def _check_explain(arguments: Arguments) -> None:
    if not arguments.truth_table:
        return

    unread = [name for name in _OF_MANIFESTS if getattr(arguments, OPTIONS[name].field)]
    if unread:
        raise Usage(
            f"--truth-table reads no manifests and no mesh: leave {' and '.join(unread)} out"
        )
    if arguments.paths:
        raise Usage(f"--truth-table reads no manifests: leave {arguments.paths[0]} out")


def _check_diff(arguments: Arguments) -> None:
    if arguments.from_mesh and arguments.to_mesh and arguments.mesh:
        raise Usage("--from and --to name both meshes: leave --mesh out")


def _check_init(arguments: Arguments) -> None:
    if not arguments.paths:
        from krm_injector.wiring.init import TARGETS

        raise Usage(f"init what? One of {', '.join(TARGETS)}")

    target = arguments.paths[0]
    if arguments.image and target in ("pre-commit", "github-action"):
        raise Usage(f"init {target} runs the krm-injector on PATH: leave --image out")


# ---------------------------------------------------------------- the options

OPTIONS = {
    option.name: option
    for option in (
        Option("--config", "FILE", "the functionConfig: a SidecarInjection or a ConfigMap"),
        Option(
            "--mesh",
            "FILE",
            "the mesh's ConfigMaps and webhook configurations, as YAML documents; may be repeated",
            repeats=True,
        ),
        Option(
            "--namespace",
            "NAME",
            "the Namespace of manifests that name none",
            convert=_namespace,
        ),
        Option(
            "--method",
            "HOW",
            "automatic: as the webhook; manual: as istioctl kube-inject",
            choices=("automatic", "manual"),
        ),
        Option(
            "--revision",
            "REV",
            "the control plane, where no webhook names one",
            convert=_revision,
        ),
        Option(
            "--results",
            "FILE",
            "write the results here too (YAML, or JSON where FILE ends in .json)",
        ),
        Option(
            "--log",
            "FILE",
            "write to FILE too what goes to stderr, where an orchestrator drops that",
        ),
        Option(
            "--kustomize",
            "PATH",
            "the kustomize or kubectl to build with (default: the one on PATH)",
        ),
        Option("--helm", "PATH", "the helm to render charts with (default: the one on PATH)"),
        Option(
            "--allow-exec",
            "",
            "let functions of a kustomization or Kptfile run programs other than ours",
        ),
        Option(
            "--parameters",
            "",
            "build nothing; print the parameters that Argo CD can offer for DIR, as JSON",
        ),
        Option("--output", "FORM", ""),  # FORMS says which, and the help with it
        Option(
            "--context",
            "PATH",
            "read Namespaces and mesh here too, but no workloads; may be repeated",
            repeats=True,
        ),
        Option(
            "--check",
            "FILE",
            "snapshot: compare the committed FILE with a fresh one; exit 1 where it differs",
        ),
        Option(
            "--from",
            "MESH",
            "the mesh file before an upgrade (default: the mesh in use)",
            dest="from_mesh",
        ),
        Option(
            "--to",
            "MESH",
            "the mesh file after an upgrade (default: the mesh in use)",
            dest="to_mesh",
        ),
        Option(
            "--truth-table",
            "",
            "instead of workloads: who is injected at all; by several --mesh-version V,V",
        ),
        Option(
            "--mesh-version",
            "V",
            "Istio's version, where the mesh's configuration does not tell it",
            convert=_versions,
        ),
        Option("--image", "IMAGE", "init: run this container image instead of the program on PATH"),
        Option(
            "--limit",
            "N",
            "more workloads than this are grouped in the table (default 200; 0: never)",
            convert=_number,
        ),
        Option(
            "--verbose",
            "",
            "name all that is passed over; explain: each workload with all the evidence",
        ),
        Option("--quiet", "", "only errors on stderr"),
        Option("--no-color", "", "no colours"),
        Option("--help", "", "this help"),
        Option("--version", "", "the version"),
    )
}

SHORT = {"-h": "--help", "-n": "--namespace", "-o": "--output", "-v": "--verbose", "-q": "--quiet"}

# ---------------------------------------------------------------- the commands

_REPORTING = ("--results", "--log", "--quiet", "--no-color", "--help")
_COMMON = (
    "--config",
    "--mesh",
    "--mesh-version",
    "--namespace",
    "--method",
    "--revision",
    *_REPORTING,
)
_MANIFESTS = (*_COMMON, "--context", "--verbose")
_RENDERING = ("--kustomize", "--helm", "--allow-exec")
_NOTHING_PRINTED = ", and nothing on stdout"

COMMANDS = {
    command.name: command
    for command in (
        Command(
            "",
            "krm-injector",
            "the KRM function: a ResourceList on stdin, a ResourceList on stdout",
            _COMMON,
            most_paths=0,
        ),
        Command(
            "inject",
            "krm-injector inject [PATH|-]...",
            "manifests in, injected manifests out",
            _MANIFESTS,
            refused=_NOTHING_PRINTED,
        ),
        Command(
            "build",
            "krm-injector build [DIR] [-- KUSTOMIZE OR HELM OPTIONS]",
            "what a directory renders to, injected, ready to apply",
            (*_MANIFESTS, *_RENDERING, "--parameters"),
            most_paths=1,
            passes_on=True,
            reads_stdin=False,
            refused=_NOTHING_PRINTED,
        ),
        Command(
            "eject",
            "krm-injector eject [PATH|-]...",
            "injected manifests in, out what they were before",
            ("--config", "--verbose", *_REPORTING),
            refused=_NOTHING_PRINTED,
        ),
        Command(
            "explain",
            "krm-injector explain [PATH|-]... [-- KUSTOMIZE OR HELM OPTIONS]",
            "per workload: injected or not, and the deciding rule",
            (*_MANIFESTS, *_RENDERING, "--output", "--limit", "--truth-table"),
            passes_on=True,
            refused=", the answer on stdout all the same",
            check=_check_explain,
        ),
        Command(
            "verify",
            "krm-injector verify [PATH|-]...",
            "exit 1 where a manifest is not what injection gives now, and say why",
            (*_MANIFESTS, *_RENDERING),
        ),
        Command(
            "diff",
            "krm-injector diff [PATH|-]...",
            (
                "what injection changes, as a diff or as patches for kustomize; or what an upgrade "
                "of the mesh would"
            ),
            (*_MANIFESTS, *_RENDERING, "--output", "--from", "--to"),
            check=_check_diff,
        ),
        Command(
            "images",
            "krm-injector images [PATH|-]...",
            "the images that injection brings, one a line",
            (*_MANIFESTS, *_RENDERING, "--output"),
        ),
        Command(
            "snapshot",
            "krm-injector snapshot [PATH|-]...",
            "the mesh file for --mesh, out of what istioctl, helm or kubectl print",
            ("--check", "--verbose", *_REPORTING),
        ),
        Command(
            "init",
            "krm-injector init kustomize|kpt|argocd|helm|pre-commit|github-action [DIR]",
            "write what an orchestrator needs into a directory, never over what is there",
            ("--image", "--quiet", "--no-color", "--help"),
            most_paths=2,
            reads_stdin=False,
            check=_check_init,
        ),
    )
}

# ---------------------------------------------------------------- the forms of --output

# By command, and by the option that makes a command print something else.
FORMS = {
    "explain": ("table", "json", "yaml", "markdown", "html"),
    "explain --truth-table": ("table", "json", "yaml", "markdown"),
    "diff": ("unified", "json6902", "strategic"),
    "diff --from": ("json",),
    "diff --to": ("json",),
    "images": ("text", "json"),
}


def forms_of(command: str) -> list[str]:
    """Every form that a command has, whatever it prints."""
    names = [command, *(f"{command} {mode}" for mode in modes_of(command))]
    return list(dict.fromkeys(form for name in names for form in FORMS.get(name, ())))


def modes_of(command: str) -> list[str]:
    """The options that make a command print something else, in forms of its own."""
    start = f"{command} "
    return [name.removeprefix(start) for name in FORMS if name.startswith(start)]
