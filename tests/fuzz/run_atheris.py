"""Fuzzing of one target that is guided by coverage, with the extra `fuzz` (atheris, libFuzzer).

    python tests/fuzz/run_atheris.py TARGET [--keep-going] [options and folders of libFuzzer]

Without a folder the corpus of the target is the beginning, and what is found goes to
.cache/fuzz/TARGET. Stop with -runs=N or -max_total_time=SECONDS. The bytes of a fault are written
to .cache/fuzz/TARGET-fault-..., and the run ends. With --keep-going it goes on, and each place in
the code is told once.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable
from pathlib import Path

import atheris

TESTS = Path(__file__).resolve().parent.parent
sys.path[:1] = [str(TESTS), str(TESTS.parent), str(TESTS.parent / "tools")]

# What the targets are about. More counters would make each run slower.
LAYERS = {"yaml": ["kube.yaml"], "template": ["gotemplate"], "merge": ["kube"]}
WHOLE = [
    *("adoption", "decision", "discovery", "function_config", "injection", "kube", "outcome"),
    *("pipeline", "reinjection", "sources.resource_list"),
]


def instrumented(name: str) -> None:
    """Imports the target's layers with counters, those too that are imported late."""
    prefixes = tuple(f"krm_injector.{layer}" for layer in LAYERS.get(name, WHOLE))
    with atheris.instrument_imports(include=list(prefixes), enable_loader_override=False):
        for module in pkgutil.walk_packages([str(TESTS.parent / "krm_injector")], "krm_injector."):
            if module.name.startswith(prefixes):
                importlib.import_module(module.name)


def watched(name: str, keep_going: bool) -> Callable[[bytes], None]:
    """The target; the bytes of a fault are written, once for each place in the code."""
    from fuzz.run_plain import Faults
    from fuzz.targets import TARGETS

    run, faults = TARGETS[name], Faults(name)

    def target(data: bytes) -> None:
        try:
            run(data)
        except Exception as fault:
            faults.tell(data, fault)
            if not keep_going:
                raise

    return target


def main() -> None:
    from fuzz.run_plain import CACHE

    name, *options = sys.argv[1:]
    instrumented(name)
    target = watched(name, "--keep-going" in options)
    options = [option for option in options if option != "--keep-going"]
    CACHE.mkdir(parents=True, exist_ok=True)
    if not any(Path(option).is_dir() for option in options):
        (CACHE / name).mkdir(exist_ok=True)
        options += [str(CACHE / name), str(TESTS / "fuzz" / "corpus" / name)]
    options += [f"-artifact_prefix={CACHE}/{name}-", "-timeout=20", "-rss_limit_mb=3000"]
    words = TESTS / "fuzz" / "words" / f"{name}.dict"
    if words.exists():
        options.append(f"-dict={words}")
    atheris.Setup([sys.argv[0], *options], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
