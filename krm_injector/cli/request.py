"""The one protocol of all commands: a Request comes in, an Answer goes out.

No command touches sys, the environment or a stream. program.py gives a command what it needs of the
environment, and writes its Answer. The KRM function imports this module at every start: keep it
small.
"""

from __future__ import annotations

from krm_injector.cli import configuration
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from krm_injector.function_config import Settings
    from krm_injector.model import Result
    from krm_injector.presenting.findings import Findings
    from krm_injector.presenting.places import Places

DONE, REFUSED, WRONG_USAGE = 0, 1, 2  # exit statuses


class Arguments:
    """A parsed command line. An option that was not given is None (a switch: False).

    It is no NamedTuple: with so many fields that would cost the KRM function, which has no command
    line, 1 % of its start-up. Do not change it all the same: use ``replaced``.
    """

    command: str = ""
    paths: tuple[str, ...] = ()
    passed_on: tuple[str, ...] = ()  # build, explain: the options after --, for kustomize or helm
    config: str | None = None
    mesh: tuple[str, ...] = ()
    namespace: str | None = None
    namespace_labels: tuple[tuple[str, dict[str, str]], ...] = ()
    method: str | None = None
    revision: str | None = None
    results: str | None = None
    docs: str | None = None
    log: str | None = None
    kustomize: str | None = None
    helm: str | None = None
    parameters: bool = False
    output: str | None = None
    truth_table: bool = False
    mesh_version: str | None = None  # with --truth-table several, separated by commas
    image: str | None = None
    context: tuple[str, ...] = ()
    allow_exec: bool = False
    check: str | None = None
    in_place: bool = False
    dry_run: bool = False
    to_file: str | None = None
    from_mesh: str | None = None
    to_mesh: str | None = None
    limit: int | None = None
    show_credentials: bool = False
    verbose: bool = False
    quiet: bool = False
    color: str | None = None
    no_color: bool = False
    help: bool = False
    version: bool = False
    # Of `fleet` only.
    fleet_file: str | None = None
    only: tuple[str, ...] = ()
    cluster: tuple[str, ...] = ()
    jobs: int | None = None
    scheduler: str | None = None
    shard: tuple[int, int] | None = None
    costs: str | None = None
    report: str | None = None
    cache: str | None = None
    changed_since: str | None = None
    to_directory: str | None = None
    layout: str | None = None
    waves: str | None = None
    campaign: str | None = None
    apply_labels: str | None = None
    wave: int | None = None
    kubernetes_version: str | None = None
    # No option: results get their places, for a form of --output or --results.
    placed: bool = False
    # No option: Namespaces that other files of a repository describe: name, labels, file.
    known_namespaces: tuple[tuple[str, dict[str, str], str], ...] = ()
    # No option: of a directory only the manifests directly in it; what is below is read elsewhere.
    own_files: bool = False
    # No option: files that a build names must be below this directory, Argo CD's repository.
    within: str | None = None

    def __init__(self, command: str = "", paths: tuple[str, ...] = (), **options: Any) -> None:
        self.__dict__.update(options, command=command, paths=paths)

    def replaced(self, **options: Any) -> Arguments:
        """The command line with other values for some of its fields."""
        return Arguments(**{**self.__dict__, **options})


class Request(NamedTuple):
    """What a command needs of its environment."""

    arguments: Arguments
    stdin: Callable[[], bytes]
    environment: Mapping[str, str]
    width: int = 0  # cells of a line of stdout; 0: lines are not broken
    colours: bool = False  # whether stdout is a terminal that shows colours
    progress: Callable[[int, int], None] | None = None  # called with workloads done and all
    status: Callable[[Any], None] | None = None  # fleet: called with a State, see fleet.engine
    # Called when files begin to change: from then on a signal comes too late.
    begin: Callable[[], object] = lambda: None

    def with_options(self, **options: Any) -> Request:
        """The request with other values for some of the command line's options."""
        return self._replace(arguments=self.arguments.replaced(**options))

    def settings(self, function_config: Any = None, root: str | None = None) -> Settings:
        """The settings of a functionConfig and of the command line's options, which have
        precedence. None: the functionConfig of --config. ``root``: the directory that the
        functionConfig's paths are relative to. Raises Refused.
        """
        return configuration.read(self.arguments, function_config, root, self.environment)


class Answer(NamedTuple):
    """The output of a command, before anything is written."""

    text: str | Iterable[str]  # for stdout; pieces are taken before anything is written
    results: tuple[Result, ...] = ()
    code: int = DONE
    # Where the results have their causes. Only asked where somebody looks.
    places: Callable[[], Places] | None = None
    # The results with their places, for SARIF and the like; None: nothing more than results.
    findings: Callable[[], Findings] | None = None
    # What is answered if the pieces of the text cannot be made. None: no text, and the error.
    instead: Callable[[Exception], Answer] | None = None
