"""Archives whose bytes depend on nothing but their content and a time."""

from __future__ import annotations

import gzip
import io
import tarfile
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

_PROGRAM, _DATA = 0o755, 0o644


def mode_of(content: bytes) -> int:
    return _PROGRAM if content[:2] == b"#!" else _DATA


def extract(archive: tarfile.TarFile, directory: Path) -> None:
    """All of an archive of our own. Python knows the filter from 3.11.4 on."""
    if hasattr(tarfile, "data_filter"):
        archive.extractall(directory, filter="data")
    else:
        archive.extractall(directory)


def tar(path: Path, files: Mapping[str, bytes], epoch: int) -> Path:
    """A .tar.gz with these files, in the order of their names."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.mode = len(content), epoch, mode_of(content)
            archive.addfile(member, io.BytesIO(content))

    with path.open("wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=epoch) as packed:
        packed.write(raw.getvalue())
    return path


def executable_zip(path: Path, files: Mapping[str, bytes], epoch: int) -> Path:
    """A zipapp: a program for Python 3 that is a zip file."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in sorted(files.items()):
            member = zipfile.ZipInfo(name, time.gmtime(epoch)[:6])
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system, member.external_attr = 3, _DATA << 16  # unix
            archive.writestr(member, content)

    path.write_bytes(b"#!/usr/bin/env python3\n" + raw.getvalue())
    path.chmod(_PROGRAM)
    return path
