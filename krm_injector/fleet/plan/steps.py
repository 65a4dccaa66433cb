"""What to do in a wave, and the way back, in words with commands in `backticks`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from krm_injector.fleet.plan import campaigns, text
from krm_injector.fleet.plan.campaigns import Campaign
from krm_injector.fleet.plan.model import LabelChange
from krm_injector.fleet.plan.units import Ordered
from krm_injector.fleet.plan.work import Answer, Work
from krm_injector.named_tuple import NamedTuple
from krm_injector.results import counted

_MOST_NAMED = 3  # targets or clusters that one command names


class Told(NamedTuple):
    steps: tuple[str, ...]
    back: tuple[str, ...]


def told(
    wave: Ordered, number: int, campaign: Campaign | None, prepared: set[tuple[str, str]]
) -> Told:
    """``prepared``: (cluster, control plane) that an earlier wave has set up; it grows."""
    answers = [answer for unit in wave.units for answer in unit.answers.values()]
    work = [each for unit in wave.units for each in unit.work]
    labels = [change for unit in wave.units for change in unit.labels]
    steps: list[str] = []
    back: list[str] = []
    if campaign is None:
        steps += _control_planes(answers, prepared)

    _tags(work, steps, back)
    _labels(labels, number, steps, back)
    changing = [each for each in work if each.group]
    if changing:
        targets = list(dict.fromkeys(each.place.target for each in changing))
        command = _build(targets, {each.place.cluster for each in changing})
        steps += _mesh(campaign, changing)
        steps.append(f"Render {_all(targets)} and merge: {command}")
        back.append(_mesh_back(campaign, changing))
        back.append(f"Render {_all(targets)} and merge: {command}")

    steps += _by_hand(changing)
    back.append(_again(changing))
    return Told(tuple(steps), tuple(back))


def _all(targets: Sequence[str]) -> str:
    return counted(len(targets), "target") if len(targets) > 1 else f"target {targets[0]}"


def _build(targets: Sequence[str], clusters: Collection[str]) -> str:
    """The command that renders the targets. What else it renders comes out as it was, since its
    mesh is as it was.
    """
    only = ""
    if len(targets) <= _MOST_NAMED:
        only = "".join(f" --only '{name}'" for name in targets)
    elif len(clusters) <= _MOST_NAMED and all(clusters):
        only = "".join(f" --cluster {name}" for name in sorted(clusters))
    return f"`krm-injector fleet build --output DIR{only}`"


# ---------------------------------------------------------------- control planes, tags, labels


def _control_planes(answers: Iterable[Answer], prepared: set[tuple[str, str]]) -> list[str]:
    """What has to run before pods ask for it, once a cluster."""
    by_plane: dict[str, list[str]] = {}
    for answer in answers:
        for plane in _new_planes(answer):
            if (answer.cluster, plane) not in prepared:
                prepared.add((answer.cluster, plane))
                by_plane.setdefault(plane, []).append(answer.cluster)

    return [f"{plane}{_in(clusters)}" for plane, clusters in by_plane.items()]


def _new_planes(answer: Answer) -> list[str]:
    before, after = answer.data["meshes"]
    versions = {mesh["revision"]: mesh["version"] for mesh in before}
    found = []
    for mesh in after:
        revision, version = mesh["revision"], mesh["version"] or "of unknown version"
        if revision not in versions:
            found.append(f"Install revision {revision} (Istio {version}) beside the one in use")
        elif versions[revision] != mesh["version"]:
            found.append(f"Upgrade the control plane of revision {revision} to Istio {version}")
    return found


def _in(clusters: Sequence[str]) -> str:
    names = [name for name in dict.fromkeys(clusters) if name]
    return f", in {text.named(names, 'cluster')}" if names else ""


def _tags(work: Iterable[Work], steps: list[str], back: list[str]) -> None:
    moved: dict[tuple[str, str, str], list[str]] = {}
    for each in work:
        if each.entry.get("move") == "tag":
            old, new = each.entry["revision"]
            key = each.entry["tag"], old, new or each.answer.data["revision"]
            moved.setdefault(key, []).append(each.place.cluster)

    for (tag, old, new), clusters in moved.items():
        command = "istioctl tag set {} --revision {} --overwrite"
        steps.append(f"Let the tag mean {new}: `{command.format(tag, new)}`{_in(clusters)}")
        back.append(f"Let the tag mean {old} again: `{command.format(tag, old)}`{_in(clusters)}")


def _labels(labels: Sequence[LabelChange], number: int, steps: list[str], back: list[str]) -> None:
    if not labels:
        return

    command = f"`krm-injector fleet plan ... --apply-labels DIR --wave {number}`"
    steps.append(f"Move {counted(len(labels), 'label')}: {command} writes the patches")
    kinds: dict[tuple[str, str], list[str]] = {}
    for change in labels:
        key = text.labels(dict(change.after)), text.labels(dict(change.before))
        kinds.setdefault(key, []).append(change.name)

    for (after, before), names in kinds.items():
        back.append(f"Set {before} again in place of {after}: {text.named(names, 'object')}")


# ---------------------------------------------------------------- the mesh of the targets


def _mesh(campaign: Campaign | None, changing: Sequence[Work]) -> list[str]:
    where = "(fleet file, functionConfig or --mesh)"
    if campaign is None and any("move" in each.entry for each in changing):
        both = "a mesh of both control planes (`krm-injector snapshot OLD NEW`)"
        return [f"Until the last wave, name {both} for these targets {where}"]
    if campaign is None:
        return [f"Name the new mesh for these targets {where}"]
    if campaign.name == campaigns.REGISTRY:
        hub = f"Set global.hub to {campaign.value}"
        return [f"{hub} in the mesh's values, and take the mesh file anew"]
    if campaign.name == campaigns.NATIVE:
        variable = "ENABLE_NATIVE_SIDECARS: true in istiod's environment"
        return [f"Turn native sidecars on: {variable}, or spec.cluster.nativeSidecars: true"]
    return []


def _mesh_back(campaign: Campaign | None, changing: Sequence[Work]) -> str:
    if campaign is None:
        versions = [each.entry["version"][0] for each in changing if each.entry["version"][0]]
        known = text.named(sorted(set(versions)), "version")
        return f"Name the old mesh for these targets again{f' (Istio {known})' if known else ''}"
    if campaign.name == campaigns.REGISTRY:
        return "Set global.hub to the old hub again"
    if campaign.name == campaigns.NATIVE:
        return "Turn native sidecars off again"
    return "The mesh stays as it is"


def _by_hand(changing: Iterable[Work]) -> list[str]:
    """Pods that somebody has to restart."""
    commands: dict[str, list[str]] = {}
    for each in changing:
        how = each.rollout.how if each.rollout else ""
        if how == "on delete" and (each.pods or each.entry["perNode"]):
            commands.setdefault("Delete the pods of", []).append(str(each.place))
        elif how == "refused" and each.place.kind in ("Job", "Pod"):
            commands.setdefault("Delete, and let it be made again:", []).append(str(each.place))
        elif how == "paused":
            commands.setdefault("Resume the rollout of", []).append(str(each.place))

    return [f"{verb} {text.named(names, 'workload')}" for verb, names in commands.items()]


def _again(changing: Sequence[Work]) -> str:
    restarting = [each for each in changing if each.rollout and each.rollout.restarting]
    pods = sum(each.rollout.restarting for each in restarting if each.rollout)
    if not restarting:
        return "No pod restarts by it"
    verb = "restarts" if len(restarting) == 1 else "restart"
    workloads = counted(len(restarting), "workload")
    return f"{workloads} {verb} again, with {counted(pods, 'pod')}"


def back_labels(change: LabelChange) -> Mapping[str, str | None]:
    """The labels of the way back; None: the label is taken away."""
    gone = {key: None for key in change.after if key not in change.before}
    return {**gone, **change.before}
