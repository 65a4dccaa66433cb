"""What Git would give, beside the pods that run."""

from __future__ import annotations

from krm_injector import pipeline
from krm_injector.adoption.comparison import compared, expected_pod
from krm_injector.adoption.dump import COMMAND, Dump, Key, key_of, manifest, shown
from krm_injector.adoption.facts import Facts
from krm_injector.adoption.reasons import OTHERS, RESTART, UNEXPLAINED, Explained, explained
from krm_injector.injection.merge import injection_status
from krm_injector.istio_names import RECORD_ANNOTATION
from krm_injector.kube.paths import Path, at
from krm_injector.kube.types import TypeMismatch
from krm_injector.kube.workloads import POD_TEMPLATES
from krm_injector.model import Decision, Object, Result
from krm_injector.named_tuple import NamedTuple
from krm_injector.presenting.snapshot.reduction import ref_of
from krm_injector.results import counted
from krm_injector.sources.resource_list import Bundle, Item

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

EQUAL, UNPROVED, REFUSED = "equal", "no pods", "error"
_ORDER = (UNEXPLAINED, RESTART, OTHERS, EQUAL)  # of a workload's pods, the first one counts
_MOST_NAMES = 5


class ComparedPod(NamedTuple):
    pod: Object
    differences: tuple[Explained, ...]

    @property
    def verdict(self) -> str:
        kinds = {each.reason.kind for each in self.differences}
        return next((kind for kind in _ORDER if kind in kinds), EQUAL)


class ProvedWorkload(NamedTuple):
    key: Key
    decision: Decision | None  # None: its pod template is injected in the cluster already
    pods: tuple[ComparedPod, ...]
    verdict: str  # of reasons.py, or EQUAL, UNPROVED, REFUSED

    @property
    def injected(self) -> bool:
        return self.decision is None or self.decision.injected


class Proof(NamedTuple):
    workloads: tuple[ProvedWorkload, ...]
    results: tuple[Result, ...]


def prove(dump: Dump, facts: Facts) -> Proof:
    """Injects the workloads by the files for Git, and compares each pod with what comes out."""
    from_git = {key for key, value in dump.workloads.items() if is_injected(value)}
    keys = sorted(dump.workloads.keys() - from_git)
    items = [Item(manifest(dump.workloads[key]), index, None) for index, key in enumerate(keys)]
    bundle = Bundle(items, None, "", "manifests", "", {}, {}, block=False)
    outcome = pipeline.run(bundle, facts.settings)
    refused = {
        (result.resource.kind, result.resource.namespace, result.resource.name)
        for result in outcome.results
        if result.severity == "error" and result.resource is not None
    }

    workloads = [_proved(key, None, dump.workloads[key], dump) for key in sorted(from_git)]
    results = [told for each in outcome.results for told in _of_run(each, dump, facts)]
    for decision in outcome.decisions:
        index = decision.workload.item
        key = keys[index]
        if key in refused:
            workloads.append(ProvedWorkload(key, decision, (), REFUSED))
            continue
        value = outcome.replacements.get(index, items[index].value)
        workloads.append(_proved(key, decision, value, dump))

    workloads.sort(key=lambda each: each.key)
    results += (result for each in workloads for result in _differing(each, dump))
    results += _unproved(workloads, dump)
    if not any(each.severity == "error" for each in results):
        results += _nothing_proved(workloads)
    return Proof(tuple(workloads), tuple(results))


def is_injected(workload: Object) -> bool:
    """Whether its pod template has a sidecar: Git, or istioctl kube-inject, brought it. Then the
    template in the cluster is what Git gives.
    """
    template = at(workload, path_of(workload))
    has_record = at(workload, ("metadata", "annotations", RECORD_ANNOTATION)) is not None
    return has_record or injection_status(template) is not None


def path_of(workload: Object) -> Path:
    return POD_TEMPLATES[workload["apiVersion"], workload["kind"]]


def _proved(key: Key, decision: Decision | None, value: Object, dump: Dump) -> ProvedWorkload:
    """A workload's pods beside what its injected manifest gives."""
    pods = dump.pods.get(key, ())
    if not pods:
        return ProvedWorkload(key, decision, (), UNPROVED)

    workload = dump.workloads[key]
    try:
        expected = expected_pod(at(value, path_of(value)))
        done = tuple(_compared(pod, expected, workload, dump, decision is None) for pod in pods)
    except TypeMismatch:  # the run has its error already, if it is the workload's
        return ProvedWorkload(key, decision, (), REFUSED)

    verdicts = {pod.verdict for pod in done}
    verdict = next(each for each in _ORDER if each in verdicts)
    return ProvedWorkload(key, decision, done, verdict)


