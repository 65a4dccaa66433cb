"""The text of ``--help``, out of the tables of options.py."""

from __future__ import annotations

from krm_injector.cli.arguments import listed
from krm_injector.cli.options import COMMANDS, OPTIONS, SHORT, forms_of


def help_text(name: str = "") -> str:
    """The help of a command, or of the program as a whole."""
    command = COMMANDS[name]
    if name:
        summary = command.summary[0].upper() + command.summary[1:]
        lines = [f"usage: {command.usage} [OPTIONS]", "", f"{summary}.", ""]
    else:
        commands = [(command.usage, command.summary) for command in COMMANDS.values()]
        lines = ["Istio sidecar injection at build time, as Istio's own webhook does it.", ""]
        lines += [*_columns(commands), ""]
        lines += ["Each command has --help; --version prints the version.", ""]

    lines += ["options:", *_columns([_option(option, name) for option in command.options]), ""]
    lines += [
        f"Exit status: 0 done; 1 refused, with the reason on stderr{command.refused}; "
        "2 wrong usage."
    ]
    return "\n".join(lines) + "\n"


def _option(name: str, command: str) -> tuple[str, str]:
    option = OPTIONS[name]
    short = next((f"{letter}, " for letter, long in SHORT.items() if long == name), "")
    words = f"{short}{name} {option.value}".rstrip()
    return words, listed(forms_of(command)) if name == "--output" else option.help


def _columns(rows: list[tuple[str, str]]) -> list[str]:
    width = max(len(left) for left, _ in rows)
    return [f"  {left:<{width}}  {right}" for left, right in rows]
