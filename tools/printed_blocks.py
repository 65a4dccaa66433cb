"""Writes what commands print into the pages of docs/: the blocks under `<!-- prints -->`.

    python tools/printed_blocks.py tutorial.md

tests/project/test_pages.py compares them.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PRINTED = re.compile(r"(<!-- prints -->\n+```text\n)(.*?)(^```$)", re.MULTILINE | re.DOTALL)


def main() -> None:
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "bench")]
    import pages

    for page in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder:
            work = pages.directory_of(page, Path(folder))
            found = pages.follow(pages.blocks(page), work, Path(folder))
            printed = [text for _, text in found]

        path = ROOT / "docs" / page
        parts = PRINTED.split(path.read_text(encoding="utf-8"))
        parts[2::4] = printed  # before, the fence, what is printed, the fence, after
        path.write_text("".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
