"""GitHub: a workflow that verifies committed manifests."""

from __future__ import annotations

from krm_injector.wiring import verification
from krm_injector.wiring.plan import Plan, new

FILE = ".github/workflows/krm-injector.yaml"
WORKFLOW = """\
name: krm-injector
on:
  pull_request:
permissions:
  contents: read
jobs:
  verify:
    runs-on: ubuntu-latest
    steps:
    - uses: actions/checkout@v4
    - uses: actions/setup-python@v5
      with:
        python-version: "3.12"
    - run: python -m pip install git+https://git.example/krm-injector@COMMIT
    - run: %s
"""
NOTE = (
    "The workflow reads what is committed injected: name the directory of rendered manifests, "
    "where it is not ."
)
INSTALLATION = (
    "krm-injector is on no public package index: put its repository and a commit for git.example "
    "and COMMIT."
)


def plan(directory: str, image: str | None) -> Plan:
    command, note = verification.command(directory)
    files = new(directory, FILE, WORKFLOW % command)
    return Plan(files, (command,), (note or NOTE, INSTALLATION))
