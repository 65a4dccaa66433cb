"""What stands in the way of a wave, or what it costs.

A gate blocks where pods do not come up or a change is refused, and warns where the wave passes at a
price. Workloads with the same gate are one gate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from krm_injector.fleet.plan import text
from krm_injector.fleet.plan.model import Gate
from krm_injector.fleet.plan.work import Work
from krm_injector.injection.hubs import RETIRED
from krm_injector.results import counted
from krm_injector.versions import parse_version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from krm_injector.fleet.plan.model import GateSeverity, LabelChange
    from krm_injector.fleet.plan.rollout import Rollout

# Native sidecars: alpha in 1.28 and off, on by default from 1.29 (Kubernetes, feature gate
# SidecarContainers).
_NATIVE = (1, 29)


def of_wave(number: int, work: Sequence[Work]) -> list[Gate]:
    """The gates of one wave that need no other wave. ``work``: what the wave changes."""
    found = [
        *_injection(work),
        *_strategies(work),
        *_limits(work),
        *_autoscalers(work),
        *_native(work),
        *_versions(work),
        *_registries(work),
    ]
    return [gate._replace(wave=number) for gate in found]


def _gate(severity: GateSeverity, kind: str, work: Sequence[Work], why: str, advice: str) -> Gate:
    places = tuple(each.place for each in work)
    what = str(places[0]) if len(places) == 1 else counted(len(places), "workload")
    return Gate(severity, kind, what, why, advice, places)


def _by(work: Iterable[Work], key: Callable[[Work], str]) -> dict[str, list[Work]]:
    """Work by a text; "" is left out."""
    found: dict[str, list[Work]] = {}
    for each in work:
        name = key(each)
        if name:
            found.setdefault(name, []).append(each)
    return found


# ---------------------------------------------------------------- injection


def _injection(work: Sequence[Work]) -> list[Gate]:
    lost = [each for each in work if each.entry["injected"] == [True, False]]
    won = [each for each in work if each.entry["injected"] == [False, True]]
    found = []
    if lost:
        why = "Nothing injects these pods after the move: they run without a sidecar."
        advice = "Let a webhook of the mesh --to select them, or leave them out of the move"
        found.append(_gate("blocks", "injection", lost, why, advice))

    if won:
        why = "These pods have no sidecar before the move, and get one."
        advice = (
            f"Turn it off with the label sidecar.istio.io/inject={_quoted('false')}, or expect it"
        )
        found.append(_gate("warns", "injection", won, why, advice))

    return found


def _quoted(value: str) -> str:
    return f'"{value}"'


# ---------------------------------------------------------------- how pods are replaced


def _strategies(work: Sequence[Work]) -> list[Gate]:
    found = []
    for problem, chosen in _by(work, lambda each: _of(each).problem).items():
        advice = "Delete it before the wave, and let it be made again"
        if chosen[0].place.kind not in ("Job", "Pod"):
            advice = "Correct its strategy before the wave"
        why = f"The API server refuses the change: {problem}."
        found.append(_gate("blocks", "strategy", chosen, why, advice))

    for why, chosen in _by(work, _stays).items():
        advice = "Restart them yourself in this wave; until then they keep the proxy they have"
        found.append(_gate("warns", "restart", chosen, why, advice))

    for why, chosen in _by(work, _outage).items():
        advice = "Move them when nobody needs them, or run two pods with maxUnavailable 0"
        found.append(_gate("warns", "outage", chosen, why, advice))

    return found


def _of(work: Work) -> Rollout:
    from krm_injector.fleet.plan.rollout import Rollout

    return work.rollout or Rollout("no restart", 0, "")


def _stays(work: Work) -> str:
    """Why pods that run do not restart by themselves; "" if they do, or there are none."""
    how = _of(work)
    if not (work.pods or work.entry["perNode"]):
        return ""
    if how.how in ("on delete", "paused"):
        return f"Their pods do not restart by themselves: {how.detail}."
    if work.place.kind == "StatefulSet" and how.how == "rolling" and how.restarting < work.pods:
        return f"Not all of their pods restart by themselves: {how.detail}."
    return ""


def _outage(work: Work) -> str:
    how = _of(work)
    if not how.outage:
        return ""
    if how.how == "recreate":
        return "No pod serves for a while: Recreate ends all pods before the first new one starts."
    if work.place.kind == "Pod":
        return "The pod does not serve for a while: its containers restart."
    if work.pods == 1:
        return "No pod serves for a while: the only pod ends before its successor starts."
    return "No pod serves for a while: the strategy takes all pods away at once."


# ---------------------------------------------------------------- labels


def of_labels(waves: Sequence[Sequence[LabelChange]]) -> list[Gate]:
    """Files that state labels for objects of several waves: who edits them moves all. ``waves``:
    the label changes of each.
    """
    of_file: dict[str, set[int]] = {}
    for number, changes in enumerate(waves, 1):
        for change in changes:
            if change.file:
                of_file.setdefault(change.file, set()).add(number)

    found = []
    for number, changes in enumerate(waves, 1):
        files = dict.fromkeys(each.file for each in changes if len(of_file.get(each.file, ())) > 1)
        if not files:
            continue

        names = text.named(list(files), "file")
        why = f"Objects of other waves have their labels from the same file: {names}."
        advice = "Do not edit it before the last of these waves; --apply-labels writes patches"
        what = counted(len(files), "file") if len(files) > 1 else names
        found.append(Gate("warns", "labels", what, why, advice, (), number))

    return found


# ---------------------------------------------------------------- limits and autoscalers


def _limits(work: Sequence[Work]) -> list[Gate]:
    """Findings of the workers about LimitRanges."""
    by_entry = {id(each.entry): each for each in work}
    found = []
    for answer in {id(each.answer.data): each.answer for each in work}.values():
        for limit in answer.data["limits"]:
            each = by_entry.get(id(answer.data["workloads"][limit["workload"]]))
            if each is not None:
                advice = "Change the limits, or the sidecar's resources, before the wave"
                gate = _gate("blocks", "limit-range", [each], f"{limit['message']}.", advice)
                found.append(gate._replace(what=limit["what"]))

    return found


def _autoscalers(work: Sequence[Work]) -> list[Gate]:
    """Autoscalers that aim at a percentage of what pods request, where the requests change."""
    by_words = _by(work, _scaling)
    advice = "Set averageUtilization anew, or let it look at the application's container alone"
    return [_gate("warns", "autoscaler", chosen, why, advice) for why, chosen in by_words.items()]


def _scaling(work: Work) -> str:
    scaler = work.entry.get("autoscaler", {"utilization": {}})
    for resource, aim in scaler["utilization"].items():
        before = work.asks(f"requests.{resource}", 0)
        after = work.asks(f"requests.{resource}", 1)
        if before and after and before != after:
            same = round(aim * before / after)
            return (
                f"The {scaler['kind']} aims at {aim}% of the {resource} that a pod "
                f"requests, and that changes from {text.amount(before, resource)} to "
                f"{text.amount(after, resource)}: the load that is {aim}% now will be {same}%."
            )

    return ""


# ---------------------------------------------------------------- versions


def _native(work: Sequence[Work]) -> list[Gate]:
    newly = [each for each in work if each.entry["native"] == [False, True]]
    found = []
    for stated, chosen in _by(newly, lambda each: _kubernetes(each) or "?").items():
        version = parse_version(stated)
        if version is None:
            why = (
                "They get native sidecars, which need Kubernetes 1.29 on every node, and nobody "
                "states the version of the oldest kubelet."
            )
            advice = "State kubernetesVersion of the cluster in the fleet file"
            found.append(_gate("warns", "kubernetes", chosen, why, advice))
        elif version < _NATIVE:
            why = (
                f"They get native sidecars, and the oldest kubelet is {stated}: before 1.29 it "
                "takes the sidecar for an ordinary init container, and waits for its end."
            )
            advice = "Upgrade the nodes first, or leave native sidecars off for the cluster"
            found.append(_gate("blocks", "kubernetes", chosen, why, advice))

    return found


def _kubernetes(work: Work) -> str:
    stated: str = work.answer.data["kubernetes"]
    return stated


def _versions(work: Sequence[Work]) -> list[Gate]:
    """Steps over minor versions that Istio does not support: more than one in place, more than two
    by revisions (istio.io, Upgrade; Canary Upgrades; In-place Upgrades, 1.17 and later).
    """
    return [
        _gate("warns", "version", chosen, why, "Plan the versions in between, one after another")
        for why, chosen in _by(work, _step).items()
    ]


def _step(work: Work) -> str:
    (old, new), (revision, after) = work.entry["version"], work.entry["revision"]
    before, then = parse_version(old), parse_version(new)
    if before is None or then is None or before[0] != then[0]:
        return ""

    minors = then[1] - before[1]
    most = 1 if revision == after else 2
    if minors < 0:
        return f"The mesh after the move is older: {new} after {old}."
    if minors <= most:
        return ""

    way = "in place" if most == 1 else "by revisions"
    return (
        f"From {old} to {new} are {minors} minor versions; {way} Istio supports "
        f"{'one' if most == 1 else 'two'} at a time."
    )


# ---------------------------------------------------------------- hubs


def _registries(work: Sequence[Work]) -> list[Gate]:
    """Images that are on a retired hub after the move."""
    found = []
    for hub in RETIRED:
        chosen = [each for each in work if hub.hub in each.entry.get("retired", ())]
        if chosen:
            why = (
                f"They still take images from {hub.hub}, which Istio switches off {hub.off} "
                f"({hub.source}): pods start no more where the node lacks the image."
            )
            advice = f"Set {hub.advice} or a mirror of your own, in the mesh or in the workload"
            found.append(_gate("warns", "registry", chosen, why, advice))

    return found
