"""What injection adds: images and capabilities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from krm_injector.istio_names import PROXY_CONTAINER
from krm_injector.judging.advice.injected_workload import mappings, spec_of
from krm_injector.kube.paths import at
from krm_injector.model import Decision, Object
from krm_injector.presenting.report.markup import Html, joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ROW = Html("<tr><td><code>{value}</code></td><td>{container}</td><td class=n>{count:,}</td></tr>")
_TABLE = Html(
    "<table><thead><tr><th>{title}</th><th>Container</th><th class=n>Workloads</th></tr></thead>"
    "<tbody>{rows}</tbody></table>"
)

_Counts = dict[tuple[str, str], int]  # (what is added, name of the container) -> workloads


def tables(decisions: Sequence[Decision], injected: Sequence[Object | None]) -> Html:
    """The images and capabilities that are added, with the number of workloads.

    injected: each decision's object after injection, None if it is not injected.
    """
    images: _Counts = {}
    capabilities: _Counts = {}
    for decision, after in zip(decisions, injected, strict=True):
        if after is None:
            continue
        for container in _added_containers(decision, after):
            _count(container, images, capabilities)

    if not images:
        return Html('<p class="none">Nothing is added.</p>')

    no_capabilities = Html('<p class="none">No capabilities.</p>')
    return joined(
        [
            _table("Images", images),
            _table("Capabilities", capabilities) if capabilities else no_capabilities,
        ]
    )


def _added_containers(decision: Decision, after: Object) -> Iterator[Object]:
    """The containers that are new, and the proxy, for which the pod may state fields of its own."""
    template = decision.workload.template
    before = _all_containers(at(decision.workload.object, template))
    names = {container.get("name") for container in before}
    for container in _all_containers(at(after, template)):
        name = str(container.get("name"))
        if name not in names or name == PROXY_CONTAINER:
            yield container


def _all_containers(template: Any) -> list[Object]:
    spec = spec_of(template)
    return [*mappings(spec.get("initContainers")), *mappings(spec.get("containers"))]


def _count(container: Object, images: _Counts, capabilities: _Counts) -> None:
    name = str(container.get("name"))
    image = (str(container.get("image")), name)
    images[image] = images.get(image, 0) + 1

    added = at(container, ("securityContext", "capabilities", "add"))
    if isinstance(added, list) and added:
        key = (", ".join(map(str, added)), name)
        capabilities[key] = capabilities.get(key, 0) + 1


def _table(title: str, counts: Mapping[tuple[str, str], int]) -> Html:
    rows = [
        _ROW.filled(value=value, container=container, count=count)
        for (value, container), count in sorted(counts.items())
    ]
    return _TABLE.filled(title=title, rows=joined(rows))
