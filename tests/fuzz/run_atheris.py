"""Coverage-guided fuzzing of one target: what `make fuzz` runs, with the extra `fuzz`.

    python tests/fuzz/run_atheris.py TARGET [--keep-going] [options and folders of libFuzzer]

Without a folder the corpus of the target is the beginning, and what is found goes to
.cache/fuzz/TARGET. Stop with -runs=N or -max_total_time=SECONDS. The bytes of a fault are written
to .cache/fuzz/TARGET-fault-..., and the run ends. With --keep-going it goes on, and each place in
the code is told once.
"""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import atheris

TESTS = Path(__file__).resolve().parent.parent
INSTRUMENTED = tuple(
    f"krm_injector.{name}"
    for name in (
        *("adoption", "decision", "discovery", "function_config", "gotemplate", "injection", "kube"),
        *("judging.advice", "outcome", "pipeline", "reinjection", "sources.resource_list"),
    )
)
sys.path[:0] = [str(TESTS), str(TESTS.parent), str(TESTS.parent / "tools")]

with atheris.instrument_imports(include=["krm_injector"], enable_loader_override=False):
    from fuzz.targets import TARGETS

    # Modules that are imported late would else come in without counters.
    for module in pkgutil.walk_packages([str(TESTS.parent / "krm_injector")], "krm_injector."):
        if module.name.startswith(INSTRUMENTED):
            importlib.import_module(module.name)


CACHE = TESTS.parent / ".cache" / "fuzz"


def watched(name: str, keep_going: bool) -> Callable[[bytes], None]:
    """The target; the bytes of a fault are written, once for each place in the code."""
    told: set[Any] = set()

    def target(data: bytes) -> None:
        try:
            TARGETS[name](data)
        except Exception as fault:
            frames = traceback.extract_tb(fault.__traceback__)
            key = (type(fault), *((frame.filename, frame.lineno) for frame in frames[-3:]))
            if key not in told:
                told.add(key)
                file = CACHE / f"{name}-fault-{hashlib.sha1(data).hexdigest()[:12]}"
                file.write_bytes(data)
                print(f"FAULT {file}", file=sys.stderr)
                traceback.print_exception(fault)
            if not keep_going:
                raise

    return target


def main() -> None:
    name, *options = sys.argv[1:]
    keep_going = "--keep-going" in options
    options = [option for option in options if option != "--keep-going"]
    CACHE.mkdir(parents=True, exist_ok=True)
    if not any(Path(option).is_dir() for option in options):
        (CACHE / name).mkdir(exist_ok=True)
        options += [str(CACHE / name), str(TESTS / "fuzz" / "corpus" / name)]
    options += [f"-artifact_prefix={CACHE}/{name}-", "-timeout=20", "-rss_limit_mb=3000"]
    dictionary = TESTS / "fuzz" / "words" / f"{name}.dict"
    if dictionary.exists():
        options.append(f"-dict={dictionary}")
    atheris.Setup([sys.argv[0], *options], watched(name, keep_going))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
