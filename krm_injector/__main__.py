"""``python -m krm_injector`` is ``krm-injector``."""

from __future__ import annotations

from krm_injector.cli import main

main()
