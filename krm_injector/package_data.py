"""Files of this package that are no modules: schemas, pages and tables.

The package may be installed as files, or be in one file (a zipapp). Its loader reads both.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType


def path(beside: str, name: str) -> str:
    """Where a file is. ``beside``: the ``__file__`` of a module in its folder."""
    return os.path.join(os.path.dirname(beside), name)


def text(path: str) -> str:
    """The text of a file (path). Raises OSError."""
    # Installed, the loader of this module reads what is beside it, and in a zipapp all of it.
    loader: ModuleType = __loader__  # type: ignore[name-defined]
    data: bytes = loader.get_data(path)
    return data.decode()
