"""The container image, by docker (or podman under its name), for each processor that is asked for.

Its bytes are not the same from one build to the next: layers hold the times of the build.
"""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

# What a container says of itself: the packages of our environment, and Debian's.
_PACKAGES = """
import importlib.metadata, json, pathlib, re
found = [("pypi", "", each.name, each.version, "") for each in importlib.metadata.distributions()]
status = pathlib.Path("/var/lib/dpkg/status")
for text in status.read_text().split("\\n\\n") if status.exists() else ():
    field = dict(re.findall(r"^([\\w-]+): (.*)$", text, re.M))
    if field.get("Status", "").endswith(" installed"):
        found.append(("deb", "debian", field["Package"], field["Version"], field["Architecture"]))
print(json.dumps(sorted(found)))
"""


@dataclass(frozen=True)
class Image:
    archive: Path
    platform: str  # as in linux/amd64
    packages: tuple[
        tuple[str, ...], ...
    ]  # type of purl, its namespace, name, version, architecture
    base: str  # the image that the Dockerfile starts from
    base_id: str  # sha256:..., of the base that was taken


def build(tree: Path, output: Path, version: str, platform: str) -> Image:
    """The image of a tree as an archive that `docker load` reads. "" is this machine's platform."""
    name = f"krm-injector:{version}" + (f"-{platform.replace('/', '-')}" if platform else "")
    wanted = ["--platform", platform] if platform else []
    _docker("build", "-q", *wanted, "-t", name, str(tree))
    made = json.loads(_docker("image", "inspect", name))[0]
    platform = f"{made['Os']}/{made['Architecture']}"

    archive = output / f"krm-injector-image-{platform.replace('/', '-')}.tar"
    archive.unlink(missing_ok=True)
    _docker("save", "-o", str(archive), name)
    packages = _docker(
        "run", "--rm", "--network", "none", "--entrypoint", "python3", name, "-c", _PACKAGES
    )
    base = re.findall(r"^FROM (\S+)", (tree / "Dockerfile").read_text(), re.M)[-1]
    base_id = json.loads(_docker("image", "inspect", base))[0]["Id"].removeprefix("sha256:")
    return Image(archive, platform, tuple(map(tuple, json.loads(packages))), base, base_id)


def _docker(*words: str) -> str:
    return subprocess.run(["docker", *words], text=True, stdout=subprocess.PIPE, check=True).stdout
