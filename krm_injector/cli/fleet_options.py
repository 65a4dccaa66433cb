"""The options and commands of `krm-injector fleet`, for the tables of options.py."""

from __future__ import annotations

from krm_injector.cli import option_values
from krm_injector.cli.request import Arguments
from krm_injector.cli.tables import FINDINGS, Command, Option, Usage


def _check_plan(arguments: Arguments) -> None:
    if not arguments.to_mesh and not arguments.campaign:
        raise Usage("plan what? --to MESH names the mesh after the upgrade; or --campaign NAME")
    if arguments.to_mesh and arguments.campaign:
        raise Usage("--campaign plans a move of its own: leave --to out")
    if arguments.mesh:
        raise Usage("--from and --to name the meshes: leave --mesh out")
    if arguments.wave is not None and not arguments.apply_labels:
        raise Usage("--wave says whose labels --apply-labels writes: add --apply-labels DIR")


def _check_build(arguments: Arguments) -> None:
    if not arguments.to_directory:
        raise Usage("build where to? --output DIR names the directory for the manifests")


OPTIONS = (
    Option(
        "--fleet",
        "FILE",
        "the fleet file: clusters and targets (default: krm-injector-fleet.yaml in ROOT)",
        dest="fleet_file",
    ),
    Option(
        "--only",
        "PATTERN",
        "only targets whose name matches, as 'eu-*/apps/*'; may be repeated",
        repeats=True,
    ),
    Option("--cluster", "NAME", "only targets of this cluster; may be repeated", repeats=True),
    Option("--jobs", "N", "worker processes (default: one a core)", convert=option_values.count),
    Option("--scheduler", "ADDRESS", "run on the workers of this Dask scheduler"),
    Option(
        "--shard",
        "NUMBER/COUNT",
        "only one of COUNT parts of equal cost, for parallel jobs of CI; fleet merge joins "
        "their reports (default: JOB_COMPLETION_INDEX and JOB_COMPLETIONS, if both are set)",
        convert=option_values.shard,
    ),
    Option(
        "--costs",
        "REPORT",
        "the report of an earlier run, whose measured costs balance the shards",
    ),
    Option("--report", "FILE", "also write the report to FILE, for fleet merge"),
    Option("--cache", "DIR", "keep results in DIR, by the content of their inputs"),
    Option(
        "--changed-since",
        "REV",
        "only targets that a change since this git revision can have touched",
    ),
    Option(
        "--layout",
        "HOW",
        "file: one file a target; directory: one file an object",
        choices=("file", "directory"),
    ),
    Option(
        "--waves",
        "BY",
        "what a wave is (default: cluster if the fleet has several, else namespace)",
        choices=("revision", "tag", "namespace", "cluster"),
    ),
    Option(
        "--campaign",
        "NAME",
        "plan a move in place of --to: registry=HUB, native-sidecars or revision-labels=REV",
    ),
    Option("--apply-labels", "DIR", "write the label changes of a wave to DIR, as patches"),
    Option(
        "--wave",
        "N",
        "the wave whose labels --apply-labels writes (default: 1)",
        convert=option_values.count,
    ),
)

_SELECTION = ("--fleet", "--only", "--cluster", "--changed-since")
_REPORTING = ("--results", "--docs", "--log", "--quiet", "--verbose", "--color", "--no-color",
              "--help")  # fmt: skip
_SETTINGS = (
    "--config",
    "--mesh-version",
    "--namespace",
    "--namespace-labels",
    "--method",
    "--revision",
    "--kubernetes-version",
    "--context",
)
_ENGINE = ("--jobs", "--scheduler", "--shard", "--costs", "--report", "--cache")
_RENDERING = ("--kustomize", "--helm", "--allow-exec")
_RUN = (*_SELECTION, *_ENGINE, *_SETTINGS, *_RENDERING, *_REPORTING)
_OUTPUT = Option("--output", "DIR", "the directory for the manifests", dest="to_directory")
_COMMITTED = Option(
    "--output",
    "DIR",
    "check DIR: it must be what fleet build --output DIR would write",
    dest="to_directory",
)

COMMANDS = (
    Command(
        "fleet list",
        "krm-injector fleet list [OPTIONS] [ROOT]...",
        "say what a repository's targets are, and why",
        (*_SELECTION, *_REPORTING, "--output"),
        reads_stdin=False,
        refused=", and stdout has the targets without errors",
    ),
    Command(
        "fleet build",
        "krm-injector fleet build [OPTIONS] --output DIR [ROOT]...",
        "render and inject every target into a directory",
        (*_RUN, "--mesh", "--layout", "--output"),
        reads_stdin=False,
        refused=", and the targets without errors are written",
        check=_check_build,
        own=(_OUTPUT,),
    ),
    Command(
        "fleet explain",
        "krm-injector fleet explain [OPTIONS] [ROOT]...",
        "say over all targets which workloads are injected, and why",
        (*_RUN, "--mesh", "--output", "--limit"),
        reads_stdin=False,
        refused=", and stdout has the answer all the same",
    ),
    Command(
        "fleet verify",
        "krm-injector fleet verify [OPTIONS] [ROOT]...",
        "check that the manifests of every target are what injection gives now",
        (*_RUN, "--mesh", "--layout", "--output"),
        reads_stdin=False,
        own=(_COMMITTED,),
    ),
    Command(
        "fleet plan",
        "krm-injector fleet plan [OPTIONS] --to MESH [ROOT]...",
        "plan an upgrade of the mesh: changes, waves, restarts, and the way back",
        (*_RUN, "--from", "--to", "--waves", "--campaign", "--apply-labels", "--wave", "--output",
         "--limit"),
        reads_stdin=False,
        refused=", and stdout has the plan of the targets without errors",
        check=_check_plan,
    ),
    Command(
        "fleet merge",
        "krm-injector fleet merge [OPTIONS] REPORT...",
        "join the reports of all shards to one",
        ("--output", "--limit", *_REPORTING),
        reads_stdin=False,
        refused=", and stdout has the answer all the same",
    ),
)  # fmt: skip

FORMS = {
    "fleet list": ("table", "json"),
    "fleet explain": ("table", "json", "markdown", "html", *FINDINGS),
    "fleet plan": ("table", "json", "markdown", "html"),
    "fleet merge": ("table", "json", "markdown", "html", *FINDINGS),
}
