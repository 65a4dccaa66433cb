"""Writes the man pages into a directory, for a package: krm-injector-build.1 and so on.

    python scripts/man_pages.py DIR

The same pages are printed by `krm-injector help --output man COMMAND`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from krm_injector.cli.help import man, topics
from krm_injector.cli.options import COMMANDS
from krm_injector.function_config.fields import KINDS


def write(directory: Path) -> list[Path]:
    """One file for each command, topic and kind of functionConfig."""
    kinds = [f"config {kind}" for kind in KINDS]
    written = []
    directory.mkdir(parents=True, exist_ok=True)
    for topic in dict.fromkeys(["", *COMMANDS, *topics.TOPICS, *kinds]):
        page = topics.page(topic)
        path = directory / man.file_name(page)
        path.write_text(man.text(page), encoding="utf-8")
        written.append(path)

    return written


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python scripts/man_pages.py DIR")
    for path in write(Path(sys.argv[1])):
        print(path)
