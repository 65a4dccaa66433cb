"""What a command does not take together. Each check raises Usage."""

from __future__ import annotations

from krm_injector.cli.request import Arguments
from krm_injector.cli.tables import Usage

# Options about manifests or a mesh. A truth table reads neither.
_OF_MANIFESTS = (
    "--config",
    "--mesh",
    "--namespace",
    "--namespace-labels",
    "--method",
    "--revision",
    "--kubernetes-version",
    "--context",
    "--kustomize",
    "--helm",
)

# What init writes into the functionConfig.
OF_INIT = ("--mesh", "--mesh-version", "--context", "--namespace", "--namespace-labels")


def explain(arguments: Arguments) -> None:
    if not arguments.truth_table:
        return

    unread = [name for name in _OF_MANIFESTS if getattr(arguments, name[2:].replace("-", "_"))]
    if unread:
        raise Usage(
            f"--truth-table reads no manifests and no mesh: leave {' and '.join(unread)} out"
        )
    if arguments.paths:
        raise Usage(f"--truth-table reads no manifests: leave {arguments.paths[0]} out")


def diff(arguments: Arguments) -> None:
    if arguments.from_mesh and arguments.to_mesh and arguments.mesh:
        raise Usage("--from and --to name both meshes: leave --mesh out")


def in_place(arguments: Arguments) -> None:
    if arguments.dry_run and not arguments.in_place:
        raise Usage(
            "--dry-run is for --in-place; krm-injector diff shows what injection changes too"
        )
    if arguments.in_place and (not arguments.paths or "-" in arguments.paths):
        raise Usage("--in-place changes files, and stdin is none: name files or directories")


def snapshot(arguments: Arguments) -> None:
    if arguments.check and arguments.to_file:
        raise Usage("--check writes no mesh file: leave --output out")


def help_topic(arguments: Arguments) -> None:
    from krm_injector.cli.help import topics

    topics.check(" ".join(arguments.paths), arguments.output)


def init(arguments: Arguments) -> None:
    if not arguments.paths:
        from krm_injector.wiring.init import TARGETS

        raise Usage(f"init what? One of {', '.join(TARGETS)}")

    target = arguments.paths[0]
    if arguments.image and target in ("pre-commit", "github-action"):
        raise Usage(f"init {target} runs the krm-injector on PATH: leave --image out")

    stated = [name for name in OF_INIT if getattr(arguments, name[2:].replace("-", "_"))]
    if stated and target in ("pre-commit", "github-action"):
        raise Usage(f"init {target} writes no functionConfig: leave {' and '.join(stated)} out")
    if arguments.mesh and (arguments.image or target == "kpt"):
        where = "in a container" if arguments.image else "of kpt"
        raise Usage(
            f"a function {where} finds no mesh file: put its objects, marked "
            "config.kubernetes.io/local-config, among the manifests, and leave --mesh out"
        )


def completion(arguments: Arguments) -> None:
    from krm_injector.cli.completion.words import SHELLS

    if not arguments.paths:
        raise Usage(f"completion for what? One of {', '.join(SHELLS)}")

    shell = arguments.paths[0]
    if shell not in SHELLS:
        from krm_injector.cli.arguments import nearest

        raise Usage(f"there is no completion for {shell!r}{nearest(shell, list(SHELLS))}")
