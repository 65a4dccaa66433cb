"""The text of ``--help``, made from the tables of options.py. It is at most 80 columns wide."""

from __future__ import annotations

import textwrap

from krm_injector.cli.arguments import listed
from krm_injector.cli.options import COMMANDS, OPTIONS, SHORT, commands_of, forms_of, option_of

_WIDTH = 80
_WIDEST = 21  # words that have their text beside them; longer ones have it below


def help_text(name: str = "") -> str:
    """The help of a command, of a group of commands ("fleet"), or of the program as a whole."""
    group = commands_of(name)
    if group:
        rows = [(each.name, each.summary) for each in group]
        lines = [f"usage: krm-injector {name} COMMAND [OPTIONS] ...", "", "commands:"]
        lines += [*_columns(rows), "", f"krm-injector {name} COMMAND --help prints its help."]
        return "\n".join(lines) + "\n"

    command = COMMANDS[name]
    if name:
        summary = command.summary[0].upper() + command.summary[1:]
        lines = [*_wrapped("usage: ", command.usage), "", *_wrapped("", f"{summary}."), ""]
        lines += ["options:"]
    else:
        commands = [(each.name, each.summary) for each in COMMANDS.values() if each.name]
        lines = ["Injects Istio's sidecar at build time, as Istio's own webhook does it.", ""]
        lines += ["usage: krm-injector COMMAND [OPTIONS] [PATH]...", ""]
        lines += ["commands:", *_columns(commands), ""]
        lines += ["krm-injector COMMAND --help prints the help of a command.", ""]
        lines += [*_wrapped("", f"Without a command, krm-injector is {command.summary}."), ""]
        lines += ["options without a command:"]

    lines += _columns([_option(option, name) for option in OPTIONS if option in command.options])
    lines += ["", "exit status:", *_columns(_statuses(command.refused))]
    return "\n".join(lines) + "\n"


def _option(name: str, command: str) -> tuple[str, str]:
    option = option_of(COMMANDS[command], name)
    short = next((f"{letter}, " for letter, long in SHORT.items() if long == name), "")
    words = f"{short}{name} {option.value}".rstrip()
    return words, option.help or listed(forms_of(command))


def _statuses(refused: str) -> list[tuple[str, str]]:
    return [("0", "done"), ("1", f"refused: stderr has the reason{refused}"), ("2", "wrong usage")]


def _columns(rows: list[tuple[str, str]]) -> list[str]:
    widths = [len(left) for left, _ in rows]
    width = max(width for width in widths if width <= _WIDEST)
    lines: list[str] = []
    for left, right in rows:
        start = f"  {left:<{width}}  "
        if len(left) > width:
            lines.append(f"  {left}")
            start = " " * (width + 4)
        lines += _wrapped(start, right)

    return lines


def _wrapped(start: str, text: str) -> list[str]:
    """The text after a start, in lines that are indented by the start's width."""
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_on_hyphens=False,
        break_long_words=False,
    )
