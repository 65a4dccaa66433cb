"""Make a virtual environment with pip, on machines that lack parts of it: make_venv.py DIR

Debian ships Python without ensurepip (package python3-venv) and without pip (python3-pip). In turn: the standard
way, virtualenv or uv where they are installed, an environment without pip that the machine's pip fills, and last
pip's own wheel from the package index. Where all fail, the one line that helps is printed.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Callable


def run(*command: str) -> bool:
    """Whether the command could be started and went well; its own words are of no interest."""
    try:
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def with_ensurepip(target: str) -> bool:
    return run(sys.executable, "-m", "venv", target)


def with_virtualenv(target: str) -> bool:
    return run(sys.executable, "-m", "virtualenv", "-p", sys.executable, target)


def with_uv(target: str) -> bool:
    return run("uv", "venv", "--seed", "--python", sys.executable, target)


def with_pip_of_the_machine(target: str) -> bool:
    python = os.path.join(target, "bin", "python")
    return run(sys.executable, "-m", "venv", "--without-pip", target) and run(
        sys.executable, "-m", "pip", "--python", python, "install", "-q", "pip"
    )


def with_wheel_of_pip(target: str) -> bool:
    """Pip can install itself out of its own wheel; the index names the wheel's checksum."""
    if not run(sys.executable, "-m", "venv", "--without-pip", target):
        return False
    index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/") + "/pip/"
    try:
        with urllib.request.urlopen(index, timeout=30) as answer:
            page = answer.read().decode()
        links = re.findall(r'href="([^"]*/pip-[0-9.]+-py3-none-any\.whl)#sha256=([0-9a-f]{64})"', page)
        link, checksum = max(links, key=lambda found: version_of(found[0]))
        with urllib.request.urlopen(urllib.parse.urljoin(index, link), timeout=60) as answer:
            content = answer.read()
    except (OSError, ValueError):
        return False
    if hashlib.sha256(content).hexdigest() != checksum:
        return False
    wheel = os.path.join(target, link.rsplit("/", 1)[1])
    with open(wheel, "wb") as file:
        file.write(content)
    return run(os.path.join(target, "bin", "python"), wheel + "/pip", "install", "-q", "--no-index", wheel)


def version_of(link: str) -> tuple[int, ...]:
    name = link.rsplit("/", 1)[1]
    return tuple(int(part) for part in name.split("-")[1].split("."))


WAYS: tuple[Callable[[str], bool], ...] = (
    with_ensurepip,
    with_virtualenv,
    with_uv,
    with_pip_of_the_machine,
    with_wheel_of_pip,
)


def main(target: str) -> int:
    if run(os.path.join(target, "bin", "python"), "-m", "pip", "--version"):
        return 0
    for way in WAYS:
        shutil.rmtree(target, ignore_errors=True)
        if way(target) and run(os.path.join(target, "bin", "python"), "-m", "pip", "--version"):
            return 0
    shutil.rmtree(target, ignore_errors=True)
    print("No virtual environment could be made. On Debian or Ubuntu:", file=sys.stderr)
    print("    sudo apt-get install -y python3-venv", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
