"""What may stand on the command line: one table of commands and options, from which parsing and
help follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Option(NamedTuple):
    name: str  # with its dashes
    value: str  # what the value is called in the help; "" for a switch
    help: str
    choices: tuple[str, ...] = ()
    repeats: bool = False  # whether it may stand more than once, each time with a value of its own


class Command(NamedTuple):
    name: str  # "" for the function
    usage: str
    summary: str
    options: tuple[str, ...]
    most_paths: int | None = None  # None: any number
    forms: tuple[str, ...] = ()  # of --output, where they are others than explain's


class Usage(Exception):
    """The command line is wrong; the message says how it would be right."""


class Arguments(NamedTuple):
    """A command line, read. Options that were not given are None (switches: False)."""

    command: str = ""
    paths: tuple[str, ...] = ()
    passed_on: tuple[str, ...] = ()  # build, explain: what stands after --, for kustomize or helm
    config: str | None = None
    mesh: tuple[str, ...] = ()
    namespace: str | None = None
    method: str | None = None
    revision: str | None = None
    results: str | None = None
    log: str | None = None
    kustomize: str | None = None
    helm: str | None = None
    parameters: bool = False
    output: str | None = None
    truth_table: bool = False
    mesh_version: str | None = None
    image: str | None = None
    context: tuple[str, ...] = ()
    allow_exec: bool = False
    check: str | None = None
    from_mesh: str | None = None
    to_mesh: str | None = None
    limit: str | None = None
    verbose: bool = False
    quiet: bool = False
    no_color: bool = False
    help: bool = False
    version: bool = False
    within: str | None = (
        None  # no option: the directory below which the files that a build names must lie
    )


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
        Option("--namespace", "NAME", "the Namespace of manifests that name none"),
        Option(
            "--method",
            "HOW",
            "automatic: as the webhook; manual: as istioctl kube-inject",
            ("automatic", "manual"),
        ),
        Option("--revision", "REV", "the control plane, where no webhook names one"),
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
        Option(
            "--output",
            "FORM",
            "table, json, yaml, markdown or html",
            ("table", "json", "yaml", "markdown", "html"),
        ),
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
        Option("--from", "MESH", "the mesh file before an upgrade (default: the mesh in use)"),
        Option("--to", "MESH", "the mesh file after an upgrade (default: the mesh in use)"),
        Option(
            "--truth-table",
            "",
            "instead of workloads: who is injected at all; by several --mesh-version V,V",
        ),
        Option(
            "--mesh-version",
            "V",
            "Istio's version, where the mesh's configuration does not tell it",
        ),
        Option("--image", "IMAGE", "init: run this container image instead of the program on PATH"),
        Option(
            "--limit",
            "N",
            "more workloads than this are grouped in the table (default 200; 0: never)",
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

REPORTING = ("--results", "--log", "--quiet", "--no-color", "--help")
COMMON = (
    "--config",
    "--mesh",
    "--mesh-version",
    "--namespace",
    "--method",
    "--revision",
    *REPORTING,
)
MANIFESTS = (*COMMON, "--context", "--verbose")
RENDERING = ("--kustomize", "--helm", "--allow-exec")

COMMANDS = {
    command.name: command
    for command in (
        Command(
            "",
            "krm-injector",
            "the KRM function: a ResourceList on stdin, a ResourceList on stdout",
            COMMON,
            0,
        ),
        Command(
            "inject",
            "krm-injector inject [PATH|-]...",
            "manifests in, injected manifests out",
            MANIFESTS,
        ),
        Command(
            "build",
            "krm-injector build [DIR] [-- KUSTOMIZE OR HELM OPTIONS]",
            "what a directory renders to, injected, ready to apply",
            (*MANIFESTS, *RENDERING, "--parameters"),
            1,
        ),
        Command(
            "eject",
            "krm-injector eject [PATH|-]...",
            "injected manifests in, out what they were before",
            ("--config", "--verbose", *REPORTING),
        ),
        Command(
            "explain",
            "krm-injector explain [PATH|-]... [-- KUSTOMIZE OR HELM OPTIONS]",
            "per workload: injected or not, and the deciding rule",
            (*MANIFESTS, *RENDERING, "--output", "--limit", "--truth-table"),
        ),
        Command(
            "verify",
            "krm-injector verify [PATH|-]...",
            "exit 1 where a manifest is not what injection gives now, and say why",
            (*MANIFESTS, *RENDERING),
        ),
        Command(
            "diff",
            "krm-injector diff [PATH|-]...",
            (
                "what injection changes, as a diff or as patches for kustomize; or what an upgrade of "
                "the mesh would"
            ),
            (*MANIFESTS, *RENDERING, "--output", "--from", "--to"),
            forms=("unified", "json6902", "strategic", "json"),
        ),
        Command(
            "images",
            "krm-injector images [PATH|-]...",
            "the images that injection brings, one a line",
            (*MANIFESTS, *RENDERING, "--output"),
            forms=("text", "json"),
        ),
        Command(
            "snapshot",
            "krm-injector snapshot [PATH|-]...",
            "the mesh file for --mesh, out of what istioctl, helm or kubectl print",
            ("--check", "--verbose", *REPORTING),
        ),
        Command(
            "init",
            "krm-injector init kustomize|kpt|argocd|helm|pre-commit|github-action [DIR]",
            "write what an orchestrator needs into a directory, never over what is there",
            ("--image", "--quiet", "--no-color", "--help"),
            2,
        ),
    )
}

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
_FIELDS = {
    "--from": "from_mesh",
    "--to": "to_mesh",
}  # of Arguments, where they are called otherwise

SHORT = {"-h": "--help", "-n": "--namespace", "-o": "--output", "-v": "--verbose", "-q": "--quiet"}


def parse(words: list[str]) -> Arguments:
    """The command line without the program's name. Raises Usage."""
    first = next((word for word in words if word == "-" or not word.startswith("-")), None)
    if "--version" in words[: words.index("--") if "--" in words else None]:
        return Arguments(version=True)

    command = COMMANDS[""]
    if first is not None and words[0] == first:
        command = _command(first)
        words = words[1:]

    values: dict[str, str | bool | tuple[str, ...]] = {}
    paths: list[str] = []
    passed_on: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            (passed_on if command.name in ("build", "explain") else paths).extend(rest)
        elif word == "-" or not word.startswith("-"):
            paths.append(word)
        else:
            option, value = _option(word, command)
            if option.value and value is None:
                value = next(rest, None)
                if value is None:
                    raise Usage(f"{option.name} needs a value: {option.name} {option.value}")
            _check(option, value, command.forms if option.name == "--output" else ())
            _add(values, option, value)

    if values.get("help"):
        return Arguments(command=command.name, help=True)

    if not command.name and paths:
        # Options stood before the command's name: read it again in its right place.
        _command(paths[0])
        raise Usage(f"options follow the command: krm-injector {paths[0]} ...")

    if command.most_paths is not None and len(paths) > command.most_paths:
        raise Usage(f"{paths[command.most_paths]!r} is one path too many: {command.usage}")
    if paths.count("-") > 1:
        raise Usage("- (stdin) can be read only once")

    _together(command, paths, values)
    return Arguments(command.name, tuple(paths), tuple(passed_on), **values)  # type: ignore[arg-type]