def _compared(
    pod: Object, expected: Object, workload: Object, dump: Dump, from_git: bool
) -> ComparedPod:
    found = compared(pod, expected, workload)
    return ComparedPod(pod, explained(found, pod, expected, workload, dump, from_git))


# ---------------------------------------------------------------- results


def _of_run(result: Result, dump: Dump, facts: Facts) -> Iterable[Result]:
    """A result of the run in the words of a dump; none for what the dump answers."""
    if result.code == "mesh":  # the snapshot says it
        return
    if result.code == "native-sidecars-assumed" and facts.has_proxies:  # the pods tell
        return

    if result.code == "namespace-missing":
        name = str(result.current)
        beside = {namespace for _, namespace, _ in dump.workloads} - dump.namespaces.keys()
        others = f", as those of {_some(sorted(beside - {name}))}" if beside - {name} else ""
        message = (
            f"Namespace {name} is not in the dump, and its labels decide whether {result.resource} "
            f"is injected{others}. Add the Namespaces: kubectl get namespaces -o yaml > "
            "namespaces-dump.yaml, and name that file beside the others"
        )
        result = result._replace(message=message)
    elif result.code == "control-plane-missing":
        what = result.message.partition(";")[0]
        message = (
            f"{what}. Take the dump with the ConfigMaps of that control plane. If it is gone, its "
            "webhook keeps pods from being created, or leaves them without a sidecar: delete it"
        )
        result = result._replace(message=message)
    yield result


def _nothing_proved(workloads: Iterable[ProvedWorkload]) -> Iterable[Result]:
    """An error where no pod was compared: a proof of nothing is none."""
    if any(each.pods for each in workloads):
        return
    message = (
        "no pod of the dump was compared, so nothing is proved: none belongs to a workload of the "
        f"dump. Take it with: {COMMAND}"
    )
    yield Result("error", message, code="adopt-incomplete")


def _differing(proved: ProvedWorkload, dump: Dump) -> Iterable[Result]:
    """An error for a workload whose pods differ and nothing says why."""
    if proved.verdict != UNEXPLAINED:
        return

    paths = dict.fromkeys(
        each.difference.path
        for pod in proved.pods
        for each in pod.differences
        if each.reason.kind == UNEXPLAINED
    )
    count = sum(pod.verdict == UNEXPLAINED for pod in proved.pods)
    pods, verb = counted(count, "pod"), "differs" if count == 1 else "differ"
    named = _some(list(paths))
    message = (
        f"{pods} of {shown(proved.key)} {verb} from what Git would give, and the dump does not "
        f"tell why: {named}. Restart one pod and take the dump again; what is left then is a "
        "setting of istiod or a change by someone else"
    )
    ref = ref_of(dump.workloads[proved.key])
    yield Result("error", message, ref, next(iter(paths)), code="adopt-differs")


def _unproved(workloads: Iterable[ProvedWorkload], dump: Dump) -> Iterable[Result]:
    """Workloads without pods, and pods without a workload: said once each."""
    idle = [shown(each.key) for each in workloads if each.verdict == UNPROVED]
    if idle:
        number = counted(len(idle), "workload")
        verb = "has" if len(idle) == 1 else "have"
        message = f"{number} {verb} no pods in the dump, so nothing is proved: {_some(idle)}"
        yield Result("info", message, code="adopt-unproved")

    if dump.homeless:
        pod, why = dump.homeless[0]
        names = [shown(key_of(each)) for each, _ in dump.homeless]
        message = (
            f"{counted(len(names), 'pod')} not compared: {_some(names)}. Of {shown(key_of(pod))}: "
            f"{why}. This takes all that adopt reads: {COMMAND}"
        )
        yield Result("warning", message, ref_of(pod), code="adopt-unproved")


def _some(names: list[str]) -> str:
    more = len(names) - _MOST_NAMES
    text = ", ".join(names[:_MOST_NAMES])
    return f"{text} and {more:,} more" if more > 0 else text
