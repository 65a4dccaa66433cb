"""The words of a command line -> Arguments, according to the tables of options.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from krm_injector.cli.options import (
    COMMANDS,
    FORMS,
    OPTIONS,
    SHORT,
    Command,
    Option,
    Usage,
    commands_of,
    forms_of,
    modes_of,
    option_of,
)
from krm_injector.cli.request import Arguments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def parse(words: Sequence[str]) -> Arguments:
    """The command line without the program's name. Raises Usage."""
    if {"--version", "-V"} & set(_before_dashes(words)):
        return Arguments(version=True)

    if words and commands_of(words[0]) and {"--help", "-h"} & set(words[1:2]):
        return Arguments(command=words[0], help=True)

    command, words = _split(words)
    line = _CommandLine(command)
    rest = iter(words)
    for word in rest:
        if word == "--":
            line.behind_dashes.extend(rest)
        elif word == "-" or not word.startswith("-"):
            line.paths.append(word)
        else:
            option, text = _option(word, command, rest)
            line.add(option, text)

    arguments = line.arguments()
    if arguments.help:
        return Arguments(command=command.name, help=True)

    _check_paths(command, arguments.paths)
    _check_together(command, arguments)
    return arguments


class _CommandLine:
    """The options and paths read so far."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self.paths: list[str] = []
        self.behind_dashes: list[str] = []
        self.fields: dict[str, Any] = {}  # of Arguments
        self.texts: dict[str, str] = {}  # option -> its value as it was written

    def add(self, option: Option, text: str | None) -> None:
        """Adds an option's value to those that were given before. No value is dropped: a second
        value of an option that takes one raises Usage. A switch may be repeated.
        """
        if text is None:
            self.fields[option.field] = True
            return

        value = _converted(option, text)
        if option.repeats:
            self.fields[option.field] = (*self.fields.get(option.field, ()), value)
            return

        before = self.texts.get(option.name)
        if before is not None:
            raise Usage(f"{option.name} is given twice: {before!r} and {text!r}; keep one")

        self.texts[option.name] = text
        self.fields[option.field] = value

    def arguments(self) -> Arguments:
        paths, passed_on = tuple(self.paths), tuple(self.behind_dashes)
        if not self.command.passes_on:
            # -- ends the options. A path that begins with a dash may follow.
            paths, passed_on = (*paths, *passed_on), ()

        return Arguments(self.command.name, paths, passed_on=passed_on, **self.fields)


# ---------------------------------------------------------------- words


def _before_dashes(words: Sequence[str]) -> Sequence[str]:
    return words[: words.index("--")] if "--" in words else words


# What other programs call it: istioctl, linkerd, helm, kpt.
_ELSEWHERE = {
    "kube-inject": "inject",
    "check-inject": "explain",
    "uninject": "eject",
    "template": "build",
    "render": "build",
}


def _split(words: Sequence[str]) -> tuple[Command, Sequence[str]]:
    """The command and the words after its name. If options come first, it is the function."""
    first = words[0] if words else "--"
    if first.startswith("-") and first != "-":
        return COMMANDS[""], words

    pair = " ".join(words[:2])
    if pair in COMMANDS:
        return COMMANDS[pair], words[2:]
    return _command(first, *words[1:2]), words[1:]


def _inner(word: str, second: str, names: list[str]) -> str:
    """What is wrong with the second word of a command that has two."""
    if not second or second.startswith("-"):
        return f"{word} what? One of: {', '.join(names)}"

    near = nearest(second, [name.partition(" ")[2] for name in names])
    return f"{word} has no command {second!r}{near}"


def _command(word: str, second: str = "") -> Command:
    if word in COMMANDS and word:
        return COMMANDS[word]

    inner = [command.name for command in commands_of(word)]
    if inner:
        raise Usage(_inner(word, second, inner))
    if "." in word or "/" in word:
        raise Usage(f"{word} stands where a command is expected: krm-injector inject {word}")

    names = [name for name in COMMANDS if name]
    meant = _ELSEWHERE.get(word) or next((name for name in names if name.endswith(f" {word}")), "")
    hint = f"; did you mean {meant}?" if meant else nearest(word, names)
    raise Usage(f"there is no command {word!r}{hint}")


def _option(word: str, command: Command, rest: Iterator[str]) -> tuple[Option, str | None]:
    """The option that a word names, and its value as text: the part after "=", or the next word.
    None for a switch.
    """
    name, equals, text = word.partition("=")
    name = SHORT.get(name, name)
    if name not in command.options:
        place = command.name or "the function"
        names = [*command.options] if command.name else [*command.options, "--version"]
        raise Usage(f"{place} has no option {name}{nearest(name, names)}")

    option = option_of(command, name)
    if not option.value:
        if equals:
            raise Usage(f"{name} takes no value")
        return option, None

    if not equals:
        text = next(rest, "")
    if not text:
        raise Usage(f"{name} needs a value: {name} {option.value}")

    return option, text


def _converted(option: Option, text: str) -> Any:
    try:
        value = option.convert(text)
    except ValueError as expected:
        raise Usage(f"{option.name} takes {expected}, not {text!r}") from None

    if option.choices and value not in option.choices:
        raise Usage(_not_one_of(option.name, option.choices, text))

    return value


def _not_one_of(name: str, choices: Sequence[str], text: str) -> str:
    near = nearest(text, list(choices))
    meant = near if near.startswith("; did") else ""
    return f"{name} is one of {', '.join(choices)}, not {text!r}{meant}"


def nearest(word: str, names: list[str]) -> str:
    """The end of a sentence about an unknown word: what may be meant, or what there is."""
    import difflib  # late: only a typo needs it

    bare = {name.lstrip("-"): name for name in names}
    close = difflib.get_close_matches(word.lstrip("-"), bare, 1, 0.6)
    return f"; did you mean {bare[close[0]]}?" if close else f"; known: {', '.join(names)}"


# ---------------------------------------------------------------- what cannot be meant


def _check_paths(command: Command, paths: Sequence[str]) -> None:
    if not command.name and paths:
        # Options before the command's name: look up the name first, because its error is more
        # useful.
        _command(paths[0])
        raise Usage(f"options follow the command: krm-injector {paths[0]} ...")

    if command.most_paths is not None and len(paths) > command.most_paths:
        raise Usage(f"{paths[command.most_paths]!r} is one path too many: {command.usage}")
    if paths.count("-") > 1:
        raise Usage("- (stdin) can be read only once")


def _check_together(command: Command, arguments: Arguments) -> None:
    """Raises Usage for an option that another one makes useless: none is passed over silently."""
    if "," in (arguments.mesh_version or "") and not arguments.truth_table:
        raise Usage("--mesh-version takes one version; several are for --truth-table")

    if arguments.no_color and arguments.color not in (None, "never"):
        raise Usage(f"--no-color and --color {arguments.color} exclude each other: keep one")
    if command.check is not None:
        command.check(arguments)
    if arguments.output is not None:
        _check_form(arguments, arguments.output)


def _check_form(arguments: Arguments, form: str) -> None:
    """Raises Usage if the command does not have that form, or not with its other options."""
    command = arguments.command
    forms = forms_of(command)
    if form not in forms:
        raise Usage(_not_one_of("--output", forms, form))

    modes = modes_of(command)
    mode = next((mode for mode in modes if getattr(arguments, OPTIONS[mode].field)), "")
    printed = FORMS[f"{command} {mode}".rstrip()]
    if form in printed:
        return

    if mode:
        raise Usage(f"with {mode} --output is {', '.join(printed)} or left out, not {form!r}")

    others = [mode for mode in modes if form in FORMS[f"{command} {mode}"]]
    raise Usage(
        f"--output {form} is for {' and '.join(others)}; here it is {listed(printed)}",
    )


def listed(words: Sequence[str]) -> str:
    """Words as a sentence lists them: "table, json or html"."""
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]
