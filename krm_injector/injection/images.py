"""The images that injection brings: pinned to digests, held to registries, listed for mirroring.
The user's own images are never touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from krm_injector.function_config import ImageSettings
from krm_injector.kube.paths import Step, at, put
from krm_injector.kube.workloads import text
from krm_injector.lazy_pattern import lazy_pattern
from krm_injector.model import Object, Refused, Result, Workload
from krm_injector.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal, TypeAlias

FIELDS = ("initContainers", "containers")
_Problem: TypeAlias = 'Literal["registry", "lock"]'
_DIGEST = lazy_pattern(r"sha256:[0-9a-f]{64}\Z|sha512:[0-9a-f]{128}\Z")


class InjectedImage(NamedTuple):
    """One image that injection brought."""

    field: str  # path from the object, as "spec.template.spec.containers[istio-proxy].image"
    place: Step  # the same path as steps
    image: str
    container: str  # the container's name


def injected(before: Object, after: Object, template: Step) -> Iterator[InjectedImage]:
    """The images of containers that stand in ``after`` and not in ``before``, or stood there with
    another image.
    """
    spec_before = at(before, (*template, "spec"))
    spec = at(after, (*template, "spec"))
    if not isinstance(spec, dict) or spec is spec_before:
        return

    images_before: dict[Any, Any] = {}
    for field in FIELDS:
        for container in _containers(spec_before, field):
            images_before[container.get("name")] = container.get("image")

    for field in FIELDS:
        for index, container in enumerate(_containers(spec, field)):
            image, name = container.get("image"), container.get("name")
            if isinstance(image, str) and image and images_before.get(name) != image:
                path = text((*template, "spec", f"{field}[{name}]", "image"))
                place = (*template, "spec", field, index, "image")
                yield InjectedImage(path, place, image, str(name))


def _containers(spec: Any, field: str) -> list[Object]:
    containers = at(spec, (field,))
    if not isinstance(containers, list):
        return []
    return [container for container in containers if isinstance(container, dict)]


# ---------------------------------------------------------------- held to the settings


def applied(
    workload: Workload, after: Object, settings: ImageSettings
) -> tuple[Object, list[Result]]:
    """The injected object with its injected images pinned, and an error for each image that must
    not be there (one for all the containers that have it).
    """
    problems: dict[tuple[_Problem, str], list[InjectedImage]] = {}
    for entry in list(injected(workload.object, after, workload.template)):
        if settings.registries and not allowed(entry.image, settings.registries):
            problems.setdefault(("registry", entry.image), []).append(entry)
        if settings.lock is None:
            continue

        image = pinned(entry.image, settings.lock)
        if image is None:
            problems.setdefault(("lock", entry.image), []).append(entry)
        elif image != entry.image:
            after = put(after, entry.place, image)

    results = []
    for (problem, _image), entries in problems.items():
        if problem == "registry":
            results.append(_forbidden(workload, entries, settings.registries))
        else:
            results.append(_unlocked(workload, entries))
    return after, results


def pinned(image: str, lock: Mapping[str, str]) -> str | None:
    """The image with its digest; None if the lock does not have it.

    The tag stays, for people to read.
    """
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
    name = full_name(image).partition("@")[0]
    for registry in registries:
        prefix = registry.rstrip("/")
        if prefix and (name == prefix or name.startswith((f"{prefix}/", f"{prefix}:"))):
            return True
    return False


# ---------------------------------------------------------------- lock files


def no_file(file: str, directory: str) -> Refused:
    """The refusal of spec.images.file if there is no such file."""
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
    if not isinstance(value, dict):
        message = f"{source} must be a mapping from image to digest"
        raise Refused(Result("error", message, file=source, code="images-lock"))

    results = []
    for image, digest in value.items():
        if not isinstance(digest, str) or not _DIGEST.match(digest):
            message = (
                f"{source}: {image} is locked to {digest!r}, which is no digest (sha256:... of 64 "
                "hexadecimal digits)"
            )
            results.append(
                Result("error", message, field=str(image), current=digest, code="images-lock")
            )

    if results:
        raise Refused(*results)
    return {str(image): digest for image, digest in value.items()}


# ---------------------------------------------------------------- errors


def _forbidden(
    workload: Workload, entries: list[InjectedImage], registries: Iterable[str]
) -> Result:
    first = entries[0]
    message = (
        f"injection brings the image {first.image} into {workload.ref} ({_names(entries)}), "
        f"which comes from none of the allowed registries ({', '.join(registries)}); point the "
        "mesh's values.global.hub to a mirror, or allow the registry in "
        "spec.images.allowedRegistries"
    )
    return Result("error", message, workload.ref, first.field, first.image, code="image-registry")


def _unlocked(workload: Workload, entries: list[InjectedImage]) -> Result:
    first = entries[0]
    message = (
        f"the image {first.image} that injection brings into {workload.ref} ({_names(entries)}) is "
        f'not in the lock; add its digest: "{first.image}": sha256:...'
    )
    return Result("error", message, workload.ref, first.field, first.image, code="image-not-locked")


def _names(entries: list[InjectedImage]) -> str:
    return ", ".join(entry.container for entry in entries)