def _command(word: str) -> Command:
    if word in COMMANDS and word:
        return COMMANDS[word]
    if "." in word or "/" in word:
        raise Usage(f"{word} stands where a command is expected: krm-injector inject {word}")
    raise Usage(
        f"there is no command {word!r}{_nearest(word, [name for name in COMMANDS if name])}"
    )


def _option(word: str, command: Command) -> tuple[Option, str | None]:
    name, equals, value = word.partition("=")
    name = SHORT.get(name, name)
    if name not in command.options:
        where = command.name or "the function"
        known = [*command.options, *([] if command.name else ["--version"])]
        raise Usage(f"{where} has no option {name}{_nearest(name, known)}")

    option = OPTIONS[name]
    if equals and not option.value:
        raise Usage(f"{name} takes no value")

    return option, value if equals else None


def _together(command: Command, paths: list[str], values: Mapping[str, object]) -> None:
    """Raises Usage for what one option says and another keeps from being read: nothing is passed
    over silently.
    """
    given = values.get
    if "," in str(given("mesh_version", "")) and not given("truth_table"):
        raise Usage("--mesh-version takes one version; several are for --truth-table")

    unread = [
        name for name in _OF_MANIFESTS if given("truth_table") and given(_field(OPTIONS[name]))
    ]
    if unread:
        raise Usage(
            f"--truth-table reads no manifests and no mesh: leave {' and '.join(unread)} out"
        )

    upgrade = [name for name in ("--from", "--to") if given(_field(OPTIONS[name]))]
    if len(upgrade) == 2 and given("mesh"):
        raise Usage("--from and --to name both meshes: leave --mesh out")
    if upgrade and given("output") not in (None, "json"):
        raise Usage(f"with {upgrade[0]} --output is json or left out, not {given('output')!r}")

    if given("image") and paths[:1] in (["pre-commit"], ["github-action"]):
        raise Usage(f"init {paths[0]} runs the krm-injector on PATH: leave --image out")


