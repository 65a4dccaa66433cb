"""Where the tests find things: the repository, its test data, and Istio's cases outside it."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"

# The folder beside the repository that holds what is too large for it: Istio's own test cases,
# installations and programs. An empty variable counts as none: Path("") would be the working
# directory.
SHARED = Path(os.environ.get("KRM_INJECTOR_SHARED") or ROOT.parent / "shared")
CORPUS = SHARED / "istio" / "corpus"  # a folder per Istio version: the cases of its own test suite
DIFFERENTIAL = SHARED / "istio" / "differential"  # installations and random cases
DEFAULT_INSTALLATION = DIFFERENTIAL / "mesh" / "default.yaml"
RANDOM_CASES = DIFFERENTIAL / "cases.jsonl.xz"
