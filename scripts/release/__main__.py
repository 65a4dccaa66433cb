"""python -m release [--output DIR] [--url URL] [--image [PLATFORM]]: see docs/releasing.md."""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from release import archives, image, packages, plugins, statements
from release.source import Source

URL = "https://krm-injector.dev/releases"  # the folder of a version is below it


def main() -> None:
    parser = argparse.ArgumentParser(prog="make release", description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("dist"))
    parser.add_argument("--url", default=URL, help="where the files will be, for manifests")
    parser.add_argument("--unreleased", action="store_true", help="no section in CHANGELOG.md yet")
    parser.add_argument(
        "--image", nargs="?", const="", action="append", default=[], metavar="PLATFORM",
        help="the container image too, as linux/arm64; needs docker; may be repeated",
    )  # fmt: skip
    arguments = parser.parse_args()
    if arguments.image and shutil.which("docker") is None:
        sys.exit("error: --image needs docker on PATH, or podman under this name")
    source = Source.of_commit(Path(__file__).parents[2])
    if not arguments.unreleased:
        problem = source.changelog_problem()
        if problem:
            sys.exit(f"error: {problem}")

    for path in build(source, arguments.output, arguments.url, arguments.image):
        print(path)


def build(source: Source, output: Path, url: str, platforms: Sequence[str] = ()) -> list[Path]:
    """Everything, in a folder; the checksums last. An image for each of the platforms."""
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        tree = source.unpacked(Path(scratch) / f"krm-injector-{source.version}")
        wheel, sdist = packages.python_packages(tree, output, source.epoch)
        zipapp = packages.zipapp(tree, output, source.epoch)
        made = [wheel, sdist, zipapp]
        made += plugins.all_of(tree, zipapp, output, f"{url}/v{source.version}", source)
        made.append(archives.tar(output / "krm-injector-man.tar.gz", man_pages(tree), source.epoch))
        made.append(statements.bill_of_materials(tree, output, source))
        images = [image.build(tree, output, source.version, each) for each in platforms]
        for each in images:
            made += [each.archive, statements.bill_of_image(each, source)]
        made.append(statements.provenance(made, images, output, source))

    sums = output / "SHA256SUMS"
    lines = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in made)
    sums.write_text("".join(lines))
    return [*made, sums]


def man_pages(tree: Path) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "scripts/man_pages.py", folder]
        environment = {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
        subprocess.run(command, cwd=tree, env=environment, stdout=subprocess.DEVNULL, check=True)
        return {f"man1/{path.name}": path.read_bytes() for path in Path(folder).iterdir()}


if __name__ == "__main__":
    main()
