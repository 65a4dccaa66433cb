"""Kinds of well-known controllers, row by row, each with the file and version it was read from.

Written by hand, imported when a kind is first asked for (operators.py).
"""

from __future__ import annotations

from krm_injector.named_tuple import NamedTuple


class Row(NamedTuple):
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

ROWS = (
    # Ray
    Row(
        source="ray-project/kuberay v1.7.0 ray-operator/apis/ray/v1/raycluster_types.go",
        group="ray.io",
        versions="v1 v1alpha1",
        kinds="RayCluster",
        paths="spec.headGroupSpec.template spec.workerGroupSpecs[].template",
        note=_FIRST,
    ),
    Row(
        source="ray-project/kuberay v1.7.0 ray-operator/apis/ray/v1/rayjob_types.go",
        group="ray.io",
        versions="v1 v1alpha1",
        kinds="RayJob",
        paths=f"{_RAY.format('rayClusterSpec')} spec.submitterPodTemplate",
        note=_FIRST_AND_ENDS,
    ),
    Row(
        source="ray-project/kuberay v1.7.0 ray-operator/apis/ray/v1/rayservice_types.go",
        group="ray.io",
        versions="v1 v1alpha1",
        kinds="RayService",
        paths=_RAY.format("rayClusterConfig"),
        note=_FIRST,
    ),
    Row(
        source="ray-project/kuberay v1.7.0 ray-operator/apis/ray/v1/raycronjob_types.go",
        group="ray.io",
        versions="v1",
        kinds="RayCronJob",
        paths=f"{_RAY.format('jobTemplate.rayClusterSpec')} spec.jobTemplate.submitterPodTemplate",
        note=_FIRST_AND_ENDS,
    ),
    # JobSet, LeaderWorkerSet
    Row(
        source="kubernetes-sigs/jobset v0.12.0 api/jobset/v1alpha2/jobset_types.go",
        group="jobset.x-k8s.io",
        versions="v1alpha2",
        kinds="JobSet",
        paths="spec.replicatedJobs[].template.spec.template",
        note=_ENDS,
    ),
    Row(
        source="kubernetes-sigs/lws v0.10.0 api/leaderworkerset/v1/leaderworkerset_types.go",
        group="leaderworkerset.x-k8s.io",
        versions="v1",
        kinds="LeaderWorkerSet",
        paths="spec.leaderWorkerTemplate.leaderTemplate spec.leaderWorkerTemplate.workerTemplate",
    ),
    # Kubeflow
    *(
        Row(
            source=f"kubeflow/trainer v1.9.0 pkg/apis/kubeflow.org/v1/{file}_types.go",
            group="kubeflow.org",
            versions="v1",
            kinds=kind,
            paths=f"spec.{field}ReplicaSpecs.*.template",
            note=_ENDS,
        )
        for file, kind, field in _TRAINING
    ),
    Row(
        source="kubeflow/mpi-operator v0.8.0 pkg/apis/kubeflow/v2beta1/types.go",
        group="kubeflow.org",
        versions="v2beta1",
        kinds="MPIJob",
        paths="spec.mpiReplicaSpecs.*.template",
        note=_ENDS,
    ),
    Row(
        source="kubeflow/trainer v2.3.0 pkg/apis/trainer/v1alpha1/trainingruntime_types.go",
        group="trainer.kubeflow.org",
        versions="v1alpha1",
        kinds="TrainingRuntime ClusterTrainingRuntime",
        paths="spec.template.spec.replicatedJobs[].template.spec.template",
        note=_ENDS,
    ),
    Row(
        source="kubeflow/trainer v2.3.0 pkg/apis/trainer/v1alpha1/trainjob_types.go",
        group="trainer.kubeflow.org",
        versions="v1alpha1",
        kinds="TrainJob",
        label="metadata.labels of its runtime's templates",
        why="its pods are made of the TrainingRuntime that it names: inject that",
    ),
    # Volcano
    Row(
        source="volcano-sh/apis v1.15.0 pkg/apis/batch/v1alpha1/job.go",
        group="batch.volcano.sh",
        versions="v1alpha1",
        kinds="Job",
        paths="spec.tasks[].template",
        note=_ENDS,
    ),
    Row(
        source="volcano-sh/apis v1.15.0 pkg/apis/batch/v1alpha1/job.go",
        group="batch.volcano.sh",
        versions="v1alpha1",
        kinds="CronJob",
        paths="spec.jobTemplate.spec.tasks[].template",
        note=_ENDS,
    ),
    Row(
        source="volcano-sh/apis v1.15.0 pkg/apis/flow/v1alpha1/jobtemplate_types.go",
        group="flow.volcano.sh",
        versions="v1alpha1",
        kinds="JobTemplate",
        paths="spec.tasks[].template",
        note=_ENDS,
    ),
    Row(
        source="volcano-sh/apis v1.15.0 pkg/apis/training/v1alpha1/hyperjob.go",
        group="training.volcano.sh",
        versions="v1alpha1",
        kinds="HyperJob",
        paths="spec.replicatedJobs[].templateSpec.tasks[].template",
        note=_ENDS,
    ),
    # KEDA, Agones
    Row(
        source="kedacore/keda v2.20.2 apis/keda/v1alpha1/scaledjob_types.go",
        group="keda.sh",
        versions="v1alpha1",
        kinds="ScaledJob",
        paths="spec.jobTargetRef.template",
        note=_ENDS,
    ),
    Row(
        source="googleforgames/agones v1.56.0 pkg/apis/agones/v1/gameserver.go",
        group="agones.dev",
        versions="v1",
        kinds="GameServer",
        paths="spec.template",
        note=_NAMED.format("spec.container"),
    ),
    Row(
        source="googleforgames/agones v1.56.0 pkg/apis/agones/v1/fleet.go, gameserverset.go",
        group="agones.dev",
        versions="v1",
        kinds="Fleet GameServerSet",
        paths="spec.template.spec.template",
        note=_NAMED.format("spec.template.spec.container"),
    ),
    # Elastic (ECK)
    Row(
        source="elastic/cloud-on-k8s v3.5.0 pkg/apis/elasticsearch/v1/elasticsearch_types.go",
        group="elasticsearch.k8s.elastic.co",
        versions="v1 v1beta1",
        kinds="Elasticsearch",
        paths="spec.nodeSets[].podTemplate",
        note=_OF_ECK,
    ),
    *(
        Row(
            source=f"elastic/cloud-on-k8s v3.5.0 pkg/apis/{name}",
            group=f"{name}.k8s.elastic.co",
            versions=versions,
            kinds=kind,
            paths="spec.podTemplate",
            note=_OF_ECK,
        )
        for name, versions, kind in _ECK_KINDS
    ),
    Row(
        source="elastic/cloud-on-k8s v3.5.0 pkg/apis/agent/v1alpha1/agent_types.go",
        group="agent.k8s.elastic.co",
        versions="v1alpha1",
        kinds="Agent",
        paths="spec.daemonSet.podTemplate spec.deployment.podTemplate spec.statefulSet.podTemplate",
        note=_OF_ECK,
    ),
    Row(
        source="elastic/cloud-on-k8s v3.5.0 pkg/apis/beat/v1beta1/beat_types.go",
        group="beat.k8s.elastic.co",
        versions="v1beta1",
        kinds="Beat",
        paths="spec.daemonSet.podTemplate spec.deployment.podTemplate",
        note=_OF_ECK,
    ),
    # OpenKruise; SidecarSet and ImagePullJob hold no pod template
    Row(
        source="openkruise/kruise-api v1.8.0 apps/v1alpha1/cloneset_types.go, daemonset_types.go",
        group="apps.kruise.io",
        versions="v1alpha1",
        kinds="CloneSet DaemonSet",
        paths="spec.template",
    ),
    Row(
        source="openkruise/kruise-api v1.8.0 apps/v1alpha1/broadcastjob_types.go",
        group="apps.kruise.io",
        versions="v1alpha1",
        kinds="BroadcastJob",
        paths="spec.template",
        note=_ENDS,
    ),
    Row(
        source="openkruise/kruise-api v1.8.0 apps/v1beta1/statefulset_types.go",
        group="apps.kruise.io",
        versions="v1alpha1 v1beta1",
        kinds="StatefulSet",
        paths="spec.template",
    ),
    Row(
        source="openkruise/kruise-api v1.8.0 apps/v1alpha1/advancedcronjob_types.go",
        group="apps.kruise.io",
        versions="v1alpha1",
        kinds="AdvancedCronJob",
        paths="spec.template.jobTemplate.spec.template "
        "spec.template.broadcastJobTemplate.spec.template",
        note=_ENDS,
    ),
    Row(
        source="openkruise/kruise-api v1.8.0 apps/v1alpha1/uniteddeployment_types.go",
        group="apps.kruise.io",
        versions="v1alpha1",
        kinds="UnitedDeployment",
        paths=" ".join(f"spec.template.{field}.spec.template" for field in _UNITED.split()),
    ),
    # Argo; Rollout is injected by default
    Row(
        source="argoproj/argo-rollouts v1.9.1 pkg/apis/rollouts/v1alpha1/analysis_types.go",
        group="argoproj.io",
        versions="v1alpha1",
        kinds="AnalysisTemplate ClusterAnalysisTemplate AnalysisRun",
        paths="spec.metrics[].provider.job.spec.template",
        note=_ENDS,
    ),
    Row(
        source="argoproj/argo-rollouts v1.9.1 pkg/apis/rollouts/v1alpha1/experiment_types.go",
        group="argoproj.io",
        versions="v1alpha1",
        kinds="Experiment",
        paths="spec.templates[].template",
    ),
    # Spark: containers are told by name (internal/controller/sparkapplication/submission.go)
    Row(
        source="kubeflow/spark-operator v2.5.2 api/v1beta2/sparkapplication_types.go",
        group="sparkoperator.k8s.io",
        versions="v1beta2",
        kinds="SparkApplication",
        paths="spec.driver.template spec.executor.template",
        note=_ENDS,
    ),
    Row(
        source="kubeflow/spark-operator v2.5.2 api/v1beta2/scheduledsparkapplication_types.go",
        group="sparkoperator.k8s.io",
        versions="v1beta2",
        kinds="ScheduledSparkApplication",
        paths="spec.template.driver.template spec.template.executor.template",
        note=_ENDS,
    ),
    Row(
        source="kubeflow/spark-operator v2.5.2 api/v1alpha1/sparkconnect_types.go",
        group="sparkoperator.k8s.io",
        versions="v1alpha1",
        kinds="SparkConnect",
        paths="spec.server.template spec.executor.template",
    ),
    # Flink: utils/FlinkUtils.java mergePodTemplates
    Row(
        source="apache/flink-kubernetes-operator release-1.15.0 FlinkDeploymentSpec.java, "
        "JobManagerSpec.java",
        group="flink.apache.org",
        versions="v1beta1",
        kinds="FlinkDeployment",
        paths="spec.podTemplate spec.jobManager.podTemplate spec.taskManager.podTemplate",
        why=_FLINK,
    ),
    # GitHub's runners: the runner's container is told by its name
    Row(
        source="actions/actions-runner-controller 0.14.2 "
        "apis/actions.github.com/v1alpha1/autoscalingrunnerset_types.go",
        group="actions.github.com",
        versions="v1alpha1",
        kinds="AutoscalingRunnerSet",
        paths="spec.template spec.listenerTemplate",
        note=_ENDS,
    ),
    # What looks like a pod template and is none
    Row(
        source="knative/serving v0.50.0 pkg/apis/serving/v1/revision_types.go",
        group="serving.knative.dev",
        versions="v1 v1beta1 v1alpha1",
        kinds="Service Configuration",
        label="spec.template.metadata.labels",
        why=_KNATIVE,
    ),
    Row(
        source="knative/serving v0.50.0 pkg/apis/serving/v1/revision_types.go",
        group="serving.knative.dev",
        versions="v1 v1beta1 v1alpha1",
        kinds="Revision",
        label="metadata.labels",
        why=_KNATIVE,
    ),
    Row(
        source="kserve/kserve v0.20.0 pkg/apis/serving/v1beta1/component.go",
        group="serving.kserve.io",
        versions="v1beta1",
        kinds="InferenceService",
        label="spec.predictor.labels (and spec.transformer.labels, spec.explainer.labels)",
        why=_KSERVE,
    ),
    Row(
        source="kserve/kserve v0.20.0 pkg/apis/serving/v1alpha1/servingruntime_types.go",
        group="serving.kserve.io",
        versions="v1alpha1",
        kinds="ServingRuntime ClusterServingRuntime",
        label="spec.labels",
        why=_KSERVE,
    ),
    Row(
        source="kserve/kserve v0.20.0 pkg/apis/serving/v1alpha2/llm_inference_service_types.go",
        group="serving.kserve.io",
        versions="v1alpha1 v1alpha2",
        kinds="LLMInferenceService LLMInferenceServiceConfig",
        label="spec.labels",
        why=_KSERVE,
    ),
    Row(
        source="argoproj/argo-workflows v4.1.2 pkg/apis/workflow/v1alpha1/workflow_types.go",
        group="argoproj.io",
        versions="v1alpha1",
        kinds="Workflow WorkflowTemplate ClusterWorkflowTemplate",
        label="spec.podMetadata.labels",
        why=_STEPS,
    ),
    Row(
        source="argoproj/argo-workflows v4.1.2 pkg/apis/workflow/v1alpha1/cron_workflow_types.go",
        group="argoproj.io",
        versions="v1alpha1",
        kinds="CronWorkflow",
        label="spec.workflowSpec.podMetadata.labels",
        why=_STEPS,
    ),
    Row(
        source="tektoncd/pipeline v1.15.0 pkg/pod/pod.go",
        group="tekton.dev",
        versions="v1 v1beta1",
        kinds="TaskRun PipelineRun",
        label="metadata.labels",
        why=_STEPS,
    ),
    Row(
        source="strimzi/strimzi-kafka-operator 1.2.0 api/.../common/template/PodTemplate.java",
        group="kafka.strimzi.io",
        versions="v1 v1beta2",
        kinds="Kafka",
        label="spec.kafka.template.pod.metadata.labels",
        why="template.pod holds settings of its pods, which the operator makes itself",
    ),
    Row(
        source="strimzi/strimzi-kafka-operator 1.2.0 api/.../common/template/PodTemplate.java",
        group="kafka.strimzi.io",
        versions="v1 v1beta2",
        kinds="KafkaConnect KafkaBridge KafkaMirrorMaker2 KafkaNodePool",
        label="spec.template.pod.metadata.labels",
        why="template.pod holds settings of its pods, which the operator makes itself",
    ),
)
