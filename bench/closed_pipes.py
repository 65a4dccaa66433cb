"""Closes the pipe that stdout is after every 4 KiB of an answer, and looks at the exit status.

    python bench/closed_pipes.py

Status 0 must mean that the pipe has taken all of the answer. A pipe holds 64 KiB that nobody has
read yet, so a reader may go that much before the end.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from kill_ways import POD, SHOP

ROOT = Path(__file__).resolve().parent.parent
PAGE, HELD = 4096, 65536
WORDS = {"inject": ("inject", "in.yaml"), "the function": ()}


def manifests() -> list[str]:
    return [SHOP, *(POD.format(number) for number in range(40))]


def resource_list() -> bytes:
    items = "".join("- " + text.replace("\n", "\n  ").rstrip(" ") for text in manifests())
    head = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n"
    return f"{head}{items}".encode()


def read(
    directory: Path, words: tuple[str, ...], env: dict[str, str], most: int
) -> tuple[int, int]:
    """Exit status, and how many bytes were read before the pipe was closed."""
    with open(directory / "list.yaml", "rb") as stdin:
        started = subprocess.Popen(
            [sys.executable, "-m", "krm_injector", *words],
            cwd=directory,
            env=env,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    assert started.stdout is not None
    got = len(started.stdout.read(most))
    started.stdout.close()
    return started.wait(), got


def main() -> None:
    faults = 0
    base = {name: os.environ[name] for name in os.environ if name != "PYTHONUNBUFFERED"}
    print("| stdout | bytes | ends | status 0 | faults |\n|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "in.yaml").write_text("---\n".join(manifests()))
        (directory / "list.yaml").write_bytes(resource_list())
        for what, words in WORDS.items():
            for more in ({}, {"PYTHONUNBUFFERED": "1"}):
                env = {**base, "PYTHONPATH": str(ROOT), **more}
                code, size = read(directory, words, env, 1 << 30)
                assert code == 0, code
                codes = {at: read(directory, words, env, at)[0] for at in range(0, size, PAGE)}
                wrong = [
                    at
                    for at, code in codes.items()
                    if code not in (0, 1, -signal.SIGPIPE) or (code == 0 and size - at > HELD)
                ]
                faults += len(wrong)
                done = sum(code == 0 for code in codes.values())
                kind = "unbuffered" if more else "buffered"
                print(f"| {what}, {kind} | {size:,} | {len(codes)} | {done} | {len(wrong)} |")

    raise SystemExit(1 if faults else 0)


if __name__ == "__main__":
    main()
