"""Kinds of well-known controllers that make pods, and where their pod templates stand.

None of them is injected unless the functionConfig names it. Each row states the file that it was
read from, with the version; versions of an API that are not here are not known, and their templates
are found by looking (kube.workloads.pod_templates).
"""

from __future__ import annotations

from typing import NamedTuple

from krm_injector.kube.paths import Path
from krm_injector.kube.workloads import EACH, parse_path


class Known(NamedTuple):
    """What is known of one kind."""

    paths: tuple[Path, ...]  # to all its pod templates; () where none of its fields is one
    label: str = ""  # where a label of its pods is written; "" for metadata.labels of each template
    why: str = (
        ""  # why injection leaves it to the cluster's webhook, as a clause; "" where it need not
    )
    note: str = ""  # what to know before its templates are injected, as a sentence
    elsewhere: bool = False  # its pods are made of manifests that stand somewhere else

    @property
    def injectable(self) -> bool:
        """Whether its pods can carry a sidecar that is written into all of its templates."""
        return bool(self.paths) and not self.why


class _Row(NamedTuple):
    source: str
    group: str
    versions: str
    kinds: str
    paths: str = ""
    label: str = ""
    why: str = ""
    note: str = ""


_ENDS = (
    "Its pods are to end, and a sidecar that is no native one keeps them running: use Istio 1.27 "
    "or later, or cluster.nativeSidecars"
)
_FIRST = (
    "KubeRay takes the first container of a template for Ray's (controllers/ray/common/pod.go): "
    "do not inject with holdApplicationUntilProxyStarts unless sidecars are native, since it puts "
    "istio-proxy first"
)
_NAMED = (
    "Agones refuses a second container where {0} does not name the game server's "
    "(pkg/apis/agones/v1/gameserver.go): set it, unless sidecars are native"
)
_FIRST_AND_ENDS = f"{_FIRST}. {_ENDS}"
_RAY = "spec.{0}.headGroupSpec.template spec.{0}.workerGroupSpecs[].template"
_OF_ECK = (
    "The operator adds containers' images, probes and init containers later, and those probes are "
    "not rewritten: under strict mutual TLS an HTTP probe of its own fails"
)
_KNATIVE = (
    "Knative names its containers, fills in their probes and adds queue-proxy later, and admits "
    "only the fields that it lists"
)
_KSERVE = "KServe merges it with a runtime's containers and makes the pod itself"
_STEPS = "its controller makes the pods of its steps, with containers of its own beside them"
_FLINK = (
    "the operator merges spec.podTemplate into those of jobManager and taskManager, lists entry "
    "by entry by their place unless kubernetes.operator.pod-template.merge-arrays-by-name is set, "
    "and Flink adds its main container"
)
# of spec.template
_UNITED = "statefulSetTemplate advancedStatefulSetTemplate cloneSetTemplate deploymentTemplate"
_ECK_KINDS = (
    ("kibana", "v1 v1beta1", "Kibana"),
    ("apm", "v1 v1beta1", "ApmServer"),
    ("enterprisesearch", "v1 v1beta1", "EnterpriseSearch"),
    ("logstash", "v1alpha1", "Logstash"),
    ("maps", "v1alpha1", "ElasticMapsServer"),
    ("packageregistry", "v1alpha1", "PackageRegistry"),
    ("autoops", "v1alpha1", "AutoOpsAgentPolicy"),
)
_TRAINING = (
    ("tensorflow", "TFJob", "tf"),
    ("pytorch", "PyTorchJob", "pytorch"),
    ("xgboost", "XGBoostJob", "xgb"),
    ("paddlepaddle", "PaddleJob", "paddle"),
    ("jax", "JAXJob", "jax"),
    ("mpi", "MPIJob", "mpi"),
)

