"""Where the tests find things: the repository, its test data, and Istio's cases outside it."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"
SHARED = Path(os.environ.get("KRM_INJECTOR_SHARED") or ROOT.parent / "shared")
