"""The least that a Python program on libyaml can take: a bare interpreter that reads stdin as
libyaml's events, and writes.

    floor_program.py copy           stdin's bytes, as they came
    floor_program.py emit CHANGED   CHANGED, a sequence of objects, with libyaml's emitter

The events to emit have to come from somewhere; reading CHANGED does not count. The last line on
stderr says how many CPU seconds that took.
"""

from __future__ import annotations

import gc
import os
import sys
from time import process_time
from types import ModuleType

TYPE_CHECKING = False  # typing itself would have to be imported
if TYPE_CHECKING:
    from typing import Any

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def main() -> None:
    gc.disable()  # events know nothing of each other, so nothing is to be collected
    bindings = libyaml()
    data = sys.stdin.buffer.read()
    read(bindings, data)

    uncounted = 0.0
    if sys.argv[1] == "copy":
        sys.stdout.buffer.write(data)
    else:
        uncounted = emit(bindings, sys.argv[2])
    print(uncounted, file=sys.stderr)


def libyaml() -> Any:
    """PyYAML's binding, imported as krm-injector does: without the rest of PyYAML."""
    for name in ("krm_injector", "krm_injector.kube", "krm_injector.kube.yaml"):
        package = ModuleType(name)  # empty: only the module below it is wanted
        package.__path__ = [os.path.join(ROOT, *name.split("."))]
        sys.modules[name] = package

    from krm_injector.kube.yaml import extension

    extension.load()
    import yaml._yaml

    return yaml._yaml


def read(bindings: Any, data: bytes) -> None:
    get_event = bindings.CParser(data).get_event
    while get_event() is not None:
        pass


def emit(bindings: Any, changed: str) -> float:
    """Write the elements of the sequence; the CPU seconds that went into reading them."""
    from yaml import events as event

    emitter = bindings.CEmitter(sys.stdout.buffer, width=1 << 30)  # no line is folded
    emitter.emit(event.StreamStartEvent(encoding="utf-8"))
    emitter.emit(event.DocumentStartEvent(explicit=False))
    emitter.emit(event.SequenceStartEvent(None, None, True, flow_style=False))

    started = process_time()
    uncounted = 0.0
    for element in elements(changed):
        get_event = bindings.CParser(element).get_event
        inner = list(iter(get_event, None))[3:-3]  # without stream, document and sequence
        uncounted += process_time() - started
        for one in inner:
            emitter.emit(one)
        started = process_time()

    emitter.emit(event.SequenceEndEvent())
    emitter.emit(event.DocumentEndEvent(explicit=False))
    emitter.emit(event.StreamEndEvent())
    return uncounted


def elements(path: str) -> list[str]:
    with open(path) as file:
        first, *others = file.read().split("\n- ")
    return [first, *("- " + other for other in others)] if first else []


if __name__ == "__main__":
    main()
