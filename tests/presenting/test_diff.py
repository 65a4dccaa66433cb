"""diff: a unified diff that `patch` applies, and what an upgrade of the mesh changes."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from builders import installation
from outside import needs_program
from paths import ROOT

from krm_injector.cli import program
from krm_injector.discovery import profile
from krm_injector.kube.differences import ABSENT, differences
from krm_injector.kube.yaml import dump
from krm_injector.presenting import diff

EXAMPLE = ROOT / "functions" / "istio-inject" / "examples" / "httpbin" / "base"


def test_each_difference_has_the_path_of_its_field() -> None:
    before = {"a": [{"name": "x", "v": 1}, {"name": "y"}], "k.l/m": 1, "n": [1, 2], "b": True}
    after = {"a": [{"name": "x", "v": 2}, {"name": "z"}], "n": [1, 3], "b": 1}
    found = {one.path: (one.before, one.after) for one in differences(before, after)}
    assert found == {
        "a[x].v": (1, 2),
        "a[z]": (ABSENT, {"name": "z"}),
        "a[y]": ({"name": "y"}, ABSENT),
        "[k.l/m]": (1, ABSENT),
        "n": ([1, 2], [1, 3]),
        "b": (True, 1),
    }
    moved = differences([{"name": "a"}, {"name": "b"}], [{"name": "b"}, {"name": "a"}])
    assert [one.path for one in moved] == [" (order)"]


@pytest.mark.parametrize("seed", range(30))
def test_patch_applies_a_unified_diff(seed: int, tmp_path: Path) -> None:
    patch = needs_program("patch")
    chance = random.Random(seed)
    lines = [
        chance.choice(["---", "a: 1", "b: 2", "c: x\r", f"d: {number}"])
        for number in range(chance.randint(1, 60))
    ]
    changed = [line for line in lines if line == "---" or chance.random() > 0.1]
    for _ in range(chance.randint(0, 4)):
        changed.insert(chance.randint(0, len(changed)), f"new: {chance.random()}")
    before, after = ("\n".join(part) + chance.choice(["", "\n"]) for part in (lines, changed))
    (tmp_path / "f.yaml").write_bytes(before.encode())
    text = diff.unified(before, after, "f.yaml")
    if before == after:
        assert text == ""
        return
    done = subprocess.run(
        [patch, "-p1", "--binary"], input=text.encode(), cwd=tmp_path, capture_output=True
    )
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "f.yaml").read_bytes() == after.encode()


def test_the_command_gives_what_inject_writes(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    patch = needs_program("patch")
    work = tmp_path / "base"
    shutil.copytree(EXAMPLE, work)
    assert program.run(["inject", "--quiet", str(work)]) == 0
    wanted = capsysbinary.readouterr().out
    assert program.run(["diff", "--quiet", str(work)]) == 0
    text = capsysbinary.readouterr().out
    done = subprocess.run([patch, "-p1", "--binary"], input=text, cwd="/", capture_output=True)
    assert done.returncode == 0, done.stdout
    joined = b"---\n".join(
        f.read_bytes() for f in sorted(work.glob("*.yaml")) if f.name != "kustomization.yaml"
    )
    assert joined == wanted
    assert program.run(["diff", "--quiet", str(work)]) == 0 and capsysbinary.readouterr().out == b""


def test_colours_are_those_of_git() -> None:
    """The names bold, the place cyan, what goes red, what comes green; nothing else differs from
    the plain text.
    """
    before, after = "a\n-- b\n", "a\n++ b\n"
    text = diff.unified(before, after, "f", colour=True)
    assert [line[:5] for line in text.splitlines()] == [
        "\x1b[1m-",
        "\x1b[1m+",
        "\x1b[36m",
        " a",
        "\x1b[31m",
        "\x1b[32m",
    ]
    assert re.sub(r"\x1b\[\d+m", "", text) == diff.unified(before, after, "f")


def test_an_upgrade_is_told_in_groups(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    objects = installation()
    (tmp_path / "a.yaml").write_text("---\n".join(map(dump, objects)))
    values = objects[1]["data"]["values"]
    objects[1]["data"]["values"] = values.replace(profile.DEFAULT.tag, "1.31.9")
    (tmp_path / "b.yaml").write_text("---\n".join(map(dump, objects)))
    both = ["--from", str(tmp_path / "a.yaml"), "--to", str(tmp_path / "b.yaml")]
    assert program.run(["diff", "--quiet", *both, str(EXAMPLE)]) == 0
    text = capsysbinary.readouterr().out.decode()
    assert text.startswith("5 of 8 workloads change") and "proxyv2:1.31.9" in text
    assert program.run(["diff", "--quiet", *both, "-o", "json", str(EXAMPLE)]) == 0
    answer = json.loads(capsysbinary.readouterr().out)
    assert sum(len(group["workloads"]) for group in answer["groups"]) == 5
    assert program.run(["diff", "--quiet", "--to", str(tmp_path / "a.yaml"), str(EXAMPLE)]) == 0
    assert capsysbinary.readouterr().out == b"0 of 8 workloads change.\n"
    assert program.run(["diff", "--quiet", "-o", "json", str(EXAMPLE)]) == 2