_ROWS = (
    # Ray
    _Row("ray-project/kuberay v1.7.0 ray-operator/apis/ray/v1/raycluster_types.go", "ray.io", "v1 v1alpha1",
         "RayCluster", "spec.headGroupSpec.template spec.workerGroupSpecs[].template", note=_FIRST),
    _Row("ray-project/kuberay v1.7.0 ray-operator/apis/ray/v1/rayjob_types.go", "ray.io", "v1 v1alpha1",
         "RayJob", f"{_RAY.format('rayClusterSpec')} spec.submitterPodTemplate", note=_FIRST_AND_ENDS),
    _Row("ray-project/kuberay v1.7.0 ray-operator/apis/ray/v1/rayservice_types.go", "ray.io", "v1 v1alpha1",
         "RayService", _RAY.format("rayClusterConfig"), note=_FIRST),
    _Row("ray-project/kuberay v1.7.0 ray-operator/apis/ray/v1/raycronjob_types.go", "ray.io", "v1", "RayCronJob",
         f"{_RAY.format('jobTemplate.rayClusterSpec')} spec.jobTemplate.submitterPodTemplate", note=_FIRST_AND_ENDS),
    # JobSet, LeaderWorkerSet
    _Row("kubernetes-sigs/jobset v0.12.0 api/jobset/v1alpha2/jobset_types.go", "jobset.x-k8s.io", "v1alpha2",
         "JobSet", "spec.replicatedJobs[].template.spec.template", note=_ENDS),
    _Row("kubernetes-sigs/lws v0.10.0 api/leaderworkerset/v1/leaderworkerset_types.go", "leaderworkerset.x-k8s.io",
         "v1", "LeaderWorkerSet", "spec.leaderWorkerTemplate.leaderTemplate spec.leaderWorkerTemplate.workerTemplate"),
    # Kubeflow
    *(_Row(f"kubeflow/trainer v1.9.0 pkg/apis/kubeflow.org/v1/{file}_types.go", "kubeflow.org", "v1", kind,
           f"spec.{field}ReplicaSpecs.*.template", note=_ENDS) for file, kind, field in _TRAINING),
    _Row("kubeflow/mpi-operator v0.8.0 pkg/apis/kubeflow/v2beta1/types.go", "kubeflow.org", "v2beta1", "MPIJob",
         "spec.mpiReplicaSpecs.*.template", note=_ENDS),
    _Row("kubeflow/trainer v2.3.0 pkg/apis/trainer/v1alpha1/trainingruntime_types.go", "trainer.kubeflow.org",
         "v1alpha1", "TrainingRuntime ClusterTrainingRuntime",
         "spec.template.spec.replicatedJobs[].template.spec.template", note=_ENDS),
    _Row("kubeflow/trainer v2.3.0 pkg/apis/trainer/v1alpha1/trainjob_types.go", "trainer.kubeflow.org", "v1alpha1",
         "TrainJob", label="metadata.labels of its runtime's templates",
         why="its pods are made of the TrainingRuntime that it names: inject that"),
    # Volcano
    _Row("volcano-sh/apis v1.15.0 pkg/apis/batch/v1alpha1/job.go", "batch.volcano.sh", "v1alpha1", "Job",
         "spec.tasks[].template", note=_ENDS),
    _Row("volcano-sh/apis v1.15.0 pkg/apis/batch/v1alpha1/job.go", "batch.volcano.sh", "v1alpha1", "CronJob",
         "spec.jobTemplate.spec.tasks[].template", note=_ENDS),
    _Row("volcano-sh/apis v1.15.0 pkg/apis/flow/v1alpha1/jobtemplate_types.go", "flow.volcano.sh", "v1alpha1",
         "JobTemplate", "spec.tasks[].template", note=_ENDS),
    _Row("volcano-sh/apis v1.15.0 pkg/apis/training/v1alpha1/hyperjob.go", "training.volcano.sh", "v1alpha1",
         "HyperJob", "spec.replicatedJobs[].templateSpec.tasks[].template", note=_ENDS),
    # KEDA, Agones
    _Row("kedacore/keda v2.20.2 apis/keda/v1alpha1/scaledjob_types.go", "keda.sh", "v1alpha1", "ScaledJob",
         "spec.jobTargetRef.template", note=_ENDS),
    _Row("googleforgames/agones v1.56.0 pkg/apis/agones/v1/gameserver.go", "agones.dev", "v1", "GameServer",
         "spec.template", note=_NAMED.format("spec.container")),
    _Row("googleforgames/agones v1.56.0 pkg/apis/agones/v1/fleet.go, gameserverset.go", "agones.dev", "v1",
         "Fleet GameServerSet", "spec.template.spec.template", note=_NAMED.format("spec.template.spec.container")),
    # Elastic (ECK)
    _Row("elastic/cloud-on-k8s v3.5.0 pkg/apis/elasticsearch/v1/elasticsearch_types.go",
         "elasticsearch.k8s.elastic.co", "v1 v1beta1", "Elasticsearch", "spec.nodeSets[].podTemplate", note=_OF_ECK),
    *(_Row(f"elastic/cloud-on-k8s v3.5.0 pkg/apis/{name}", f"{name}.k8s.elastic.co", versions, kind,
           "spec.podTemplate", note=_OF_ECK) for name, versions, kind in _ECK_KINDS),
    _Row("elastic/cloud-on-k8s v3.5.0 pkg/apis/agent/v1alpha1/agent_types.go", "agent.k8s.elastic.co", "v1alpha1",
         "Agent", "spec.daemonSet.podTemplate spec.deployment.podTemplate spec.statefulSet.podTemplate", note=_OF_ECK),
    _Row("elastic/cloud-on-k8s v3.5.0 pkg/apis/beat/v1beta1/beat_types.go", "beat.k8s.elastic.co", "v1beta1",
         "Beat", "spec.daemonSet.podTemplate spec.deployment.podTemplate", note=_OF_ECK),
    # OpenKruise; SidecarSet and ImagePullJob hold no pod template
    _Row("openkruise/kruise-api v1.8.0 apps/v1alpha1/cloneset_types.go, daemonset_types.go", "apps.kruise.io",
         "v1alpha1", "CloneSet DaemonSet", "spec.template"),
    _Row("openkruise/kruise-api v1.8.0 apps/v1alpha1/broadcastjob_types.go", "apps.kruise.io", "v1alpha1",
         "BroadcastJob", "spec.template", note=_ENDS),
    _Row("openkruise/kruise-api v1.8.0 apps/v1beta1/statefulset_types.go", "apps.kruise.io", "v1alpha1 v1beta1",
         "StatefulSet", "spec.template"),
    _Row("openkruise/kruise-api v1.8.0 apps/v1alpha1/advancedcronjob_types.go", "apps.kruise.io", "v1alpha1",
         "AdvancedCronJob", "spec.template.jobTemplate.spec.template spec.template.broadcastJobTemplate.spec.template",
         note=_ENDS),
    _Row("openkruise/kruise-api v1.8.0 apps/v1alpha1/uniteddeployment_types.go", "apps.kruise.io", "v1alpha1",
         "UnitedDeployment", " ".join(f"spec.template.{field}.spec.template" for field in _UNITED.split())),
    # Argo; Rollout is injected by default
    _Row("argoproj/argo-rollouts v1.9.1 pkg/apis/rollouts/v1alpha1/analysis_types.go", "argoproj.io", "v1alpha1",
         "AnalysisTemplate ClusterAnalysisTemplate AnalysisRun", "spec.metrics[].provider.job.spec.template",
         note=_ENDS),
    _Row("argoproj/argo-rollouts v1.9.1 pkg/apis/rollouts/v1alpha1/experiment_types.go", "argoproj.io", "v1alpha1",
         "Experiment", "spec.templates[].template"),
    # Spark: containers are told by name (internal/controller/sparkapplication/submission.go)
    _Row("kubeflow/spark-operator v2.5.2 api/v1beta2/sparkapplication_types.go", "sparkoperator.k8s.io", "v1beta2",
         "SparkApplication", "spec.driver.template spec.executor.template", note=_ENDS),
    _Row("kubeflow/spark-operator v2.5.2 api/v1beta2/scheduledsparkapplication_types.go", "sparkoperator.k8s.io",
         "v1beta2", "ScheduledSparkApplication", "spec.template.driver.template spec.template.executor.template",
         note=_ENDS),
    _Row("kubeflow/spark-operator v2.5.2 api/v1alpha1/sparkconnect_types.go", "sparkoperator.k8s.io", "v1alpha1",
         "SparkConnect", "spec.server.template spec.executor.template"),
    # Flink: utils/FlinkUtils.java mergePodTemplates
    _Row("apache/flink-kubernetes-operator release-1.15.0 FlinkDeploymentSpec.java, JobManagerSpec.java",
         "flink.apache.org", "v1beta1", "FlinkDeployment",
         "spec.podTemplate spec.jobManager.podTemplate spec.taskManager.podTemplate", why=_FLINK),
    # GitHub's runners: the runner's container is told by its name
    _Row("actions/actions-runner-controller 0.14.2 apis/actions.github.com/v1alpha1/autoscalingrunnerset_types.go",
         "actions.github.com", "v1alpha1", "AutoscalingRunnerSet", "spec.template spec.listenerTemplate", note=_ENDS),
    # What looks like a pod template and is none
    _Row("knative/serving v0.50.0 pkg/apis/serving/v1/revision_types.go", "serving.knative.dev",
         "v1 v1beta1 v1alpha1", "Service Configuration", label="spec.template.metadata.labels", why=_KNATIVE),
    _Row("knative/serving v0.50.0 pkg/apis/serving/v1/revision_types.go", "serving.knative.dev",
         "v1 v1beta1 v1alpha1", "Revision", label="metadata.labels", why=_KNATIVE),
    _Row("kserve/kserve v0.20.0 pkg/apis/serving/v1beta1/component.go", "serving.kserve.io", "v1beta1",
         "InferenceService", label="spec.predictor.labels (and spec.transformer.labels, spec.explainer.labels)",
         why=_KSERVE),
    _Row("kserve/kserve v0.20.0 pkg/apis/serving/v1alpha1/servingruntime_types.go", "serving.kserve.io", "v1alpha1",
         "ServingRuntime ClusterServingRuntime", label="spec.labels", why=_KSERVE),
    _Row("kserve/kserve v0.20.0 pkg/apis/serving/v1alpha2/llm_inference_service_types.go", "serving.kserve.io",
         "v1alpha1 v1alpha2", "LLMInferenceService LLMInferenceServiceConfig", label="spec.labels", why=_KSERVE),
    _Row("argoproj/argo-workflows v4.1.2 pkg/apis/workflow/v1alpha1/workflow_types.go", "argoproj.io", "v1alpha1",
         "Workflow WorkflowTemplate ClusterWorkflowTemplate", label="spec.podMetadata.labels", why=_STEPS),
    _Row("argoproj/argo-workflows v4.1.2 pkg/apis/workflow/v1alpha1/cron_workflow_types.go", "argoproj.io",
         "v1alpha1", "CronWorkflow", label="spec.workflowSpec.podMetadata.labels", why=_STEPS),
    _Row("tektoncd/pipeline v1.15.0 pkg/pod/pod.go", "tekton.dev", "v1 v1beta1", "TaskRun PipelineRun",
         label="metadata.labels", why=_STEPS),
    _Row("strimzi/strimzi-kafka-operator 1.2.0 api/.../common/template/PodTemplate.java", "kafka.strimzi.io",
         "v1 v1beta2", "Kafka", label="spec.kafka.template.pod.metadata.labels",
         why="template.pod holds settings of its pods, which the operator makes itself"),
    _Row("strimzi/strimzi-kafka-operator 1.2.0 api/.../common/template/PodTemplate.java", "kafka.strimzi.io",
         "v1 v1beta2", "KafkaConnect KafkaBridge KafkaMirrorMaker2 KafkaNodePool",
         label="spec.template.pod.metadata.labels",
         why="template.pod holds settings of its pods, which the operator makes itself"),
)  # fmt: skip

