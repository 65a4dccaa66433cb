"""What there is help about: commands, codes, the functionConfig, and a few pages more."""

from __future__ import annotations

from krm_injector.cli.help import codes, config
from krm_injector.cli.help.page import Literal, Page, Rows, Synopsis, Text
from krm_injector.cli.help_text import command_page
from krm_injector.cli.options import COMMANDS, Usage, commands_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.cli.help.page import Block

# Topics that are no command and no code.
TOPICS = {
    "topics": "what there is help about",
    "config": "the functionConfig; config KIND and config FIELD tell a part of it",
    "codes": "the codes of results; the name of one tells what it means",
    "exit-status": "what exit status and stdout say",
    "environment": "the variables that are read",
}
_EXIT_STATUS = [
    ("0", "Done."),
    (
        "1",
        "Refused. Every cause is on stderr and in the results. No output is half-injected.",
    ),
    ("2", "Wrong usage. Nothing was read."),
]
ENVIRONMENT = [
    ("PATH", "where kustomize, kubectl, helm and kpt are looked for"),
    ("NO_COLOR", "if it is set, there are no colours on a terminal, unless --color always asks"),
    ("COLUMNS", "how wide a table may be, on a terminal"),
    (
        "JOB_COMPLETION_INDEX, JOB_COMPLETIONS",
        "of an indexed Job of Kubernetes: which shard fleet works on, without --shard",
    ),
    (
        "KUSTOMIZE_PLUGIN_CONFIG_ROOT",
        "set by kustomize for its legacy exec plugins: what paths in the functionConfig are "
        "relative to",
    ),
    ("ARGOCD_APP_...", "the Application and its parameters, where Argo CD runs build as a plugin"),
    ("KRM_INJECTOR_DEBUG", "if it is set, an internal error is printed with its traceback"),
    ("KRM_INJECTOR_SHAPES", "off: every workload is injected by itself. The output is the same"),
]


def check(topic: str, form: str | None) -> None:
    """Raises Usage for what there is no help about, or not in that form."""
    name = _one_word(topic)
    if name.startswith("config "):
        config.check(name.removeprefix("config "))
    elif not _is_known(name):
        raise Usage(f"there is no help about {topic!r}{_nearest(topic)}")

    if form == "json" and name not in ("config", "codes") and name not in codes.entries():
        raise Usage("--output json is for help config, help codes and the name of a code")


def _is_known(name: str) -> bool:
    named = name in TOPICS or name in COMMANDS or bool(commands_of(name))
    return named or name in codes.entries()


def page(topic: str) -> Page:
    """The page about a topic that ``check`` has passed."""
    name = _one_word(topic)
    if name in COMMANDS or commands_of(name):
        return command_page(name)
    if name.partition(" ")[0] == "config":
        return config.page(name.partition(" ")[2])

    pages = {
        "topics": _topics,
        "codes": codes.list_page,
        "exit-status": _exit_status,
        "environment": _environment,
    }
    return pages[name]() if name in pages else codes.code_page(name)


def as_json(topic: str) -> str:
    """config: the JSON Schema, for editors; codes, or a code: what is known of it."""
    name = _one_word(topic)
    return config.schema_text() if name == "config" else codes.as_json(name)


def _one_word(topic: str) -> str:
    """ "exit status" is a topic of one word too."""
    joined = topic.replace(" ", "-")
    return joined if joined in TOPICS else topic


def _nearest(topic: str) -> str:
    """The end of the sentence: what may be meant. A code is only proposed if it is near."""
    import difflib

    names = [*filter(None, COMMANDS), *TOPICS, *codes.entries()]
    close = difflib.get_close_matches(topic.lower(), names, 1, 0.6)
    return f"; did you mean {close[0]}?" if close else "; krm-injector help topics lists them"


# ---------------------------------------------------------------- pages


def _topics() -> Page:
    commands = [(each.name, each.summary) for each in COMMANDS.values() if each.name]
    blocks: list[Block] = [
        Synopsis("krm-injector help [OPTIONS] [COMMAND|TOPIC]"),
        Rows("topics", [*TOPICS.items(), ("CODE", "a code, as port-collision")]),
        Rows("commands", commands),
        Text("--output man prints the page for man:"),
        Literal(("krm-injector help --output man build | man -l -",)),
    ]
    return Page("topics", 7, TOPICS["topics"], blocks)


def _exit_status() -> Page:
    printed = [
        (each.name or "the function", each.refused.removeprefix(", and "))
        for each in COMMANDS.values()
        if each.refused
    ]
    blocks: list[Block] = [
        Rows("exit status", _EXIT_STATUS),
        Rows("with exit status 1", printed),
        Text("A warning or an information does not change the exit status."),
    ]
    return Page("exit-status", 7, TOPICS["exit-status"], blocks)


def _environment() -> Page:
    blocks: list[Block] = [
        Rows("environment", ENVIRONMENT),
        Text(
            "No verdict depends on any of them, but for the Application's parameters. kustomize, "
            "helm and kpt get the environment as it is."
        ),
    ]
    return Page("environment", 7, TOPICS["environment"], blocks)
