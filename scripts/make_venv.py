"""Make a virtual environment with pip, on machines that lack parts of it: make_venv.py DIR

Debian ships Python without ensurepip (package python3-venv) and without pip (python3-pip). In turn:
the standard way, virtualenv or uv where they are installed, an environment without pip that the
machine's pip fills, and last a wheel of pip that is at hand or that apt or the index of pip's own
configuration gives. No host is named here: each source is one that the machine is set up with.
Where all fail, the lines that help are printed.
"""

from __future__ import annotations

import configparser
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator

WHEEL = "pip-*-py3-none-any.whl"
OF_DEBIAN = "usr/share/python-wheels"  # where the package python3-pip-whl has it


def run(*command: str) -> bool:
    """Whether the command could be started and went well; its own words are of no interest."""
    try:
        return (
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
            == 0
        )
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
    """Pip can install itself out of its own wheel."""
    if not run(sys.executable, "-m", "venv", "--without-pip", target):
        return False
    python = os.path.join(target, "bin", "python")
    with tempfile.TemporaryDirectory() as scratch:
        for find in (wheel_at_hand, wheel_of_apt, wheel_of_index):
            wheel = find(scratch)
            if wheel and run(python, wheel + "/pip", "install", "-q", "--no-index", wheel):
                return True
    return False


def wheel_at_hand(scratch: str) -> str:
    """The newest wheel of pip in Debian's directory and those that PIP_FIND_LINKS names."""
    places = ["/" + OF_DEBIAN, *os.environ.get("PIP_FIND_LINKS", "").split()]
    return newest(wheel for place in places for wheel in glob.glob(os.path.join(place, WHEEL)))


def wheel_of_apt(scratch: str) -> str:
    """Out of Debian's package, which any user may download and unpack."""
    try:
        command = ["apt-get", "download", "-q", "python3-pip-whl"]
        subprocess.run(command, cwd=scratch, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    packages = glob.glob(os.path.join(scratch, "*.deb"))
    if not packages or not run("dpkg-deb", "-x", packages[0], scratch):
        return ""
    return newest(glob.glob(os.path.join(scratch, OF_DEBIAN, WHEEL)))


def wheel_of_index(scratch: str) -> str:
    """From the index that pip is set up with, which names the wheel's checksum; "" where none is
    set up.
    """
    index = configured_index()
    if not index:
        return ""
    index = index.rstrip("/") + "/pip/"
    try:
        with urllib.request.urlopen(index, timeout=30) as answer:
            page = answer.read().decode()
        links = re.findall(
            r'href="([^"]*/pip-[0-9.]+-py3-none-any\.whl)#sha256=([0-9a-f]{64})"', page
        )
        link, checksum = max(links, key=lambda found: version_of(found[0]))
        with urllib.request.urlopen(urllib.parse.urljoin(index, link), timeout=60) as answer:
            content = answer.read()
    except (OSError, ValueError):
        return ""
    if hashlib.sha256(content).hexdigest() != checksum:
        return ""
    wheel = os.path.join(scratch, link.rsplit("/", 1)[1])
    with open(wheel, "wb") as file:
        file.write(content)
    return wheel


def configured_index() -> str:
    """What pip's environment or its files say: PIP_INDEX_URL, PIP_CONFIG_FILE, the user's pip.conf,
    the machine's.
    """
    home = os.path.expanduser("~")
    of_user = os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    files = [
        "/etc/pip.conf",
        os.path.join(home, ".pip", "pip.conf"),
        os.path.join(of_user, "pip", "pip.conf"),
        os.environ.get("PIP_CONFIG_FILE", ""),
    ]
    found = configparser.RawConfigParser()
    try:
        found.read(filter(None, files))  # later files win, as for pip
    except (configparser.Error, UnicodeDecodeError):
        return os.environ.get("PIP_INDEX_URL", "")
    stated = found.get("global", "index-url", fallback="")
    return os.environ.get("PIP_INDEX_URL") or stated


def newest(wheels: Iterator[str] | list[str]) -> str:
    return max(wheels, key=version_of, default="")


def version_of(link: str) -> tuple[int, ...]:
    name = link.rsplit("/", 1)[-1]
    return tuple(int(part) for part in re.findall("[0-9]+", name.split("-")[1]))


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
    print(
        "Else install virtualenv or uv, or set PIP_INDEX_URL to the index that pip is to use.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
