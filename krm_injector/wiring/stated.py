"""What `krm-injector init` was told about the cluster, as fields of the functionConfig that it
writes: the mesh, and the labels of Namespaces.
"""

from __future__ import annotations

import os

from krm_injector.istio_names import NAMESPACE_NAME_LABEL
from krm_injector.kube import yaml
from krm_injector.model import Refused, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.wiring.plan import Cannot, listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from krm_injector.function_config import Settings
    from krm_injector.model import Namespace
    from krm_injector.sources.resource_list import Bundle


class Stated(NamedTuple):
    """What the command line says of the cluster. Paths are as the user would name them."""

    mesh: tuple[str, ...] = ()  # mesh files
    version: str = ""  # of Istio
    namespace: str = ""  # of manifests that name none
    namespaces: tuple[Namespace, ...] = ()
    results: tuple[Result, ...] = ()  # warnings: of two descriptions of a Namespace one counts

    def spec(self, directory: str) -> dict[str, Any]:
        """The fields of spec, for a functionConfig in the directory."""
        spec: dict[str, Any] = {}
        if self.namespace:
            spec["defaultNamespace"] = self.namespace
        if self.namespaces:
            spec["namespaces"] = [_entry(namespace) for namespace in self.namespaces]

        mesh: dict[str, Any] = {}
        if self.mesh:
            paths = [_from(directory, path) for path in self.mesh]
            mesh["file"] = paths[0] if len(paths) == 1 else paths
        if self.version:
            mesh["version"] = self.version
        return {**spec, "mesh": mesh} if mesh else spec

    def notes(self, directory: str) -> tuple[str, ...]:
        """A note about mesh files that only this machine has; none outside of git."""
        repository = _repository(os.path.realpath(directory))
        outside = [path for path in self.mesh if not _is_below(path, repository)]
        if not repository or not outside:
            return ()

        files, them = ("A mesh file", "it") if len(outside) == 1 else ("Mesh files", "them")
        return (
            f"{files} outside the repository {repository}: {', '.join(outside)}. Nobody else has "
            f"{them}.\nCopy {them} into the repository, and name the copy.",
        )


NOTHING = Stated()


def of(
    settings: Settings,
    mesh: Sequence[str],
    contexts: Sequence[Bundle],
    used: frozenset[str],
    reads_files: bool,
) -> Stated:
    """What options state. ``mesh``: the files of --mesh. ``contexts``: the facts of --context, of
    which the Namespaces count whose names are ``used`` (all of them, if nothing is known to be
    used), and the files with a mesh if --mesh names none and the function ``reads_files``. Raises
    Refused.
    """
    from krm_injector.discovery import mesh_files
    from krm_injector.discovery.namespaces import find_namespaces
    from krm_injector.function_config import NAMESPACE_LABELS
    from krm_injector.sources.resource_list.members import walk, with_type

    members = [member for bundle in contexts for member in walk(bundle)]
    known, results = find_namespaces(members, settings)
    errors = [result for result in results if result.severity == "error"]
    if errors:
        raise Refused(*errors)

    wanted = [
        namespace
        for namespace in known.values()
        if not used or namespace.name in used or namespace.source == NAMESPACE_LABELS
    ]
    files = tuple(mesh)
    if not files and reads_files:
        with_mesh = [
            bundle.items[0].file
            for bundle in contexts
            if any(mesh_files.is_mesh_object(with_type(member)) for member in walk(bundle))
        ]
        files = tuple(dict.fromkeys(with_mesh))

    if contexts and not wanted and not files:
        raise Refused(_nothing_of_use(known, used))

    warnings = tuple(result for result in results if result.severity == "warning")
    version, namespace = settings.mesh.version, settings.default_namespace
    return Stated(files, version, namespace, tuple(wanted), warnings)


def _nothing_of_use(known: Iterable[str], used: Iterable[str]) -> Result:
    message = (
        f"--context describes none of the Namespaces that are used here ({', '.join(sorted(used))})"
        f", only {', '.join(sorted(known))}; name another path, or leave it out"
    )
    return Result("error", message, code="context-empty")


# ---------------------------------------------------------------- fields


def _entry(namespace: Namespace) -> dict[str, Any]:
    """An entry of spec.namespaces. Of the annotations those that injection reads."""
    labels = {key: value for key, value in namespace.labels.items() if key != NAMESPACE_NAME_LABEL}
    annotations = {
        key: value
        for key, value in namespace.annotations.items()
        if key.startswith("openshift.io/")
    }
    entry: dict[str, Any] = {"name": namespace.name, "labels": labels}
    return {**entry, "annotations": annotations} if annotations else entry


def _from(directory: str, path: str) -> str:
    """A path as it is written in a file of the directory: kustomize starts a function in the
    directory, with links resolved.
    """
    place = os.path.realpath(os.path.dirname(path) or ".")
    relative = os.path.relpath(place, os.path.realpath(directory))
    joined = os.path.normpath(os.path.join(relative, os.path.basename(path)))
    return joined.replace(os.sep, "/")


def _repository(directory: str) -> str:
    """The root of the git repository of a directory; "" if it is in none."""
    while not os.path.exists(os.path.join(directory, ".git")):
        above = os.path.dirname(directory)
        if above == directory:
            return ""
        directory = above
    return directory


def _is_below(path: str, directory: str) -> bool:
    return os.path.realpath(path).startswith(os.path.join(directory, ""))


def lines(spec: dict[str, Any]) -> str:
    """The fields as lines below spec:."""
    return "".join(f"  {line}\n" for line in yaml.dump(spec).splitlines()) if spec else ""


def with_spec(value: dict[str, Any], spec: dict[str, Any], path: str) -> dict[str, Any]:
    """A functionConfig with the fields added. Raises Cannot, and Refused if it says something else
    (``path``: its file).
    """
    standing = value.get("spec")
    if standing is None:
        standing = {}
    if not isinstance(standing, dict):
        raise Cannot("its spec is not a mapping")

    added = dict(standing)
    for key, field in spec.items():
        if key == "namespaces":
            entries = listed(standing, key)
            new = [entry for entry in field if not _is_there(entry, entries, path)]
            added[key] = [*entries, *new]
        elif key == "mesh":
            added[key] = _with_mesh(standing.get(key), field, path)
        else:
            added[key] = _same(path, f"spec.{key}", standing.get(key), field)

    return value if added == standing else {**value, "spec": added}


def _is_there(entry: dict[str, Any], entries: list[Any], path: str) -> bool:
    """Whether a Namespace is among the entries. Raises Refused if it is there with other labels."""
    for index, standing in enumerate(entries):
        if isinstance(standing, dict) and standing.get("name") == entry["name"]:
            field = f"spec.namespaces[{index}].labels"
            _same(path, field, standing.get("labels") or {}, entry["labels"])
            return True
    return False


def _with_mesh(standing: Any, field: dict[str, Any], path: str) -> dict[str, Any]:
    if standing is not None and not isinstance(standing, dict):
        raise Cannot("its spec.mesh is not a mapping")

    mesh = dict(standing or {})
    for key, value in field.items():
        mesh[key] = _same(path, f"spec.mesh.{key}", mesh.get(key), value)
    return mesh


def _same(path: str, field: str, standing: Any, value: Any) -> Any:
    """The value of a field. Raises Refused if another one stands there."""
    if standing is None or standing == value:
        return value

    import json

    message = (
        f"{path} was left as it is, and nothing was written: its {field} is "
        f"{json.dumps(standing)}, and not {json.dumps(value)}; change it there, or leave the "
        "option out"
    )
    raise Refused(Result("error", message, field=field, file=path, code="init-exists"))
