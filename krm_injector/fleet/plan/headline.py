"""What a plan is about, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from krm_injector.fleet.model import Report
from krm_injector.fleet.plan import campaigns, text
from krm_injector.fleet.plan.campaigns import Campaign
from krm_injector.fleet.plan.work import Answer, Work
from krm_injector.results import counted
from krm_injector.versions import parse_version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.fleet.plan.model import Wave, Way


def title(work: Sequence[Work], campaign: Campaign | None) -> str:
    """ "Istio 1.29.2 to 1.31.0", "Registry example.org/istio"."""
    if campaign is not None:
        return {
            campaigns.REGISTRY: f"Images from registry {campaign.value}",
            campaigns.NATIVE: "Native sidecars",
            campaigns.REVISION: f"Namespaces from istio-injection to revision {campaign.value}",
        }[campaign.name]

    before, after = _versions(work, 0), _versions(work, 1)
    if before == after:
        return f"Istio {before}, with another configuration" if before else "A move of the mesh"
    return f"Istio {before or 'of unknown version'} to {after or 'one of unknown version'}"


def _versions(work: Iterable[Work], side: int) -> str:
    known = {each.entry["version"][side] for each in work} - {""}
    ordered = sorted(known, key=lambda version: (parse_version(version) or (0, 0), version))
    return text.named(ordered, "version")


def way(work: Iterable[Work]) -> Way:
    in_place = canary = False
    for each in work:
        before, after = each.entry["revision"]
        canary = canary or before != after or "move" in each.entry
        in_place = in_place or (before == after and bool(each.group))

    if canary:
        return "in place and canary" if in_place else "canary"
    return "in place" if in_place else "nothing"


def assumptions(
    report: Report,
    work: Sequence[Work],
    planned: Sequence[Answer],
    campaign: Campaign | None,
    waves: Iterable[Wave],
) -> tuple[str, ...]:
    """What nobody can see in Git and the plan takes for granted, in whole sentences."""
    found = [
        "The clusters run what Git says: as many pods as manifests state, and all of them healthy."
    ]
    found += _parts(report)
    if any("autoscaler" in each.entry for each in work):
        found.append(
            "Where an autoscaler scales, rollouts and budgets are computed for its "
            "least number of pods."
        )

    if any(each.entry["perNode"] and each.group for each in work):
        found.append("Pods of DaemonSets, one a node, are in no sum: nobody knows the nodes.")

    if any(answer.data["quotas"] for answer in planned):
        found.append(
            "ResourceQuotas are compared with what the targets of the fleet ask for; other pods "
            "of the Namespace are not seen."
        )

    found += _split(waves)
    revisions = sorted({answer.data["revision"] for answer in planned} - {""})
    if revisions:
        names = text.named(revisions, "revision")
        found.append(
            f"Each Namespace moves to {names} in its wave, and the old control plane stays until "
            "the last wave."
        )

    if campaign is None and any(len(answer.data["meshes"][0]) > 1 for answer in planned):
        found.append("Namespaces of all revisions that --from has move to the one of --to.")

    return tuple(found)


def _parts(report: Report) -> list[str]:
    """What of the fleet is not in the report."""
    found = []
    number, count = report.shard
    if count > 1:
        found.append(f"This is shard {number} of {count}: `krm-injector fleet merge` has the plan.")
    if report.untouched:
        since = report.options.get("changed_since", "")
        targets = counted(len(report.untouched), "target")
        found.append(f"Nothing touched {targets} since {since}: the plan is without them.")
    return found


def _split(waves: Iterable[Wave]) -> list[str]:
    """Targets that several waves share: a target is rendered as a whole."""
    seen: set[str] = set()
    several: set[str] = set()
    for wave in waves:
        several |= seen.intersection(wave.targets)
        seen.update(wave.targets)

    if not several:
        return []
    names = text.named(sorted(several), "target")
    return [
        f"What is rendered of {names} belongs to several waves: merge each wave's objects by "
        "themselves."
    ]
