"""The command line: words and stdin come in, stdout, stderr and an exit status go out.

May import everything; nothing imports it. Only program.py, stopping.py and streams.py touch sys,
the environment and the streams. Every command takes a Request and returns an Answer (request.py).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def main() -> NoReturn:
    """The entry point. Its name is public: the commands that installers write call it, and an
    editable installation keeps such a command when the checkout below it changes.
    """
    from krm_injector.cli import program

    program.main()
