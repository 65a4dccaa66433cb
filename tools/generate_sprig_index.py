"""Writes krm_injector/gotemplate/sprig/index_generated.py from the tables FUNCS of sprig's modules.

    python tools/generate_sprig_index.py [--print]

Run it after a change to one of these tables; tests/gotemplate/test_sprig.py fails until then. With
--print it writes to standard output instead.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

PACKAGE = "krm_injector.gotemplate.sprig"
SPRIG = Path(__file__).parents[1] / PACKAGE.replace(".", "/")
INDEX = SPRIG / "index_generated.py"

HEAD = '''\
"""Where each function of sprig lives, and the Go types of its parameters: what a template needs to
compile.

Generated from the modules' tables FUNCS by ``python tools/generate_sprig_index.py``.
"""

from __future__ import annotations

# name: (module, types of the parameters, whether the last parameter repeats)
# fmt: off
INDEX: dict[str, tuple[str, tuple[str, ...], bool]] = {
'''


def generated() -> str:
    """The text of the index as the modules are now."""
    lines = []
    for module in sorted(info.name for info in iter_modules([str(SPRIG)])):
        if module == INDEX.stem:
            continue

        functions = getattr(import_module(f"{PACKAGE}.{module}"), "FUNCS", {})
        for name, func in functions.items():
            types = ", ".join(f'"{param}"' for param in func.params)
            if len(func.params) == 1:
                types += ","
            lines.append(f'    "{name}": ("{module}", ({types}), {func.variadic}),')

    return HEAD + "\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["--print"]:
        sys.stdout.write(generated())
    else:
        INDEX.write_text(generated(), encoding="utf-8")
