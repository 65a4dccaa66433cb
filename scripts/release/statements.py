"""What a release says of itself: a bill of materials (CycloneDX), and how it was built (SLSA)."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from release.image import Image
from release.source import Source

_BUILD_TYPE = "https://krm-injector.dev/build/v1"
_NAMESPACE = uuid.UUID("6d9a3d0c-3f0e-5b5b-9a53-6b726d2d696e")


def pinned(lock: Path) -> list[tuple[str, str, list[str]]]:
    """Name, version and hashes (SHA-256) of each package of a lock file."""
    text = lock.read_text().replace("\\\n", " ")
    found = []
    for line in text.splitlines():
        match = re.match(r"([A-Za-z0-9._-]+)==([^\s;]+)", line)
        if match:
            found.append((match[1], match[2], re.findall(r"--hash=sha256:([0-9a-f]{64})", line)))
    return found


def bill_of_materials(tree: Path, output: Path, source: Source) -> Path:
    """What is in krm-injector.pyz, and so in every plugin."""
    parts = [
        Component(
            name=name, version=version, type=ComponentType.LIBRARY, bom_ref=name,
            purl=PackageURL("pypi", None, name, version),
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=each) for each in hashes[:1]]
            if len(hashes) == 1 else (),
        )
        for name, version, hashes in pinned(tree / "requirements" / "zipapp.txt")
    ]  # fmt: skip
    return _written(output / "krm-injector.cdx.json", ComponentType.APPLICATION, parts, source)


def bill_of_image(image: Image, source: Source) -> Path:
    """What is in the image, its base included. It stands beside the archive."""
    parts = []
    for kind, namespace, name, version, architecture in image.packages:
        if name == "krm-injector":
            continue
        qualifiers = {"arch": architecture} if architecture else None
        purl = PackageURL(kind, namespace or None, name, version, qualifiers)
        parts.append(
            Component(
                name=name, version=version, type=ComponentType.LIBRARY,
                bom_ref=purl.to_string(), purl=purl,
            )
        )  # fmt: skip
    path = image.archive.with_suffix(".cdx.json")
    return _written(path, ComponentType.CONTAINER, parts, source)


def _written(path: Path, kind: ComponentType, parts: list[Component], source: Source) -> Path:
    own = Component(
        name="krm-injector", version=source.version, type=kind,
        bom_ref="krm-injector", purl=PackageURL("pypi", None, "krm-injector", source.version),
    )  # fmt: skip
    bom = Bom(serial_number=uuid.uuid5(_NAMESPACE, f"{source.commit} {path.name}"))
    bom.metadata.component = own
    bom.metadata.timestamp = datetime.fromtimestamp(source.epoch, timezone.utc)
    for part in parts:
        bom.components.add(part)

    bom.register_dependency(own, parts)
    written = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2)
    path.write_text(written + "\n")
    return path


def provenance(made: Iterable[Path], images: Iterable[Image], output: Path, source: Source) -> Path:
    """An in-toto statement with SLSA's provenance. Whoever publishes signs it."""
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": path.name, "digest": _digest(path)} for path in made],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": _BUILD_TYPE,
                "externalParameters": {"command": "make release", "version": source.version},
                "resolvedDependencies": [
                    {"uri": "git+.", "digest": {"gitCommit": source.commit}},
                    *_of_zipapp(source),
                    *(each for image in images for each in _of_image(image)),
                ],
            },
            "runDetails": {"builder": {"id": f"{_BUILD_TYPE}/make"}},
        },
    }
    path = output / "krm-injector.provenance.json"
    path.write_text(json.dumps(statement, indent=2) + "\n")
    return path


def _of_zipapp(source: Source) -> list[dict[str, object]]:
    lock = source.repository / "requirements" / "zipapp.txt"
    return [{"uri": f"pkg:pypi/{name}@{version}"} for name, version, _ in pinned(lock)]


def _of_image(image: Image) -> list[dict[str, object]]:
    """The base by its id, and what pip installed. The base's own packages come with it."""
    base: dict[str, object] = {
        "uri": f"docker:{image.base}",
        "digest": {"sha256": image.base_id},
    }
    installed: list[dict[str, object]] = [
        {"uri": f"pkg:pypi/{name}@{version}"}
        for kind, _, name, version, _ in image.packages
        if kind == "pypi" and name != "krm-injector"
    ]
    return [base, *installed]


def _digest(path: Path) -> dict[str, str]:
    return {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
