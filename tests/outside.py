"""What tests need from outside the repository: files of the shared folder and programs.

A test without them is skipped, and its reason says how to provide what is missing. The tests of
tests/e2e have a stricter rule of their own: real_programs.missing.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

import pytest


def not_at_hand(what: object, remedy: str) -> NoReturn:
    """Skip the test that calls it."""
    pytest.skip(_reason(what, remedy))


def needs(path: Path) -> Path:
    """The path itself; skips the test where nothing lies there."""
    if not path.exists():
        not_at_hand(path, "KRM_INJECTOR_SHARED")
    return path


def needs_path(path: Path) -> pytest.MarkDecorator:
    """The same as a mark, for a whole module or for a test with parameters."""
    return pytest.mark.skipif(not path.exists(), reason=_reason(path, "KRM_INJECTOR_SHARED"))


def needs_program(name: str) -> str:
    """The full path of a program on PATH; skips the test where there is none."""
    executable = shutil.which(name)
    if executable is None:
        not_at_hand(name, "PATH")
    return executable


def helm_on_path(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts Helm 3 on PATH under its usual name; skips the test where there is none."""
    programs = directory / "helm-program"
    programs.mkdir()
    (programs / "helm").symlink_to(needs_program("helm3"))
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")


def webhook_oracle() -> str:
    """The program that answers as the real webhook of Istio does; skips the test without it."""
    executable = os.environ.get("KRM_INJECTOR_ORACLE") or shutil.which("istio-webhook-oracle")
    if not executable:
        not_at_hand("istio-webhook-oracle", "KRM_INJECTOR_ORACLE or PATH")
    return executable


def ask_webhook(oracle: str, requests: Iterable[Any], folder: Path) -> list[Any]:
    """The webhook's answers to the requests, in their order.

    A request is an object with id, config, values, mesh, webhooks, namespace, ns_labels, revision,
    native and workload; an answer has id, matched, injected, error and pod.
    """
    asked, answered = folder / "requests.jsonl", folder / "answers.jsonl"
    asked.write_text("".join(json.dumps(request) + "\n" for request in requests))

    environment = {**os.environ, "ORACLE_REQ": str(asked), "ORACLE_OUT": str(answered)}
    command = [oracle, "-test.run", "TestWebhookOracle"]
    subprocess.run(command, env=environment, capture_output=True, check=True)

    # Not splitlines(): an answer may hold the line separators of Unicode.
    return [json.loads(line) for line in answered.read_text("utf-8").split("\n") if line]


def _reason(what: object, remedy: str) -> str:
    return f"{what} is not at hand: {remedy}"