# What installs manifests that stand somewhere else: Flux, k3s, Argo CD, Rancher Fleet.
_ELSEWHERE = {
    ("helm.toolkit.fluxcd.io", "HelmRelease"),
    ("kustomize.toolkit.fluxcd.io", "Kustomization"),
    ("helm.cattle.io", "HelmChart"),
    ("argoproj.io", "Application"),
    ("argoproj.io", "ApplicationSet"),
    ("fleet.cattle.io", "GitRepo"),
}

_TABLE: dict[tuple[str, str], Known] = {}


def known(api_version: str, kind: str) -> Known | None:
    """What is known of a kind; None for one that is not known."""
    if not _TABLE:
        _TABLE.update(_table())

    group = api_version.partition("/")[0]
    if (group, kind) in _ELSEWHERE:
        return Known(
            (), elsewhere=True, why="its pods are made of manifests that stand somewhere else"
        )
    return _TABLE.get((api_version, kind))


def _table() -> dict[tuple[str, str], Known]:
    return {
        (f"{row.group}/{version}", kind): Known(
            tuple(parse_path(path) for path in row.paths.split()), row.label, row.why, row.note
        )
        for row in _ROWS
        for version in row.versions.split()
        for kind in row.kinds.split()
    }


def every() -> dict[tuple[str, str], Known]:
    """The whole table, by apiVersion and kind."""
    known("", "")
    return _TABLE


def written(path: Path) -> str:
    """A path as spec.workloads has it."""
    return ".".join(path).replace(f".{EACH}", EACH)


def label_advice(of: Known) -> str:
    """What to do where the cluster's webhook is to inject the pods of a kind."""
    where = of.label or "metadata.labels of each template"
    return (
        "The cluster's webhook injects its pods when they are created, by the labels of their "
        "Namespace or by the "
        f'label sidecar.istio.io/inject: "true" (or "false", to keep it away) at {where}'
    )
