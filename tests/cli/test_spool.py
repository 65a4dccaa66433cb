"""A long answer waits in a file, or in memory where there can be none."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest

from krm_injector.cli import spool, streams
from krm_injector.cli.request import Answer, Arguments

PIECES = [f"é{number} " * 50_000 for number in range(40)]


class Full(io.BytesIO):
    """A file on a disk that is full after three megabytes."""

    def write(self, data: Any) -> int:
        room = 3 * 2**20 - self.tell()
        if room < len(data):
            super().write(bytes(data[: max(room, 0)]))
            raise OSError(28, "No space left on device")
        return super().write(data)


def no_file(**options: object) -> io.BytesIO:
    raise FileNotFoundError(2, "No usable temporary directory found")


@pytest.mark.parametrize("opened", [None, no_file, lambda **options: Full()])
def test_a_long_answer_is_whole(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if opened is not None:
        monkeypatch.setattr(spool, "TemporaryFile", opened)
    assert b"".join(spool.spooled(PIECES[:3], iter(PIECES[3:]))) == "".join(PIECES).encode()


@pytest.mark.parametrize("size", [0, 1, 10, 40])
def test_an_answer_in_pieces(size: int, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert streams.finish(Answer(iter(PIECES[:size])), Arguments()) == 0
    assert capfdbinary.readouterr().out == "".join(PIECES[:size]).encode()


def test_nothing_is_written_before_all_is_known(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    def pieces() -> Iterator[str]:
        yield from PIECES
        raise ValueError("in the last piece")

    with pytest.raises(ValueError, match="last"):
        streams.finish(Answer(pieces()), Arguments())
    assert capfdbinary.readouterr().out == b""
