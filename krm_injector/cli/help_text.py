"""The text of ``--help``, made from the tables of options.py. It is at most 80 columns wide."""

from __future__ import annotations

from krm_injector.cli.arguments import listed
from krm_injector.cli.help.page import Page, Rows, Synopsis, Text, plain
from krm_injector.cli.options import COMMANDS, OPTIONS, SHORT, commands_of, forms_of, option_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.cli.help.page import Block


def help_text(name: str = "") -> str:
    """The help of a command, of a group of commands ("fleet"), or of the program as a whole."""
    return plain(command_page(name))


def command_page(name: str) -> Page:
    """The same as a page."""
    if commands_of(name):
        return _group_page(name)

    command = COMMANDS[name]
    if not name:
        return _program_page()

    summary = command.summary[0].upper() + command.summary[1:]
    blocks: list[Block] = [Synopsis(command.usage), Text(f"{summary}."), _options(name, "options")]
    return Page(name, 1, command.summary, [*blocks, _exit_status(command.refused)])


def _group_page(name: str) -> Page:
    rows = [(each.name, each.summary) for each in commands_of(name)]
    blocks: list[Block] = [
        Synopsis(f"krm-injector {name} COMMAND [OPTIONS] ..."),
        Rows("commands", rows),
        Text(f"krm-injector {name} COMMAND --help prints its help."),
    ]
    return Page(name, 1, f"the commands of {name}", blocks)


def _program_page() -> Page:
    function = COMMANDS[""]
    commands = [(each.name, each.summary) for each in COMMANDS.values() if each.name]
    blocks: list[Block] = [
        Text("Injects Istio's sidecar at build time, as Istio's own webhook does it."),
        Synopsis("krm-injector COMMAND [OPTIONS] [PATH]..."),
        Rows("commands", commands),
        Text(
            "krm-injector COMMAND --help prints the help of a command. krm-injector help topics "
            "lists what else there is help about: the functionConfig, codes, exit status."
        ),
        Text(f"Without a command, krm-injector is {function.summary}."),
        _options("", "options without a command"),
        _exit_status(function.refused),
    ]
    return Page("", 1, "inject Istio's sidecar at build time", blocks)


def _options(command: str, title: str) -> Rows:
    names = [option for option in OPTIONS if option in COMMANDS[command].options]
    return Rows(title, [_option(name, command) for name in names])


def _option(name: str, command: str) -> tuple[str, str]:
    option = option_of(COMMANDS[command], name)
    short = next((f"{letter}, " for letter, long in SHORT.items() if long == name), "")
    words = f"{short}{name} {option.value}".rstrip()
    return words, option.help or listed(forms_of(command))


def _exit_status(refused: str) -> Rows:
    rows = [("0", "done"), ("1", f"refused: stderr has the reason{refused}"), ("2", "wrong usage")]
    return Rows("exit status", rows)
