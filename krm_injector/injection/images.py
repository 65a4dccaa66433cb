"""The images that injection brings: pinned to digests, held to registries, listed for mirroring.
The user's own images are never touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from krm_injector.function_config import ImageSettings
from krm_injector.kube.paths import Step, at, put
from krm_injector.kube.workloads import text
from krm_injector.model import Object, Refused, Result, Workload

FIELDS = ("initContainers", "containers")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z|sha512:[0-9a-f]{128}\Z")


class Injected(NamedTuple):
    """One image that injection brought."""

    field: str  # path from the object, as "spec.template.spec.containers[istio-proxy].image"
    place: tuple[str | int, ...]  # the same as steps
    image: str


def injected(before: Object, after: Object, template: Step) -> Iterator[Injected]:
    """The images of containers that stand in ``after`` and not in ``before``, or stood there with
    another image.
    """
    own = at(before, (*template, "spec"))
    spec = at(after, (*template, "spec"))
    if not isinstance(spec, dict) or spec is own:
        return

    known = {
        container.get("name"): container.get("image")
        for field in FIELDS
        for container in _maps(at(own, (field,)))
    }  # fmt: skip
    for field in FIELDS:
        for index, container in enumerate(_maps(spec.get(field))):
            image, name = container.get("image"), container.get("name")
            if isinstance(image, str) and image and known.get(name) != image:
                path = text((*template, "spec", f"{field}[{name}]", "image"))
                yield Injected(path, (*template, "spec", field, index, "image"), image)


def _maps(value: Any) -> list[Object]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def applied(
    workload: Workload, after: Object, settings: ImageSettings
) -> tuple[Object, list[Result]]:
    """The injected object with its injected images pinned, and an error for each that must not be
    there (one for all the containers that have it).
    """
    problems: dict[tuple[str, str], list[Injected]] = {}
    for found in list(injected(workload.object, after, workload.template)):
        if settings.registries and not allowed(found.image, settings.registries):
            problems.setdefault(("registry", found.image), []).append(found)
        if settings.lock is None:
            continue

        image = pinned(found.image, settings.lock)
        if image is None:
            problems.setdefault(("lock", found.image), []).append(found)
        elif image != found.image:
            after = put(after, found.place, image)

    return after, [
        _forbidden(workload, found, settings.registries)
        if kind == "registry"
        else _unlocked(workload, found)
        for (kind, _), found in problems.items()
    ]


def pinned(image: str, lock: Mapping[str, str]) -> str | None:
    """The image with its digest; None where the lock does not know it. The tag stays, for people."""
    if "@" in image:
        return image
    digest = lock.get(image) or lock.get(full_name(image))
    return f"{image}@{digest}" if digest else None


def full_name(image: str) -> str:
    """The image as registries know it: nginx is docker.io/library/nginx, istio/proxyv2 is
    docker.io/istio/proxyv2.
    """
    first, slash, _ = image.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return image.replace("index.docker.io/", "docker.io/", 1)
    return f"docker.io/{image}" if slash else f"docker.io/library/{image}"


def allowed(image: str, registries: Iterable[str]) -> bool:
    """Whether the image lies in one of the registries, or in the part of one that is named
    ("gcr.io/istio-release").
    """
    name = re.split(r"[@]", full_name(image))[0]
    for registry in registries:
        prefix = registry.rstrip("/")
        if prefix and (name == prefix or name.startswith((f"{prefix}/", f"{prefix}:"))):
            return True
    return False


def no_file(file: str, directory: str) -> Refused:
    """The refusal of spec.images.file where there is no such file."""
    message = (
        f"spec.images.file names {file}, but there is no such file in {directory}; make it of "
        "what `krm-injector images` lists, or put the lock into spec.images.lock (a function in a "
        "container sees no files)"
    )
    return Refused(
        Result("error", message, field="spec.images.file", current=file, code="images-lock")
    )


def read_lock(value: Any, source: str) -> dict[str, str]:
    """A lock file's map from image to digest. Raises Refused with every entry that is wrong."""
    results = []
    if not isinstance(value, dict):
        message = f"{source} must be a mapping from image to digest"
        raise Refused(Result("error", message, file=source, code="images-lock"))

    for image, digest in value.items():
        if not isinstance(digest, str) or not _DIGEST.match(digest):
            message = f"{source}: {image} is locked to {digest!r}, which is no digest (sha256:... of 64 hexadecimal digits)"
            results.append(
                Result("error", message, field=str(image), current=digest, code="images-lock")
            )

    if results:
        raise Refused(*results)

    return {str(image): digest for image, digest in value.items()}


def _forbidden(workload: Workload, found: list[Injected], registries: Iterable[str]) -> Result:
    message = (
        f"injection brings the image {found[0].image} into {workload.ref} ({_containers(found)}), "
        f"which comes from none of the allowed registries ({', '.join(registries)}); point the "
        "mesh's values.global.hub to a mirror, or allow the registry in "
        "spec.images.allowedRegistries"
    )
    return Result(
        "error", message, workload.ref, found[0].field, found[0].image, code="image-registry"
    )


def _unlocked(workload: Workload, found: list[Injected]) -> Result:
    message = (
        f"the image {found[0].image} that injection brings into {workload.ref} "
        f"({_containers(found)}) is not in the "
        f'lock; add its digest: "{found[0].image}": sha256:...'
    )
    return Result(
        "error", message, workload.ref, found[0].field, found[0].image, code="image-not-locked"
    )


def _containers(found: list[Injected]) -> str:
    return ", ".join(one.field.rpartition("[")[2].partition("]")[0] for one in found)