def _field(option: Option) -> str:
    """The field of Arguments that holds an option's value."""
    return _FIELDS.get(option.name) or option.name[2:].replace("-", "_")


def _add(
    values: dict[str, str | bool | tuple[str, ...]], option: Option, value: str | None
) -> None:
    """Put an option's value beside those that were given before. Of two values none is dropped:
    where only one can be meant, Usage is raised. A switch says the same twice.
    """
    field = _field(option)
    before = values.get(field)
    if value is None:
        values[field] = True
    elif option.repeats:
        values[field] = (*(before if isinstance(before, tuple) else ()), value)
    elif before is None:
        values[field] = value
    else:
        raise Usage(f"{option.name} is given twice: {before!r} and {value!r}; keep one")


def _check(option: Option, value: str | None, forms: tuple[str, ...] = ()) -> None:
    if value == "":
        raise Usage(f"{option.name} needs a value: {option.name} {option.value}")
    if option.value == "N" and not (value or "").isdecimal():
        raise Usage(f"{option.name} takes a number, not {value!r}")
    if option.name == "--mesh-version" and not all(map(_is_version, (value or "").split(","))):
        raise Usage(f"--mesh-version takes Istio's version, as 1.30.3, not {value!r}")

    if option.name == "--namespace" and not _is_name(value or "", "-"):
        raise Usage(
            "--namespace takes a Namespace's name (lower-case letters, digits and -), not "
            f"{value!r}"
        )

    if option.name == "--revision" and not _is_name((value or "").lower(), "-._"):
        raise Usage(f"--revision takes the name of a revision, not {value!r}")

    choices = forms or option.choices
    if choices and value not in choices:
        raise Usage(f"{option.name} is one of {', '.join(choices)}, not {value!r}")


def _is_version(text: str) -> bool:
    parts = text.removeprefix("v").partition("-")[0].split(".")
    return (
        2 <= len(parts) <= 3
        and parts[0] == "1"
        and all(part.isascii() and part.isdecimal() for part in parts)
    )


def _is_name(text: str, inside: str) -> bool:
    """Whether it can be the value of a label, or with "-" as the only sign inside it a Namespace's
    name.
    """
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    return (
        len(text) <= 63
        and text[0] in letters
        and text[-1] in letters
        and not text.strip(letters + inside)
    )


def _nearest(word: str, known: list[str]) -> str:
    import difflib  # only a typo pays for it

    bare = {name.lstrip("-"): name for name in known}
    close = difflib.get_close_matches(word.lstrip("-"), bare, 1, 0.6)
    return f"; did you mean {bare[close[0]]}?" if close else f"; known: {', '.join(known)}"


def help_text(name: str = "") -> str:
    """The help of a command, or of the program as a whole."""
    chosen = COMMANDS[name]
    if name:
        lines = [
            f"usage: {chosen.usage} [OPTIONS]",
            "",
            chosen.summary[0].upper() + chosen.summary[1:] + ".",
            "",
        ]
    else:
        lines = ["Istio sidecar injection at build time, as Istio's own webhook does it.", ""]
        lines += _columns([(command.usage, command.summary) for command in COMMANDS.values()])
        lines += ["", "Each command has --help; --version prints the version.", ""]

    shown = [OPTIONS[option] for option in chosen.options]
    short = {long: f"{letter}, " for letter, long in SHORT.items()}
    forms = (
        {"--output": f"{', '.join(chosen.forms[:-1])} or {chosen.forms[-1]}"}
        if chosen.forms
        else {}
    )
    rows = [
        (f"{short.get(o.name, '')}{o.name} {o.value}".rstrip(), forms.get(o.name, o.help))
        for o in shown
    ]
    lines += ["options:", *_columns(rows)]
    printed = {"explain": ", the answer on stdout all the same"}.get(name, "")
    if name in ("inject", "eject", "build"):
        printed = ", and nothing on stdout"

    lines += [
        "",
        f"Exit status: 0 done; 1 refused, with the reason on stderr{printed}; 2 wrong usage.",
    ]
    return "\n".join(lines) + "\n"


def _columns(rows: list[tuple[str, str]]) -> list[str]:
    width = max(len(left) for left, _ in rows)
    return [f"  {left:<{width}}  {right}" for left, right in rows]
