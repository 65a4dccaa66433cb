"""The words of a command line up to the cursor -> what may stand there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from krm_injector.cli.completion import inputs
from krm_injector.cli.options import COMMANDS, OPTIONS, SHORT, commands_of, forms_of, option_of
from krm_injector.cli.tables import Command, Option
from krm_injector.istio_names import INJECTION_LABEL, REVISION_LABEL
from krm_injector.named_tuple import NamedTuple

SHELLS = ("bash", "zsh", "fish", "kubectl")
_FILES = ("FILE", "PATH", "MESH", "REPORT")  # values that are names of files
_CAMPAIGNS = ("registry=", "native-sidecars", "revision-labels=")
_READ = ("--context", "--mesh", "--config", "--from", "--to", "--fleet")  # inputs, beside paths


class Candidates(NamedTuple):
    """What may stand at the cursor."""

    words: list[tuple[str, str]] = []  # noqa: RUF012 - with their descriptions; never changed
    paths: str = ""  # files, directories: the shell completes these


def complete(words: Sequence[str]) -> Candidates:
    """``words``: behind the program's name; the last one is that at the cursor, maybe empty."""
    *before, current = words or [""]
    found = _all(list(before), current)
    return found._replace(words=[pair for pair in found.words if pair[0].startswith(current)])


class _Line(NamedTuple):
    """The words before the cursor, as far as they can be understood."""

    command: Command
    paths: list[str]
    values: list[tuple[str, str]]  # options with their values; a switch has ""
    open: Option | None  # the option whose value comes next
    behind_dashes: bool


def _all(before: list[str], current: str) -> Candidates:
    first = before[0] if before else ""
    if not before and not current.startswith("-"):
        return Candidates(_first_words())

    inner = commands_of(first)
    if inner and len(before) == 1:
        return Candidates([(each.name.split()[1], each.summary) for each in inner])

    name = " ".join(before[:2]) if inner else first if first in COMMANDS else ""
    if name not in COMMANDS:
        return Candidates()

    line = _read(COMMANDS[name], before[len(name.split()) :])
    if line.behind_dashes:
        return Candidates(paths="files")
    if line.open is not None:
        return _values(line, line.open, current)

    option, equals, value = current.partition("=")
    if current.startswith("--") and equals:
        return _of_one_word(line, option, value)
    if current.startswith("-"):
        return Candidates(_options(line))
    return _paths(line)


def _first_words() -> list[tuple[str, str]]:
    groups = dict.fromkeys(name.split()[0] for name in COMMANDS if " " in name)
    words = [(name, each.summary) for name, each in COMMANDS.items() if name and " " not in name]
    return [*words, *((group, f"the commands of {group}") for group in groups)]


def _read(command: Command, words: list[str]) -> _Line:
    """Never fails: what is wrong is told when the command runs."""
    line = _Line(command, [], [], None, "--" in words)
    rest = iter(words)
    for word in rest:
        if word == "--":
            break
        if not word.startswith("-") or word == "-":
            line.paths.append(word)
            continue

        name, equals, value = word.partition("=")
        name = SHORT.get(name, name)
        takes = name in command.options and bool(option_of(command, name).value)
        if takes and not equals:
            following = next(rest, None)
            if following is None:
                return line._replace(open=option_of(command, name))
            value = following
        line.values.append((name, value))

    return line


# ---------------------------------------------------------------- options


def _options(line: _Line) -> list[tuple[str, str]]:
    """Those that may still be given."""
    given = {name for name, _ in line.values}
    found = []
    for name in OPTIONS:
        option = option_of(line.command, name)
        if name in line.command.options and (option.repeats or name not in given):
            found.append((name, option.help or "the form of what is printed"))

    return [*found, ("--version", OPTIONS["--version"].help)] if not line.command.name else found


def _of_one_word(line: _Line, name: str, value: str) -> Candidates:
    """--option=value."""
    if name not in line.command.options:
        return Candidates()

    found = _values(line, option_of(line.command, name), value)
    return found._replace(words=[(f"{name}={word}", text) for word, text in found.words])


def _values(line: _Line, option: Option, current: str) -> Candidates:
    if option.value in _FILES:
        return Candidates(paths="files")
    if option.value == "DIR":
        return Candidates(paths="directories")

    described = [(word, "") for word in _plain_values(line, option)]
    if option.name == "--namespace-labels":
        described = list(_labels(line, current))
    return Candidates(described)


def _plain_values(line: _Line, option: Option) -> Sequence[str]:
    if option.choices:
        return option.choices
    if option.name == "--output":
        return forms_of(line.command.name)
    if option.name == "--campaign":
        return _CAMPAIGNS
    if option.name == "--mesh-version":
        return _versions()
    if option.name == "--namespace":
        return inputs.read(_inputs(line)).namespaces
    if option.name == "--revision":
        return inputs.read(_inputs(line)).revisions
    if option.name == "--cluster":
        return inputs.clusters([value for name, value in line.values if name == "--fleet"],
                               line.paths)  # fmt: skip
    return ()


def _versions() -> list[str]:
    """The newest first."""
    from krm_injector.versions import NEWEST, OLDEST

    return [f"{NEWEST[0]}.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]


def _labels(line: _Line, current: str) -> Iterator[tuple[str, str]]:
    """NAME=LABELS: first a name, then the labels that injection goes by."""
    facts = inputs.read(_inputs(line))
    name, equals, _ = current.partition("=")
    if not equals:
        yield from ((f"{each}=", "") for each in facts.namespaces)
        return

    yield f"{name}={INJECTION_LABEL}=enabled", "in the mesh"
    yield f"{name}={INJECTION_LABEL}=disabled", "not in the mesh"
    for revision in facts.revisions:
        yield f"{name}={REVISION_LABEL}={revision}", f"in the mesh of revision {revision}"


def _inputs(line: _Line) -> list[str]:
    """The files and directories that are named so far."""
    return [*line.paths, *(value for name, value in line.values if name in _READ)]


# ---------------------------------------------------------------- other words


def _paths(line: _Line) -> Candidates:
    command, given = line.command, line.paths
    if command.name == "help":
        return Candidates(_help_words(given))
    if command.name == "init":
        return Candidates(paths="directories") if given else Candidates(_targets())
    if command.name == "completion":
        return Candidates([] if given else [(shell, "") for shell in SHELLS])
    if not command.name or (command.most_paths is not None and len(given) >= command.most_paths):
        return Candidates()

    only_directories = command.name.startswith("fleet ") and command.name != "fleet merge"
    return Candidates(paths="directories" if only_directories else "files")


def _targets() -> list[tuple[str, str]]:
    from krm_injector.wiring.init import TARGETS

    return [(name, "") for name in TARGETS]


def _help_words(given: list[str]) -> list[tuple[str, str]]:
    from krm_injector.cli.help import codes, config, topics

    if given == ["config"]:
        return config.parts()
    if given and commands_of(given[0]) and len(given) == 1:
        return [(each.name.split()[1], each.summary) for each in commands_of(given[0])]
    if given:
        return []

    of_codes = [(code, entry["title"]) for code, entry in codes.entries().items()]
    return [*_first_words(), *topics.TOPICS.items(), *of_codes]
