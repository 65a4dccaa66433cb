"""Fuzzing of one target without counters: fast, repeatable, and in need of nothing but Python.

    python tests/fuzz/run_plain.py TARGET [--runs N] [--seconds N] [--seed N] [--corpus DIRECTORY]

Each input is one of the corpus, or two of them spliced, with some bytes and words changed. The
bytes of each fault are written to .cache/fuzz/TARGET-fault-..., once for each place in the code.
The exit status is 1 if there was one.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parent.parent
FUZZ = TESTS / "fuzz"
CACHE = TESTS.parent / ".cache" / "fuzz"


class Mutator:
    """New inputs out of old ones."""

    def __init__(self, seeds: Sequence[bytes], words: Sequence[bytes], pick: random.Random) -> None:
        self.seeds, self.words, self.pick = seeds, words, pick

    def make(self) -> bytes:
        pick = self.pick
        data = bytearray(pick.choice(self.seeds))
        if pick.random() < 0.3:
            other = pick.choice(self.seeds)
            data[pick.randrange(len(data) + 1) :] = other[pick.randrange(len(other) + 1) :]
        for _ in range(pick.choice((1, 1, 2, 3, 5, 8))):
            self._change(data)
        return bytes(data[:2000])

    def _change(self, data: bytearray) -> None:
        pick = self.pick
        at = pick.randrange(len(data) + 1)
        end = min(len(data), at + pick.choice((1, 1, 2, 4, 16)))
        kind = pick.randrange(6)
        if kind == 0 and at < len(data):
            data[at] = pick.randrange(256)
        elif kind == 1:
            del data[at:end]
        elif kind == 2:
            data[at:at] = data[at:end]
        elif kind == 3 and data:
            begin = pick.randrange(len(data))
            data[at:at] = data[begin : begin + pick.choice((2, 8, 30))]
        elif self.words:
            data[at : end if kind == 4 else at] = pick.choice(self.words)


def words_of(name: str) -> list[bytes]:
    """The target's dictionary, in the form of libFuzzer."""
    file = FUZZ / "words" / f"{name}.dict"
    lines = file.read_text().splitlines() if file.exists() else []
    texts = [line.strip()[1:-1] for line in lines if line.strip()]
    return [text.encode().decode("unicode_escape").encode("latin-1") for text in texts]


def corpus_of(name: str) -> list[bytes]:
    return [file.read_bytes() for file in sorted((FUZZ / "corpus" / name).iterdir())]


class Faults:
    """What went wrong, once for each place in the code."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.told: set[Any] = set()

    def tell(self, data: bytes, fault: Exception) -> None:
        frames = traceback.extract_tb(fault.__traceback__)
        key = (type(fault), *((frame.filename, frame.lineno) for frame in frames[-3:]))
        if key in self.told:
            return
        self.told.add(key)
        CACHE.mkdir(parents=True, exist_ok=True)
        file = CACHE / f"{self.name}-fault-{hashlib.sha1(data).hexdigest()[:12]}"
        file.write_bytes(data)
        print(f"FAULT {file}", file=sys.stderr)
        traceback.print_exception(fault)


def fuzz(
    target: Callable[[bytes], None], mutator: Mutator, faults: Faults, runs: int, seconds: float
) -> int:
    """How often the target ran."""
    end = time.monotonic() + seconds
    done = 0
    while done < runs and (done % 16 or time.monotonic() < end):
        data = mutator.make()
        done += 1
        try:
            target(data)
        except Exception as fault:
            faults.tell(data, fault)
    return done


def main() -> None:
    from fuzz.targets import TARGETS

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--runs", type=int, default=10**9)
    parser.add_argument("--seconds", type=float, default=10**9)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", type=Path)
    asked = parser.parse_args()

    seeds = corpus_of(asked.target)
    if asked.corpus:
        seeds += [file.read_bytes() for file in sorted(asked.corpus.iterdir())]
    mutator = Mutator(seeds, words_of(asked.target), random.Random(asked.seed))
    faults = Faults(asked.target)
    began = time.monotonic()
    done = fuzz(TARGETS[asked.target], mutator, faults, asked.runs, asked.seconds)
    took = time.monotonic() - began
    print(f"{asked.target}: {done} runs in {took:.0f} s, {len(faults.told)} faults")
    sys.exit(bool(faults.told))


if __name__ == "__main__":
    # The script's own folder is no place to import from: it is the package.
    sys.path[:1] = [str(TESTS), str(TESTS.parent), str(TESTS.parent / "tools")]
    main()
