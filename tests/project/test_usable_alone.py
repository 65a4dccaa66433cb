"""kube and gotemplate work without the rest of the project, as their docstrings show."""

from __future__ import annotations

import doctest
import subprocess
import sys
from importlib import import_module
from pkgutil import walk_packages

import pytest
from paths import ROOT

PACKAGES = ("gotemplate", "kube")
BELOW = {"named_tuple", "lazy_pattern", "light"}  # know nothing of Kubernetes or templates
OTHERS = """
import sys
from importlib import import_module

for module in sys.argv[2:]:
    import_module(module)
ours = (name.split(".") for name in sys.modules if name.startswith("krm_injector."))
print(*{parts[1] for parts in ours} - {sys.argv[1]})
"""


def modules_of(package: str) -> list[str]:
    folder = ROOT / "krm_injector" / package
    return [info.name for info in walk_packages([str(folder)], f"krm_injector.{package}.")]


@pytest.mark.parametrize("package", PACKAGES)
def test_all_its_modules_import_nothing_else_of_the_project(package: str) -> None:
    modules = modules_of(package)
    assert len(modules) > 10
    command = [sys.executable, "-c", OTHERS, package, *modules]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert {"named_tuple", "lazy_pattern"} <= {*done.stdout.split()} <= BELOW


@pytest.mark.parametrize("package", PACKAGES)
def test_the_example_of_its_docstring_is_true(package: str) -> None:
    outcome = doctest.testmod(import_module(f"krm_injector.{package}"))
    assert outcome.attempted > 1 and outcome.failed == 0


def test_type_checkers_are_told_that_the_package_has_types() -> None:
    assert (ROOT / "krm_injector" / "py.typed").is_file()
