"""What the command line accepts: a table of options, one of commands, and one of the forms of
``--output``. Parsing (arguments.py) and help (help_text.py) use these tables.
"""

from __future__ import annotations

from krm_injector.cli import fleet_options, option_checks, option_values, writing_options
from krm_injector.cli.tables import FINDINGS, Command, Option, Usage

__all__ = ["COMMANDS", "FORMS", "OPTIONS", "SHORT", "Command", "Option", "Usage", "commands_of",
           "forms_of", "modes_of", "option_of"]  # fmt: skip

# ---------------------------------------------------------------- the options

_WHEN = ("auto", "always", "never")
OPTIONS = {
    option.name: option
    for option in (
        Option("--config", "FILE", "the functionConfig: a SidecarInjection or a ConfigMap"),
        Option(
            "--mesh",
            "FILE",
            "a mesh file: the ConfigMaps and webhook configurations of Istio; may be repeated",
            repeats=True,
        ),
        Option(
            "--namespace",
            "NAME",
            "the Namespace of manifests that name none",
            convert=option_values.namespace,
        ),
        Option(
            "--namespace-labels",
            "NAME=LABELS",
            "the labels that a Namespace has in the cluster, if its manifest is elsewhere: "
            "shop=istio-injection=enabled; several separated by commas, none: shop=; may be "
            "repeated",
            repeats=True,
            convert=option_values.namespace_labels,
        ),
        Option(
            "--method",
            "HOW",
            "automatic: as the webhook does; manual: as istioctl kube-inject does",
            choices=("automatic", "manual"),
        ),
        Option(
            "--revision",
            "REV",
            "the control plane, if no webhook names one",
            convert=option_values.revision,
        ),
        Option(
            "--kubernetes-version",
            "V",
            "the version of the cluster's oldest kubelet, which decides on native sidecars from "
            "Istio 1.27 on: they need 1.33",
            convert=option_values.kubernetes_version,
        ),
        Option(
            "--results",
            "FILE",
            "also write the results to FILE: SARIF or JUnit if it ends in .sarif or .xml, else the "
            "list that kpt writes (in JSON if it ends in .json)",
        ),
        Option(
            "--docs",
            "URL",
            "where the pages about codes are, for the links of SARIF, JUnit and policy reports",
            convert=option_values.address,
        ),
        Option(
            "--log",
            "FILE",
            "also write to FILE what goes to stderr, for orchestrators that drop stderr",
        ),
        Option(
            "--kustomize",
            "PATH",
            "the kustomize or kubectl to use (default: kustomize on PATH, else kubectl)",
        ),
        Option("--helm", "PATH", "the helm for charts (default: the one on PATH)"),
        Option(
            "--allow-exec",
            "",
            "let functions of a kustomization or Kptfile run programs other than krm-injector",
        ),
        Option(
            "--parameters",
            "",
            "print the parameters that Argo CD can offer for DIR, as JSON; build nothing",
        ),
        Option("--output", "FORM", ""),  # FORMS has the forms; the help lists them
        Option(
            "--context",
            "PATH",
            "also read Namespaces, mesh and policies from PATH, but no workloads; may be repeated",
            repeats=True,
        ),
        Option(
            "--check",
            "FILE",
            "compare the committed FILE with a fresh snapshot; exit with 1 if they differ",
        ),
        *writing_options.OPTIONS,
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
            "say who is injected at all, for every combination of labels and policy; reads "
            "no manifests; --mesh-version may name several versions, as V,V",
        ),
        Option(
            "--mesh-version",
            "V",
            "Istio's version, if the mesh's configuration does not state it; without a mesh: "
            "which embedded profile is used (from 1.24 on; 1.28: its newest patch release)",
            convert=option_values.versions,
        ),
        Option("--image", "IMAGE", "run this container image instead of the program on PATH"),
        Option(
            "--show-credentials",
            "",
            "show credentials too, in a unified diff that is to be applied; else they are hidden",
        ),
        Option(
            "--limit",
            "N",
            "group the workloads in the table if there are more than N (default: 200; 0: never)",
            convert=option_values.number,
        ),
        *fleet_options.OPTIONS,
        Option(
            "--verbose",
            "",
            "name all files that are passed over; explain: show all the evidence; adopt: list "
            "every path that differs",
        ),
        Option("--quiet", "", "print only errors on stderr"),
        Option("--color", "WHEN", "colours: auto (on terminals), always, never", choices=_WHEN),
        Option("--no-color", "", "as --color never"),
        Option("--help", "", "print this help"),
        Option("--version", "", "print the version"),
    )
}

SHORT = {
    "-h": "--help",
    "-V": "--version",
    "-n": "--namespace",
    "-o": "--output",
    "-v": "--verbose",
    "-q": "--quiet",
}

# ---------------------------------------------------------------- the commands

_REPORTING = ("--results", "--docs", "--log", "--quiet", "--color", "--no-color", "--help")
_COMMON = (
    "--config",
    "--mesh",
    "--mesh-version",
    "--namespace",
    "--namespace-labels",
    "--method",
    "--revision",
    "--kubernetes-version",
    *_REPORTING,
)
_MANIFESTS = (*_COMMON, "--context", "--verbose")
_RENDERING = ("--kustomize", "--helm", "--allow-exec")
_NOTHING_PRINTED = ", and stdout is empty"

