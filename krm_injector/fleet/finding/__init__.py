"""A repository -> its targets, and what is no target, each with the reason.

In: directories and a fleet file. Out: a Fleet. Nothing is rendered, and no program is started. May
import what fleet may; the rest of fleet imports only ``find``.
"""

from __future__ import annotations

from collections.abc import Sequence

from krm_injector.fleet.model import Fleet

__all__ = ["find"]


def find(roots: Sequence[str], fleet_file: str | None, mixed: bool = False) -> Fleet:
    """The fleet of some directories (none: the working directory). Without a fleet file that of the
    directories is read, if there is one. ``mixed``: a directory with something to render below is a
    target too, of the manifests directly in it. Raises Refused if the file or a directory cannot be
    read.
    """
    from krm_injector.fleet.finding import whole  # late: fleet_file imports modules of this folder

    return whole.find(roots, fleet_file, mixed)
