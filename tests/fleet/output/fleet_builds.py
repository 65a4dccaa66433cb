"""What a run of `fleet build` does to its output directory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from krm_injector.fleet.model import TargetResult
from krm_injector.fleet.output import Writer


def build(
    directory: Path,
    targets: dict[str, str],
    layout: Any = "file",
    failing: tuple[str, ...] = (),
    names: tuple[str, ...] | None = None,
    whole: bool = True,
    shard: tuple[int, int] = (1, 1),
) -> tuple[Writer, list[TargetResult]]:
    """What a run over some targets does, given the text of each."""
    every = names if names is not None else (*targets, *failing)
    with Writer(str(directory), layout, every, whole, shard) as writer:
        results = [writer.write(TargetResult(name, 0, text)) for name, text in targets.items()]
        results += [writer.write(TargetResult(name, 1)) for name in failing]
        problems = writer.finish()

    if problems:
        results.append(TargetResult("", 1, results=problems))
    return writer, results


def problems(results: list[TargetResult]) -> list[str]:
    return [each.code for result in results for each in result.results]