COMMANDS = {
    command.name: command
    for command in (
        Command(
            "",
            "krm-injector [OPTIONS]",
            "a KRM function: it reads a ResourceList on stdin and prints it with its workloads "
            "injected",
            _COMMON,
            most_paths=0,
            refused=", and stdout has the ResourceList with its original items and the results",
        ),
        Command(
            "inject",
            "krm-injector inject [OPTIONS] [PATH|-]...",
            "print the manifests with their workloads injected, or change the files in place",
            (*_MANIFESTS, *writing_options.IN_PLACE),
            refused=_NOTHING_PRINTED,
            check=option_checks.in_place,
        ),
        Command(
            "build",
            "krm-injector build [OPTIONS] [DIR] [-- KUSTOMIZE|HELM OPTIONS]",
            "render a kustomization or a chart, and inject the result",
            (*_MANIFESTS, *_RENDERING, "--parameters"),
            most_paths=1,
            passes_on=True,
            reads_stdin=False,
            refused=_NOTHING_PRINTED,
        ),
        Command(
            "eject",
            "krm-injector eject [OPTIONS] [PATH|-]...",
            "print the manifests as they were before injection, or change the files in place",
            ("--config", "--verbose", *writing_options.IN_PLACE, *_REPORTING),
            refused=_NOTHING_PRINTED,
            check=option_checks.in_place,
        ),
        Command(
            "explain",
            "krm-injector explain [OPTIONS] [PATH|-]... [-- KUSTOMIZE|HELM OPTIONS]",
            "say which workloads are injected, and why",
            (*_MANIFESTS, *_RENDERING, "--output", "--limit", "--truth-table"),
            passes_on=True,
            refused=", and stdout has the answer all the same",
            check=option_checks.explain,
        ),
        Command(
            "verify",
            "krm-injector verify [OPTIONS] [PATH|-]...",
            "check that manifests are what injection gives now",
            (*_MANIFESTS, *_RENDERING, "--output"),
            refused=", and stdout has the answer all the same",
        ),
        Command(
            "diff",
            "krm-injector diff [OPTIONS] [PATH|-]...",
            "show what injection, or an upgrade of the mesh, changes",
            (*_MANIFESTS, *_RENDERING, "--output", "--from", "--to", "--show-credentials"),
            refused=_NOTHING_PRINTED,
            check=option_checks.diff,
        ),
        Command(
            "images",
            "krm-injector images [OPTIONS] [PATH|-]...",
            "list the images that injection adds, one per line",
            (*_MANIFESTS, *_RENDERING, "--output"),
            refused=_NOTHING_PRINTED,
        ),
        Command(
            "snapshot",
            "krm-injector snapshot [OPTIONS] [PATH|-]...",
            "make a mesh file from the output of istioctl, helm or kubectl",
            ("--output", "--check", "--verbose", *_REPORTING),
            refused=_NOTHING_PRINTED,
            check=option_checks.snapshot,
            own=(writing_options.SNAPSHOT,),
        ),
        Command(
            "adopt",
            "krm-injector adopt [OPTIONS] [DUMP|-]...",
            "read a dump of a cluster: what its webhook injects, the files for Git, and the proof "
            "that these give the pods that run",
            ("--output", "--verbose", *_REPORTING),
            refused=", and stdout and DIR have what could be told",
            own=(writing_options.ADOPTED,),
        ),
        Command(
            "init",
            "krm-injector init [OPTIONS] kustomize|kpt|argocd|helm|pre-commit|github-action [DIR]",
            "write the files that an orchestrator needs; replace none that exists. Other options "
            "than --image go into the functionConfig",
            ("--image", *option_checks.OF_INIT, "--quiet", "--color", "--no-color", "--help"),
            most_paths=2,
            refused=_NOTHING_PRINTED,
            reads_stdin=False,
            check=option_checks.init,
        ),
        *fleet_options.COMMANDS,
        Command(
            "version",
            "krm-injector version [OPTIONS]",
            "print the versions of the program, of its profile and of the Istio that it knows",
            ("--output", "--quiet", "--color", "--no-color", "--help"),
            most_paths=0,
            reads_stdin=False,
        ),
        Command(
            "completion",
            "krm-injector completion [OPTIONS] bash|zsh|fish|kubectl [-- WORD...]",
            "print the script by which a shell completes words; with words: what may follow them",
            ("--quiet", "--color", "--no-color", "--help"),
            most_paths=1,
            passes_on=True,
            reads_stdin=False,
            check=option_checks.completion,
        ),
        Command(
            "help",
            "krm-injector help [OPTIONS] [COMMAND|TOPIC]",
            "print the help of a command, of a code, or of another topic",
            ("--output", "--quiet", "--color", "--no-color", "--help"),
            most_paths=2,
            reads_stdin=False,
            check=option_checks.help_topic,
        ),
    )
}


def commands_of(group: str) -> list[Command]:
    """The commands whose first word is ``group``, if they have two."""
    return [command for name, command in COMMANDS.items() if name.startswith(f"{group} ")]


def option_of(command: Command, name: str) -> Option:
    """An option as it is meant in a command."""
    return next((option for option in command.own if option.name == name), OPTIONS[name])


# ---------------------------------------------------------------- the forms of --output

# By command, and by the option with which a command prints something else.
FORMS = {
    "explain": ("table", "json", "yaml", "markdown", "html", *FINDINGS),
    "explain --truth-table": ("table", "json", "yaml", "markdown"),
    "verify": ("text", *FINDINGS),
    "diff": ("unified", "json6902", "strategic"),
    "diff --from": ("json",),
    "diff --to": ("json",),
    "images": ("text", "json"),
    "version": ("text", "json"),
    "help": ("text", "man", "json"),
    **fleet_options.FORMS,
}


def forms_of(command: str) -> list[str]:
    """Every form of a command, with any option."""
    names = [command, *(f"{command} {mode}" for mode in modes_of(command))]
    return list(dict.fromkeys(form for name in names for form in FORMS.get(name, ())))


def modes_of(command: str) -> list[str]:
    """The options with which a command prints something else, in other forms."""
    start = f"{command} "
    return [name.removeprefix(start) for name in FORMS if name.startswith(start)]
