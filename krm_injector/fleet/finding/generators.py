"""The generators of an ApplicationSet -> sets of parameters (Argo CD 3.2,
applicationset/generators).

Those that ask only files of this repository and the fleet file: list, git, clusters, matrix, merge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from krm_injector.fleet.finding import reading
from krm_injector.fleet.finding.repository import Repository, mapping, mappings, text
from krm_injector.fleet.finding.templating import Templating, flat, normalized
from krm_injector.fleet.finding.tree import normal, relative
from krm_injector.kube import selectors
from krm_injector.model import Object, Refused
from krm_injector.named_tuple import NamedTuple
from krm_injector.sources import files, ignore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Generate = Callable[["Generating", Object], list[dict[str, Any]]]

# Beside the generator itself.
_BESIDES = ("template", "selector", "values")


class NotGenerated(Exception):
    """Why a generator gives no parameters here."""


class Generating(NamedTuple):
    repository: Repository
    templating: Templating
    found: dict[str, list[dict[str, Any]]]  # what generators of files have found, by their fields

    def params(self, generator: Object) -> list[dict[str, Any]]:
        """The parameters of one entry of spec.generators. Raises NotGenerated."""
        names = [name for name in generator if name not in _BESIDES and generator[name] is not None]
        if len(names) != 1 or names[0] not in _GENERATORS:
            raise NotGenerated(f"its generator {', '.join(names) or '{}'} asks outside of files")

        stated = mapping(generator, names[0])
        params = _GENERATORS[names[0]](self, stated)
        params = [self._with_values(each, stated) for each in params]
        return self._selected(params, mapping(generator, "selector"))

    def _with_values(self, params: dict[str, Any], stated: Object) -> dict[str, Any]:
        """The parameters with ``values`` of the generator, which may use them."""
        values = stated.get("values")
        if not isinstance(values, dict) or not values:
            return params

        filled = self.templating.render(values, params)
        return {**params, **self.templating.params({"values": filled})}

    def _selected(
        self, params: list[dict[str, Any]], selector: Object | None
    ) -> list[dict[str, Any]]:
        if not selector:
            return params
        try:
            wanted = selectors.parse(selector)
        except selectors.SelectorError as problem:
            raise NotGenerated(f"its selector is not valid: {problem}") from None
        return [each for each in params if wanted.matches(flat(each))]


# ---------------------------------------------------------------- each kind of generator


def _list(generating: Generating, stated: Object) -> list[dict[str, Any]]:
    if stated.get("elementsYaml"):
        raise NotGenerated("its list is given by elementsYaml")

    elements = mappings(stated.get("elements"))
    return [generating.templating.params(element) for element in elements]


def _clusters(generating: Generating, stated: Object) -> list[dict[str, Any]]:
    """The clusters of the fleet file, which stand for those that Argo CD knows."""
    repository = generating.repository
    if not repository.clusters:
        raise NotGenerated("its clusters are known to Argo CD alone; name them in the fleet file")

    try:
        wanted = selectors.parse(mapping(stated, "selector"))
    except selectors.SelectorError as problem:
        raise NotGenerated(f"its selector is not valid: {problem}") from None

    servers = {name: server for server, name in repository.servers.items()}
    chosen = [each for each in repository.clusters if wanted.matches(each.labels)]
    return [
        generating.templating.params(
            {
                "name": cluster.name,
                "nameNormalized": normalized(cluster.name),
                "server": servers.get(cluster.name, cluster.name),
                "metadata": {"labels": cluster.labels, "annotations": {}},
            }
        )
        for cluster in chosen
    ]


def _git(generating: Generating, stated: Object) -> list[dict[str, Any]]:
    url = text(stated, "repoURL")
    if not generating.repository.knows(url):
        raise NotGenerated(f"its generator git asks {url}")

    key = repr(stated)  # a matrix asks the same for each of its clusters
    if key not in generating.found:
        find = _directories if stated.get("directories") else _files
        generating.found[key] = list(find(generating, stated))
    return generating.found[key]


def _directories(generating: Generating, stated: Object) -> Iterator[dict[str, Any]]:
    tree = generating.repository.tree
    entries = mappings(stated["directories"])
    wanted = [_matcher(entry) for entry in entries if not entry.get("exclude")]
    excluded = [_matcher(entry) for entry in entries if entry.get("exclude")]
    for path in sorted(tree.folders):
        inner = relative(path, tree.top)
        if any(match(inner) for match in wanted) and not any(match(inner) for match in excluded):
            yield _of_path(generating, inner, "", stated)


def _files(generating: Generating, stated: Object) -> Iterator[dict[str, Any]]:
    """The objects in files of JSON or YAML, each with the path of its file."""
    tree = generating.repository.tree
    entries = mappings(stated.get("files"))
    wanted = [_matcher(entry) for entry in entries if not entry.get("exclude")]
    excluded = [_matcher(entry) for entry in entries if entry.get("exclude")]
    for file in sorted(path for folder in tree.folders.values() for path in folder.manifests):
        inner = relative(file, tree.top)
        if not any(match(inner) for match in wanted) or any(match(inner) for match in excluded):
            continue

        directory, _, name = inner.rpartition("/")
        place = _of_path(generating, directory or ".", name, stated)
        for value in _values(file):
            yield {**generating.templating.params(value), **place}


def _values(file: str) -> list[Object]:
    try:
        documents = reading.documents(file, files.content(file))
    except Refused as refused:
        raise NotGenerated(f"its generator git: {refused.results[0].message}") from None

    values = [document.value for _, document in documents]
    return [
        each for value in values for each in mappings(value if isinstance(value, list) else [value])
    ]


def _matcher(entry: Object) -> Callable[[str], bool]:
    pattern = ignore.compiled(normal(text(entry, "path")))
    return lambda path: pattern is not None and pattern.match(path) is not None


def _of_path(generating: Generating, directory: str, file: str, stated: Object) -> dict[str, Any]:
    """The parameters about a path."""
    base = directory.rpartition("/")[2]
    segments = directory.split("/")
    about: dict[str, Any] = {
        "path": directory,
        "basename": base,
        "basenameNormalized": normalized(base),
        "segments": segments,
    }
    if file:
        about.update(filename=file, filenameNormalized=normalized(file))

    prefix = text(stated, "pathParamPrefix")
    if generating.templating.go:
        return {prefix: {"path": about}} if prefix else {"path": about}

    start = f"{prefix}.path" if prefix else "path"
    params = {start: directory}
    for index, segment in enumerate(segments):
        params[f"{start}[{index}]"] = segment
    for name, value in about.items():
        if name not in ("path", "segments"):
            params[f"{start}.{name}"] = value
    return params


def _matrix(generating: Generating, stated: Object) -> list[dict[str, Any]]:
    """Every pair of two generators. The second may use parameters of the first."""
    generators = mappings(stated.get("generators"))
    if len(generators) != 2:
        raise NotGenerated(f"its matrix has {len(generators)} generators; a matrix has two")

    pairs: list[dict[str, Any]] = []
    for first in generating.params(generators[0]):
        second = generating.templating.render(generators[1], first)
        pairs += [_together(first, other) for other in generating.params(second)]
    return pairs


def _together(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Parameters of both. Mappings of one name, as values, have the members of both."""
    result = dict(first)
    for key, value in second.items():
        before = result.get(key)
        both = isinstance(before, dict) and isinstance(value, dict)
        result[key] = {**before, **value} if both and before is not None else value
    return result


def _merge(generating: Generating, stated: Object) -> list[dict[str, Any]]:
    """The parameters of the first generator, with those of others that have equal keys."""
    generators = mappings(stated.get("generators"))
    keys = stated.get("mergeKeys")
    if len(generators) < 2 or not isinstance(keys, list) or not keys:
        raise NotGenerated("its merge has not two generators, or no mergeKeys")

    base = generating.params(generators[0])
    for generator in generators[1:]:
        others = {_key(each, keys): each for each in generating.params(generator)}
        base = [_together(each, others.get(_key(each, keys), {})) for each in base]
    return base


def _key(params: dict[str, Any], keys: list[Any]) -> tuple[str, ...]:
    texts = flat(params)
    return tuple(texts.get(str(key), "") for key in keys)


_GENERATORS: dict[str, Generate] = {
    "list": _list,
    "clusters": _clusters,
    "git": _git,
    "matrix": _matrix,
    "merge": _merge,
}
