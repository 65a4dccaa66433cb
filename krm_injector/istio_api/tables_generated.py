"""Generated from Istio's .proto files, not to be edited; schema.py describes the form.

python tools/generate_istio_api.py --istio CLONE/of/istio --api CLONE/of/istio-api
"""

# ruff: noqa: E501
# fmt: off
MESSAGES: dict[str, str] = {
    "operator.AddonIngressConfig": """\
enabled 1 google.protobuf.BoolValue .
hosts 2 *string .
annotations 3 operator.TypeMapStringInterface .
tls 4 operator.TypeMapStringInterface .""",
    "operator.Agentgateway": """\
image 1 string .""",
    "operator.ArchConfig": """\
amd64 1 uint32 .
ppc64le 2 uint32 .
s390x 3 uint32 .
arm64 4 uint32 . 12-""",
    "operator.BaseConfig": """\
enableCRDTemplates 1 google.protobuf.BoolValue .
excludedCRDs 6 *string . 24-
validationURL 2 string .
enableIstioConfigCRDs 3 google.protobuf.BoolValue . 9-
validateGateway 4 google.protobuf.BoolValue . 17-
validationCABundle 5 string . 22-""",
    "operator.CNIAmbientConfig": """\
enabled 1 google.protobuf.BoolValue .
redirectMode 2 string . -20
configDir 3 string . 19-
dnsCapture 5 google.protobuf.BoolValue . 21-
ipv6 7 google.protobuf.BoolValue . 23-
reconcileIptablesOnStartup 9 google.protobuf.BoolValue . 26-
enablementSelectors 10 *google.protobuf.Struct . 32-
shareHostNetworkNamespace 11 google.protobuf.BoolValue . 32-
enableAmbientDetectionRetry 12 google.protobuf.BoolValue . 32-""",
    "operator.CNIConfig": """\
enabled 1 google.protobuf.BoolValue .
hub 2 string .
tag 3 operator.TypeInterface . -13
tag 3 google.protobuf.Value . 14-
variant 29 string . 16-
image 4 string .
pullPolicy 5 string .
cniBinDir 6 string .
cniConfDir 7 string .
cniConfFileName 8 string .
cniNetnsDir 31 string . 20-
excludeNamespaces 9 *string .
podAnnotations 10 operator.TypeMapStringInterface . -13
affinity 20 k8s.io.api.core.v1.Affinity . 22-28
affinity 20 google.protobuf.Struct . 18-21,29-
env 32 google.protobuf.Struct . 27-
daemonSetLabels 33 google.protobuf.Struct . 28-
podAnnotations 10 google.protobuf.Struct . 14-
podLabels 34 google.protobuf.Struct . 28-
psp_cluster_role 11 string .
logLevel 12 string .
logging 25 operator.GlobalLoggingConfig . 23-
repair 13 operator.CNIRepairConfig .
chained 14 google.protobuf.BoolValue .
taint 15 operator.CNITaintConfig . 8-17
resource_quotas 16 operator.ResourceQuotas . 12-
resources 17 operator.Resources . 12-
privileged 18 google.protobuf.BoolValue . 11-
seccompProfile 19 k8s.io.api.core.v1.SeccompProfile . 22-28
seccompProfile 19 google.protobuf.Struct . 16-21,29-
ambient 21 operator.CNIAmbientConfig . 18-
provider 22 string . 19-
rollingMaxUnavailable 23 operator.IntOrString . 17-
env 24 google.protobuf.Struct . 23-23
istioOwnedCNIConfig 35 google.protobuf.BoolValue . 27-
istioOwnedCNIConfigFileName 36 string . 27-
useAppArmorAnnotation 37 google.protobuf.BoolValue . 30-""",
    "operator.CNIRepairConfig": """\
enabled 1 google.protobuf.BoolValue .
hub 2 string .
tag 3 operator.TypeInterface . -13
tag 3 google.protobuf.Value . 14-
image 4 string .
labelPods 5 bool .
repairPods 11 bool . 19-
createEvents 6 string .
deletePods 7 bool .
brokenPodLabelKey 8 string .
brokenPodLabelValue 9 string .
initContainerName 10 string .""",
    "operator.CNITaintConfig": """\
enabled 1 google.protobuf.BoolValue .""",
    "operator.CNIUsageConfig": """\
enabled 1 google.protobuf.BoolValue .
chained 2 google.protobuf.BoolValue .
provider 3 string .""",
    "operator.CPUTargetUtilizationConfig": """\
targetAverageUtilization 1 int32 .""",
    "operator.CertManagerConfig": """\
enabled 1 google.protobuf.BoolValue .
hub 2 string .
tag 3 operator.TypeInterface .
image 4 string .
replicaCount 5 uint32 .
email 6 string .
extraArgs 7 *string .
nodeSelector 8 operator.TypeMapStringInterface .
resources 9 operator.Resources .
podDnsPolicy 10 string .
podDnsConfig 11 operator.TypeMapStringInterface .
podAntiAffinityLabelSelector 12 operator.TypeSliceOfMapStringInterface .
podAntiAffinityTermLabelSelector 13 operator.TypeSliceOfMapStringInterface .
tolerations 14 operator.TypeSliceOfMapStringInterface .
podAnnotations 15 operator.TypeMapStringInterface .
podLabels 16 operator.TypeMapStringInterface .""",
    "operator.CoreDNSConfig": """\
enabled 1 google.protobuf.BoolValue .
coreDNSImage 2 string .
coreDNSTag 3 string .
coreDNSPluginImage 4 string .
nodeSelector 5 operator.TypeMapStringInterface .
replicaCount 6 uint32 .
podAnnotations 7 operator.TypeMapStringInterface .
resources 8 operator.Resources .
rollingMaxSurge 9 operator.TypeIntOrStringForPB .
rollingMaxUnavailable 10 operator.TypeIntOrStringForPB .
podAntiAffinityLabelSelector 11 operator.TypeSliceOfMapStringInterface .
podAntiAffinityTermLabelSelector 12 operator.TypeSliceOfMapStringInterface .
tolerations 13 operator.TypeSliceOfMapStringInterface .
autoscaleEnabled 14 google.protobuf.BoolValue . 7-
autoscaleMax 15 uint32 . 7-
autoscaleMin 16 uint32 . 7-
cpu 17 operator.CPUTargetUtilizationConfig . 7-""",
    "operator.DefaultPodDisruptionBudgetConfig": """\
enabled 1 google.protobuf.BoolValue .""",
    "operator.DefaultResourcesConfig": """\
requests 1 operator.ResourcesRequestsConfig .""",
    "operator.EgressGatewayConfig": """\
autoscaleEnabled 1 google.protobuf.BoolValue .
autoscaleMax 2 uint32 .
autoscaleMin 3 uint32 .
connectTimeout 4 string . -7
cpu 5 operator.CPUTargetUtilizationConfig . -20
drainDuration 6 google.protobuf.Duration . -7
memory 4 operator.TargetUtilizationConfig . 21-
cpu 5 operator.TargetUtilizationConfig . 21-
customService 6 google.protobuf.BoolValue . 17-
enabled 7 google.protobuf.BoolValue .
env 8 operator.TypeMapStringInterface . -13
labels 9 operator.GatewayLabelsConfig . -7
env 8 google.protobuf.Struct . 14-
labels 9 %string . 8-
name 25 string .
nodeSelector 10 operator.TypeMapStringInterface . -13
podAnnotations 11 operator.TypeMapStringInterface . -13
podAntiAffinityLabelSelector 12 operator.TypeSliceOfMapStringInterface . -13
podAntiAffinityTermLabelSelector 13 operator.TypeSliceOfMapStringInterface . -13
nodeSelector 10 google.protobuf.Struct . 14-
podAnnotations 11 google.protobuf.Struct . 14-
podAntiAffinityLabelSelector 12 *v1.LabelSelector . 22-28
podAntiAffinityTermLabelSelector 13 *v1.LabelSelector . 22-28
podAntiAffinityLabelSelector 12 *google.protobuf.Struct . 14-21,29-
podAntiAffinityTermLabelSelector 13 *google.protobuf.Struct . 14-21,29-
ports 14 *operator.PortsConfig .
resources 15 operator.Resources .
secretVolumes 16 *operator.SecretVolume .
serviceAnnotations 17 operator.TypeMapStringInterface . -13
serviceAnnotations 17 google.protobuf.Struct . 14-
type 18 string .
zvpn 19 operator.ZeroVPNConfig . -25
tolerations 20 operator.TypeSliceOfMapStringInterface . -13
rollingMaxSurge 21 operator.TypeIntOrStringForPB . -13
rollingMaxUnavailable 22 operator.TypeIntOrStringForPB . -13
configVolumes 23 operator.TypeSliceOfMapStringInterface . -13
additionalContainers 24 operator.TypeSliceOfMapStringInterface . -13
tolerations 20 *k8s.io.api.core.v1.Toleration . 22-28
tolerations 20 *google.protobuf.Struct . 14-21,29-
rollingMaxSurge 21 operator.IntOrString . 14-
rollingMaxUnavailable 22 operator.IntOrString . 14-
configVolumes 23 *google.protobuf.Struct . 14-
additionalContainers 24 *google.protobuf.Struct . 14-
runAsRoot 26 google.protobuf.BoolValue . 6-
injectionTemplate 27 string . 9-
loadBalancerIP 28 string . 9-9
loadBalancerSourceRanges 29 *string . 9-9
customService 30 google.protobuf.BoolValue . 9-9
egressPorts 31 operator.TypeSliceOfMapStringInterface . 9-9
externalTrafficPolicy 32 string . 9-9
serviceAccount 28 operator.ServiceAccount . 10-
ipFamilies 29 *string . 20-
ipFamilyPolicy 30 string . 20-""",
    "operator.EnvoyAccessLogConfig": """\
enabled 1 google.protobuf.BoolValue .
host 2 string .
port 3 string .
tlsSettings 4 operator.EnvoyAccessLogtlsSettings .
tcpKeepalive 5 operator.TypeMapStringInterface .""",
    "operator.EnvoyAccessLogtlsSettings": """\
mode 1 string .
clientCertificate 2 string .
privateKey 3 string .
caCertificates 4 string .
sni 5 string .
subjectAltNames 6 *string .""",
    "operator.EnvoyMetricsConfig": """\
enabled 1 google.protobuf.BoolValue .
host 2 string .
port 3 int32 .
tlsSettings 4 operator.TypeMapStringInterface .
tcpKeepalive 5 operator.TypeMapStringInterface .""",
    "operator.ExperimentalConfig": """\
stableValidationPolicy 1 google.protobuf.BoolValue .""",
    "operator.GalleyConfig": """\
enabled 1 google.protobuf.BoolValue .
image 2 string .
mesh 3 %string .
podAntiAffinityLabelSelector 4 operator.TypeSliceOfMapStringInterface .
podAntiAffinityTermLabelSelector 5 operator.TypeSliceOfMapStringInterface .
replicaCount 6 uint32 .
resources 7 operator.Resources .
enableAnalysis 8 google.protobuf.BoolValue .
rollingMaxSurge 9 operator.TypeIntOrStringForPB .
rollingMaxUnavailable 10 operator.TypeIntOrStringForPB .
tolerations 11 operator.TypeSliceOfMapStringInterface .
enableServiceDiscovery 12 google.protobuf.BoolValue .
nodeSelector 13 operator.TypeMapStringInterface .
podAnnotations 14 operator.TypeMapStringInterface .
hub 15 string .
tag 16 operator.TypeInterface .""",
    "operator.GatewayLabelsConfig": """\
app 1 string .
istio 2 string .""",
    "operator.GatewaysConfig": """\
istio_egressgateway 1 operator.EgressGatewayConfig . -13
istio_egressgateway=istio-egressgateway 1 operator.EgressGatewayConfig . 14-
enabled 2 google.protobuf.BoolValue .
istio_ingressgateway 4 operator.IngressGatewayConfig . -13
istio_ingressgateway=istio-ingressgateway 4 operator.IngressGatewayConfig . 14-
securityContext 10 google.protobuf.Value . 20-
seccompProfile 12 google.protobuf.Value . 23-""",
    "operator.GlobalConfig": """\
arch 1 operator.ArchConfig .
certificates 40 operator.TypeSliceOfMapStringInterface . -6
configNamespace 2 string . -7
certSigners 68 *string . 17-
configRootNamespace 50 string . -22
configValidation 3 google.protobuf.BoolValue .
controlPlaneSecurityEnabled 4 google.protobuf.BoolValue . -7
defaultConfigVisibilitySettings 52 *string . -22
defaultNodeSelector 6 operator.TypeMapStringInterface . -13
defaultNodeSelector 6 google.protobuf.Struct . 14-
defaultPodDisruptionBudget 7 operator.DefaultPodDisruptionBudgetConfig .
disablePolicyChecks 8 google.protobuf.BoolValue . -6
defaultResources 9 operator.DefaultResourcesConfig .
defaultTolerations 55 operator.TypeSliceOfMapStringInterface . -13
enableHelmTest 10 google.protobuf.BoolValue . -7
enableTracing 11 google.protobuf.BoolValue . -7
defaultTolerations 55 *k8s.io.api.core.v1.Toleration . 22-28
defaultTolerations 55 *google.protobuf.Struct . 14-21,29-
hub 12 string .
imagePullPolicy 13 string .
imagePullSecrets 37 *string .
istioNamespace 14 string .
localityLbSetting 15 operator.TypeMapStringInterface . -7
k8sIngress 16 operator.KubernetesIngressConfig . -5
logAsJson 36 google.protobuf.BoolValue .
logging 17 operator.GlobalLoggingConfig .
meshExpansion 18 operator.MeshExpansionConfig . -8
meshID 53 string .
meshNetworks 19 operator.TypeMapStringInterface . -13
monitoringPort 20 uint32 . -7
mtls 21 operator.MTLSConfig . -6
meshNetworks 19 google.protobuf.Struct . 14-
multiCluster 22 operator.MultiClusterConfig .
network 39 string .
podDNSSearchNamespaces 43 *string .
omitSidecarInjectorConfigMap 38 google.protobuf.BoolValue .
oneNamespace 23 google.protobuf.BoolValue . -21
operatorManageWebhooks 41 google.protobuf.BoolValue .
outboundTrafficPolicy 24 operator.OutboundTrafficPolicyConfig . -6
policyCheckFailOpen 25 google.protobuf.BoolValue . -7
policyNamespace 26 string . -7
priorityClassName 27 string .
prometheusNamespace 51 string . -7
proxy 28 operator.ProxyConfig .
proxyInit 29 operator.ProxyInitConfig . -13
proxy_init=proxy_init 29 operator.ProxyInitConfig . 14-
sds 30 operator.SDSConfig .
tag 31 operator.TypeInterface . -13
telemetryNamespace 32 string . -7
tag 31 google.protobuf.Value . 14-
variant 67 string . 16-
tracer 33 operator.TracerConfig .
trustDomain 34 string . -9
trustDomainAliases 42 *string . -7
useMCP 35 google.protobuf.BoolValue . -22
istioRemote 44 google.protobuf.BoolValue . -7
createRemoteSvcEndpoints 45 google.protobuf.BoolValue . -7
remotePilotCreateSvcEndpoint 46 google.protobuf.BoolValue . -7
remotePolicyAddress 47 string . -7
remotePilotAddress 48 string .
remoteTelemetryAddress 49 string . -7
istiod 54 operator.IstiodConfig .
pilotCertProvider 56 string .
jwtPolicy 57 string .
sts 58 operator.STSConfig .
revision 59 string .
mountMtlsCerts 60 google.protobuf.BoolValue .
caAddress 61 string .
centralIstiod 62 google.protobuf.BoolValue . 6-7
externalIstiod 62 google.protobuf.BoolValue . 8-
centralIstiod 63 google.protobuf.BoolValue . 8-8
configCluster 64 google.protobuf.BoolValue . 11-
caName 65 string . 12-
autoscalingv2API 66 google.protobuf.BoolValue . 14-23
platform 69 string . 19-
ipFamilies 70 *string . 20-
ipFamilyPolicy 71 string . 20-
waypoint 72 operator.WaypointConfig . 24-
trustBundleName 73 string . 27-
nativeNftables 74 google.protobuf.BoolValue . 27-
networkPolicy 75 operator.NetworkPolicyConfig . 28-
resourceScope 76 operator.ResourceScope . 28-
agentgateway 77 operator.Agentgateway . 29-
enableReaderRBAC 78 google.protobuf.BoolValue . 30-
readerServiceAccount 79 operator.ReaderServiceAccount . 31-""",
    "operator.GlobalLoggingConfig": """\
level 1 string .""",
    "operator.IngressGatewayConfig": """\
autoscaleEnabled 1 google.protobuf.BoolValue .
autoscaleMax 2 uint32 .
autoscaleMin 3 uint32 .
connectTimeout 4 string . -7
cpu 5 operator.CPUTargetUtilizationConfig . -20
memory 4 operator.TargetUtilizationConfig . 21-
cpu 5 operator.TargetUtilizationConfig . 21-
customService 6 google.protobuf.BoolValue .
debug 7 string . -7
domain 8 string . -7
drainDuration 9 google.protobuf.Duration . -7
enabled 10 google.protobuf.BoolValue .
env 11 operator.TypeMapStringInterface . -13
externalIPs 12 *string . -7
k8sIngress 13 google.protobuf.BoolValue . -7
k8sIngressHttps 14 google.protobuf.BoolValue . -7
labels 15 operator.GatewayLabelsConfig . -7
env 11 google.protobuf.Struct . 14-
labels 15 %string . 8-
loadBalancerIP 16 string .
loadBalancerSourceRanges 17 *string .
meshExpansionPorts 18 *operator.PortsConfig . -8
name 44 string .
nodeSelector 19 operator.TypeMapStringInterface . -13
podAnnotations 20 operator.TypeMapStringInterface . -13
podAntiAffinityLabelSelector 21 operator.TypeSliceOfMapStringInterface . -13
podAntiAffinityTermLabelSelector 22 operator.TypeSliceOfMapStringInterface . -13
nodeSelector 19 google.protobuf.Struct . 14-
podAnnotations 20 google.protobuf.Struct . 14-
podAntiAffinityLabelSelector 21 *v1.LabelSelector . 22-28
podAntiAffinityTermLabelSelector 22 *v1.LabelSelector . 22-28
podAntiAffinityLabelSelector 21 *google.protobuf.Struct . 14-21,29-
podAntiAffinityTermLabelSelector 22 *google.protobuf.Struct . 14-21,29-
ports 23 *operator.PortsConfig .
replicaCount 24 uint32 .
resources 25 operator.TypeMapStringInterface . -13
sds 26 operator.IngressGatewaySdsConfig . -7
resources 25 google.protobuf.Struct . 14-
secretVolumes 27 *operator.SecretVolume .
serviceAnnotations 28 operator.TypeMapStringInterface . -13
serviceAnnotations 28 google.protobuf.Struct . 14-
type 29 string .
zvpn 30 operator.IngressGatewayZvpnConfig . -25
rollingMaxSurge 31 operator.TypeIntOrStringForPB . -13
rollingMaxUnavailable 32 operator.TypeIntOrStringForPB . -13
applicationPorts 33 string . -7
rollingMaxSurge 31 operator.IntOrString . 14-
rollingMaxUnavailable 32 operator.IntOrString . 14-
externalTrafficPolicy 34 string .
tolerations 35 operator.TypeSliceOfMapStringInterface . -13
ingressPorts 36 operator.TypeSliceOfMapStringInterface . -13
additionalContainers 37 operator.TypeSliceOfMapStringInterface . -13
configVolumes 38 operator.TypeSliceOfMapStringInterface . -13
certificates 39 google.protobuf.BoolValue . -7
tls 40 google.protobuf.BoolValue . -7
telemetry_addon_gateways 41 operator.TypeMapStringInterface . -7
hosts 42 operator.TypeSliceOfMapStringInterface . -7
telemetry_domain_name 43 string . -7
tolerations 35 *k8s.io.api.core.v1.Toleration . 22-28
tolerations 35 *google.protobuf.Struct . 14-21,29-
ingressPorts 36 *google.protobuf.Struct . 14-
additionalContainers 37 *google.protobuf.Struct . 14-
configVolumes 38 *google.protobuf.Struct . 14-
runAsRoot 45 google.protobuf.BoolValue . 6-
injectionTemplate 46 string . 9-
serviceAccount 47 operator.ServiceAccount . 10-
ipFamilies 48 *string . 20-
ipFamilyPolicy 49 string . 20-""",
    "operator.IngressGatewaySdsConfig": """\
enabled 1 google.protobuf.BoolValue .
image 2 string .
resources 3 operator.Resources .""",
    "operator.IngressGatewayZvpnConfig": """\
enabled 1 google.protobuf.BoolValue .
suffix 2 string .""",
    "operator.IntOrString": """\
type 1 int64 .
intVal 2 google.protobuf.Int32Value .
strVal 3 google.protobuf.StringValue .""",
    "operator.IstiodConfig": """\
enabled 1 google.protobuf.BoolValue . -6
enableAnalysis 2 google.protobuf.BoolValue . 6-""",
    "operator.IstiodRemoteConfig": """\
injectionURL 1 string .
injectionPath 2 string . 11-
injectionCABundle 3 string . 22-
enabled 5 google.protobuf.BoolValue . 24-
enabledLocalInjectorIstiod 6 google.protobuf.BoolValue . 27-""",
    "operator.KialiConfig": """\
enabled 1 google.protobuf.BoolValue .
createDemoSecret 2 google.protobuf.BoolValue .
hub 3 string .
tag 4 operator.TypeInterface .
replicaCount 5 uint32 .
prometheusNamespace 6 string .
security 7 operator.KialiSecurityConfig .
dashboard 8 operator.KialiDashboardConfig .
ingress 9 operator.KialiIngressConfig . -5
contextPath 15 string .
nodeSelector 10 operator.TypeMapStringInterface .
podAnnotations 11 operator.TypeMapStringInterface .
podAntiAffinityLabelSelector 12 operator.TypeSliceOfMapStringInterface .
podAntiAffinityTermLabelSelector 13 operator.TypeSliceOfMapStringInterface .
tolerations 14 operator.TypeSliceOfMapStringInterface .
image 16 string .
resources 17 operator.Resources .
prometheusAddr 18 string .
service 19 operator.KialiServiceConfig .""",
    "operator.KialiDashboardConfig": """\
secretName 1 string .
usernameKey 2 string .
passphraseKey 3 string .
viewOnlyMode 4 google.protobuf.BoolValue .
grafanaURL 5 string .
jaegerURL 6 string .
auth 7 operator.TypeMapStringInterface .
grafanaInClusterURL 8 string .
jaegerInClusterURL 9 string .""",
    "operator.KialiIngressConfig": """\
enabled 1 google.protobuf.BoolValue .
annotations 2 operator.TypeMapStringInterface .
tls 3 operator.TypeSliceOfMapStringInterface .
hosts 4 *string .""",
    "operator.KialiSecurityConfig": """\
enabled 1 google.protobuf.BoolValue .
cert_file 2 string .
private_key_file 3 string .""",
    "operator.KialiServiceConfig": """\
annotations 1 operator.TypeMapStringInterface .
type 18 string .""",
    "operator.KubernetesEnvMixerAdapterConfig": """\
enabled 1 google.protobuf.BoolValue .""",
    "operator.KubernetesIngressConfig": """\
enabled 1 google.protobuf.BoolValue .
enableHttps 2 google.protobuf.BoolValue .
gatewayName 3 string .""",
    "operator.LoadSheddingConfig": """\
latencyThreshold 1 string .
mode 2 operator.mode .""",
    "operator.MTLSConfig": """\
enabled 1 google.protobuf.BoolValue .
auto 2 google.protobuf.BoolValue .""",
    "operator.MeshExpansionConfig": """\
enabled 1 google.protobuf.BoolValue .
useILB 2 google.protobuf.BoolValue .""",
    "operator.MixerConfig": """\
policy 1 operator.MixerPolicyConfig .
telemetry 2 operator.MixerTelemetryConfig .
adapters 3 operator.MixerTelemetryAdaptersConfig .""",
    "operator.MixerPolicyAdaptersConfig": """\
kubernetesenv 1 operator.KubernetesEnvMixerAdapterConfig .
prometheus 2 operator.PrometheusMixerAdapterConfig .
stdio 3 operator.StdioMixerAdapterConfig .
stackdriver 4 operator.StackdriverMixerAdapterConfig .
useAdapterCRDs 5 google.protobuf.BoolValue .""",
    "operator.MixerPolicyConfig": """\
autoscaleEnabled 1 google.protobuf.BoolValue .
autoscaleMax 2 uint32 .
autoscaleMin 3 uint32 .
cpu 4 operator.CPUTargetUtilizationConfig .
enabled 5 google.protobuf.BoolValue .
image 6 string .
podAnnotations 7 operator.TypeMapStringInterface .
replicaCount 8 uint32 .
adapters 9 operator.MixerPolicyAdaptersConfig .
sessionAffinityEnabled 10 google.protobuf.BoolValue .
resources 11 operator.Resources .
rollingMaxSurge 12 operator.TypeIntOrStringForPB .
rollingMaxUnavailable 13 operator.TypeIntOrStringForPB .
podAntiAffinityLabelSelector 14 operator.TypeSliceOfMapStringInterface .
podAntiAffinityTermLabelSelector 15 operator.TypeSliceOfMapStringInterface .
nodeSelector 16 operator.TypeMapStringInterface .
env 17 operator.TypeMapStringInterface .
tolerations 18 operator.TypeSliceOfMapStringInterface .
hub 19 string .
tag 20 operator.TypeInterface .""",
    "operator.MixerTelemetryAdaptersConfig": """\
kubernetesenv 1 operator.KubernetesEnvMixerAdapterConfig .
prometheus 2 operator.PrometheusMixerAdapterConfig .
stdio 3 operator.StdioMixerAdapterConfig .
stackdriver 4 operator.StackdriverMixerAdapterConfig .
useAdapterCRDs 5 google.protobuf.BoolValue .""",
    "operator.MixerTelemetryConfig": """\
autoscaleEnabled 2 google.protobuf.BoolValue .
autoscaleMax 3 uint32 .
autoscaleMin 4 uint32 .
cpu 5 operator.CPUTargetUtilizationConfig .
enabled 6 google.protobuf.BoolValue .
env 7 operator.TypeMapStringInterface .
image 8 string .
loadshedding 9 operator.LoadSheddingConfig .
nodeSelector 10 operator.TypeMapStringInterface .
podAnnotations 11 operator.TypeMapStringInterface .
replicaCount 12 uint32 .
rollingMaxSurge 15 operator.TypeIntOrStringForPB .
rollingMaxUnavailable 16 operator.TypeIntOrStringForPB .
useMCP 17 google.protobuf.BoolValue .
reportBatchMaxTime 18 string . -6
reportBatchMaxEntries 19 uint32 . -6
resources 13 operator.Resources .
sessionAffinityEnabled 14 google.protobuf.BoolValue .
podAntiAffinityLabelSelector 20 operator.TypeSliceOfMapStringInterface .
podAntiAffinityTermLabelSelector 21 operator.TypeSliceOfMapStringInterface .
tolerations 22 operator.TypeSliceOfMapStringInterface .
hub 23 string .
tag 24 operator.TypeInterface .""",
    "operator.MultiClusterConfig": """\
enabled 1 google.protobuf.BoolValue .
clusterName 2 string .
globalDomainSuffix 3 string . 6-
includeEnvoyFilter 4 google.protobuf.BoolValue . 6-""",
    "operator.NetworkPolicyConfig": """\
enabled 1 google.protobuf.BoolValue .""",
    "operator.NodeAgentConfig": """\
enabled 1 google.protobuf.BoolValue .
env 2 operator.TypeMapStringInterface .
image 3 string .
nodeSelector 4 operator.TypeMapStringInterface .
tolerations 5 operator.TypeSliceOfMapStringInterface .
podAntiAffinityLabelSelector 6 operator.TypeSliceOfMapStringInterface .
podAntiAffinityTermLabelSelector 7 operator.TypeSliceOfMapStringInterface .
podAnnotations 8 operator.TypeMapStringInterface .
hub 9 string .
tag 10 operator.TypeInterface .""",
    "operator.OutboundTrafficPolicyConfig": """\
mode 2 operator.OutboundTrafficPolicyConfig_Mode .""",
    "operator.PilotConfig": """\
enabled 1 google.protobuf.BoolValue .
autoscaleEnabled 2 google.protobuf.BoolValue .
autoscaleMin 3 uint32 .
autoscaleMax 4 uint32 .
autoscaleBehavior 40 google.protobuf.Struct . 19-
replicaCount 5 uint32 .
image 6 string .
sidecar 7 google.protobuf.BoolValue . -7
traceSampling 8 double .
resources 9 operator.Resources .
configNamespace 10 string . -22
cpu 11 operator.CPUTargetUtilizationConfig . -20
nodeSelector 12 operator.TypeMapStringInterface . -13
cpu 11 operator.TargetUtilizationConfig . 21-
nodeSelector 12 google.protobuf.Struct . 14-
keepaliveMaxServerConnectionAge 13 google.protobuf.Duration .
deploymentLabels 14 operator.TypeMapStringInterface . -13
meshNetworks 15 operator.TypeMapStringInterface . -5
podAntiAffinityLabelSelector 16 operator.TypeSliceOfMapStringInterface . -7
podAntiAffinityTermLabelSelector 17 operator.TypeSliceOfMapStringInterface . -7
podLabels 36 operator.TypeMapStringInterface . 12-13
deploymentLabels 14 google.protobuf.Struct . 14-
podLabels 36 google.protobuf.Struct . 14-
configMap 18 google.protobuf.BoolValue .
ingress 19 operator.PilotIngressConfig . -6
useMCP 20 google.protobuf.BoolValue . -22
env 21 operator.TypeMapStringInterface . -13
policy 22 operator.PilotPolicyConfig . -7
rollingMaxSurge 24 operator.TypeIntOrStringForPB . -13
rollingMaxUnavailable 25 operator.TypeIntOrStringForPB . -13
tolerations 26 operator.TypeSliceOfMapStringInterface . -13
appNamespaces 27 operator.TypeSliceOfMapStringInterface . -7
env 21 google.protobuf.Struct . 14-
affinity 22 k8s.io.api.core.v1.Affinity . 22-28
affinity 22 google.protobuf.Struct . 21-21,29-
rollingMaxSurge 24 operator.IntOrString . 14-
rollingMaxUnavailable 25 operator.IntOrString . 14-
tolerations 26 *k8s.io.api.core.v1.Toleration . 22-28
enableProtocolSniffingForOutbound 28 google.protobuf.BoolValue . -22
enableProtocolSniffingForInbound 29 google.protobuf.BoolValue . -22
podAnnotations 30 operator.TypeMapStringInterface . -13
serviceAnnotations 37 operator.TypeMapStringInterface . 12-13
tolerations 26 *google.protobuf.Struct . 14-21,29-
podAnnotations 30 google.protobuf.Struct . 14-
serviceAnnotations 37 google.protobuf.Struct . 14-
serviceAccountAnnotations 56 google.protobuf.Struct . 22-
configSource 31 operator.PilotConfigSource . -22
jwksResolverExtraRootCA 32 string .
plugins 33 operator.TypeSliceOfMapStringInterface . -6
plugins 33 operator.TypeSliceString . 7-13
plugins 33 *string . 14-21
hub 34 string .
tag 35 operator.TypeInterface . -13
tag 35 google.protobuf.Value . 14-
variant 39 string . 16-
seccompProfile 38 k8s.io.api.core.v1.SeccompProfile . 22-28
topologySpreadConstraints 41 *k8s.io.api.core.v1.TopologySpreadConstraint . 22-28
seccompProfile 38 google.protobuf.Struct . 16-21,29-
topologySpreadConstraints 41 *google.protobuf.Struct . 19-21,29-
extraContainerArgs 42 *google.protobuf.Struct . 19-
volumeMounts 49 *k8s.io.api.core.v1.VolumeMount . 22-28
volumes 51 *k8s.io.api.core.v1.Volume . 22-28
volumeMounts 49 *google.protobuf.Struct . 19-21,29-
volumes 51 *google.protobuf.Struct . 19-21,29-
ipFamilies 52 *string . 20-
ipFamilyPolicy 53 string . 20-
memory 54 operator.TargetUtilizationConfig . 21-
cni 55 operator.CNIUsageConfig . 22-
taint 57 operator.PilotTaintControllerConfig . 22-
trustedZtunnelNamespace 59 string . 23-
istiodRemote 61 operator.IstiodRemoteConfig . 24-
envVarFrom 62 *google.protobuf.Struct . 26-
crlConfigMapName 63 string . 29-""",
    "operator.PilotConfigSource": """\
subscribedResources 1 *string .""",
    "operator.PilotIngressConfig": """\
ingressService 1 string .
ingressControllerMode 2 operator.ingressControllerMode .
ingressClass 3 string .""",
    "operator.PilotPolicyConfig": """\
enabled 1 google.protobuf.BoolValue .""",
    "operator.PilotTaintControllerConfig": """\
enabled 1 bool .
namespace 2 string .
name 3 string . 30-""",
    "operator.PortsConfig": """\
name 1 string .
port 2 int32 .
nodePort 3 int32 .
targetPort 4 int32 .
protocol 5 string . 8-""",
    "operator.PrometheusConfig": """\
createPrometheusResource 1 google.protobuf.BoolValue .
enabled 2 google.protobuf.BoolValue .
replicaCount 3 uint32 .
hub 4 string .
tag 5 operator.TypeInterface .
retention 6 string .
nodeSelector 7 operator.TypeMapStringInterface .
scrapeInterval 8 google.protobuf.Duration .
contextPath 9 string .
ingress 10 operator.AddonIngressConfig . -5
service 11 operator.PrometheusServiceConfig .
security 12 operator.PrometheusSecurityConfig .
tolerations 13 operator.TypeSliceOfMapStringInterface .
podAntiAffinityLabelSelector 14 operator.TypeSliceOfMapStringInterface .
podAntiAffinityTermLabelSelector 15 operator.TypeSliceOfMapStringInterface .
resources 16 operator.Resources .
datasources 17 operator.TypeSliceOfMapStringInterface .
podAnnotations 18 operator.TypeMapStringInterface .
image 19 string .
provisionPrometheusCert 20 google.protobuf.BoolValue .""",
    "operator.PrometheusMixerAdapterConfig": """\
enabled 1 google.protobuf.BoolValue .
metricsExpiryDuration 2 google.protobuf.Duration .""",
    "operator.PrometheusSecurityConfig": """\
enabled 1 google.protobuf.BoolValue .""",
    "operator.PrometheusServiceConfig": """\
annotations 1 operator.TypeMapStringInterface .
nodePort 2 operator.PrometheusServiceNodePortConfig .""",
    "operator.PrometheusServiceNodePortConfig": """\
enabled 1 google.protobuf.BoolValue .
port 2 uint32 .""",
    "operator.ProxyConfig": """\
enabled 35 google.protobuf.BoolValue . -6
accessLogFile 1 string . -6
accessLogFormat 2 string . -6
accessLogEncoding 3 operator.accessLogEncoding . -6
autoInject 4 string .
clusterDomain 5 string .
componentLogLevel 6 string .
concurrency 7 uint32 . -6
dnsRefreshRate 8 google.protobuf.Duration . -5
enableCoreDump 9 google.protobuf.BoolValue .
envoyMetricsService 10 operator.EnvoyMetricsConfig . -6
envoyStatsd 11 operator.EnvoyMetricsConfig . -6
excludeInboundPorts 12 string .
excludeIPRanges 13 string .
image 14 string .
includeInboundPorts 15 string . -5
includeIPRanges 16 string .
kubevirtInterfaces 17 string . -5
logLevel 18 string .
outlierLogPath 42 string . 23-
privileged 19 google.protobuf.BoolValue .
readinessInitialDelaySeconds 20 uint32 .
readinessPeriodSeconds 21 uint32 .
readinessFailureThreshold 22 uint32 .
seccompProfile 43 google.protobuf.Struct . 29-
startupProbe 41 operator.StartupProbe . 20-
statusPort 23 uint32 .
resources 24 operator.Resources .
tracer 25 operator.tracer .
protocolDetectionTimeout 26 string . -6
envoyAccessLogService 27 operator.EnvoyAccessLogConfig . -6
excludeOutboundPorts 28 string .
drainDuration 29 google.protobuf.Duration . -6
connectTimeout 30 string . -6
parentShutdownDuration 32 google.protobuf.Duration . -6
enableCoreDumpImage 33 string . -6
outlierLogPath 34 string . -6
lifecycle 36 operator.TypeMapStringInterface . 6-13
lifecycle 36 k8s.io.api.core.v1.Lifecycle . 22-28
lifecycle 36 google.protobuf.Struct . 14-21,29-
holdApplicationUntilProxyStarts 37 google.protobuf.BoolValue . 7-
includeInboundPorts 38 string . 12-
includeOutboundPorts 39 string . 12-""",
    "operator.ProxyInitConfig": """\
image 1 string .
resources 5 operator.Resources .""",
    "operator.ReaderServiceAccount": """\
name 1 string .
namespace 2 string .""",
    "operator.ResourceQuotas": """\
enabled 1 google.protobuf.BoolValue .
pods 2 int64 .""",
    "operator.Resources": """\
limits 1 %string .
requests 2 %string .""",
    "operator.ResourcesRequestsConfig": """\
cpu 1 string .
memory 2 string .""",
    "operator.SDSConfig": """\
enabled 1 google.protobuf.BoolValue . -6
udsPath 2 string . -6
useNormalJwt 3 google.protobuf.BoolValue . -6
useTrustworthyJwt 4 google.protobuf.BoolValue . -6
token 5 operator.TypeMapStringInterface . -13
token 5 google.protobuf.Struct . 14-""",
    "operator.STSConfig": """\
servicePort 1 uint32 .""",
    "operator.SecretVolume": """\
mountPath 1 string .
name 2 string .
secretName 3 string .""",
    "operator.SecurityConfig": """\
enabled 1 google.protobuf.BoolValue .
replicaCount 2 uint32 .
image 3 string .
selfSigned 4 google.protobuf.BoolValue .
trustDomain 5 string .
dnsCerts 6 %string .
createMeshPolicy 7 google.protobuf.BoolValue .
enableNamespacesByDefault 8 google.protobuf.BoolValue .
citadelHealthCheck 9 google.protobuf.BoolValue .
nodeSelector 10 operator.TypeMapStringInterface .
env 11 operator.TypeMapStringInterface .
podAnnotations 12 operator.TypeMapStringInterface .
workloadCertTtl 13 string .
tolerations 14 operator.TypeSliceOfMapStringInterface .
resources 15 operator.Resources .
rollingMaxSurge 16 operator.TypeIntOrStringForPB .
rollingMaxUnavailable 17 operator.TypeIntOrStringForPB .
podAntiAffinityLabelSelector 18 operator.TypeSliceOfMapStringInterface .
podAntiAffinityTermLabelSelector 19 operator.TypeSliceOfMapStringInterface .""",
    "operator.ServiceAccount": """\
annotations 1 operator.TypeMapStringInterface . -13
annotations 1 google.protobuf.Struct . 14-""",
    "operator.ServiceConfig": """\
annotations 1 operator.TypeMapStringInterface .
externalPort 2 uint32 .
name 3 string .
type 18 string .""",
    "operator.SidecarInjectorConfig": """\
enabled 1 google.protobuf.BoolValue . -5
enableNamespacesByDefault 2 google.protobuf.BoolValue .
image 3 string . -5
hub 4 string . -5
tag 5 operator.TypeInterface . -5
nodeSelector 10 operator.TypeMapStringInterface . -5
neverInjectSelector 11 operator.TypeSliceOfMapStringInterface . -13
alwaysInjectSelector 12 operator.TypeSliceOfMapStringInterface . -13
podAntiAffinityLabelSelector 13 operator.TypeSliceOfMapStringInterface . -5
podAntiAffinityTermLabelSelector 14 operator.TypeSliceOfMapStringInterface . -5
replicaCount 15 uint32 . -5
reinvocationPolicy 3 string . 19-
neverInjectSelector 11 *v1.LabelSelector . 22-28
alwaysInjectSelector 12 *v1.LabelSelector . 22-28
neverInjectSelector 11 *google.protobuf.Struct . 14-21,29-
alwaysInjectSelector 12 *google.protobuf.Struct . 14-21,29-
rewriteAppHTTPProbe 16 google.protobuf.BoolValue .
selfSigned 17 google.protobuf.BoolValue . -5
injectLabel 18 string . -7
injectedAnnotations 19 operator.TypeMapStringInterface . -13
resources 20 operator.Resources . -5
objectSelector 21 operator.TypeMapStringInterface . -13
tolerations 22 operator.TypeSliceOfMapStringInterface . -5
lifecycle 23 operator.TypeMapStringInterface . -5
podAnnotations 24 operator.TypeMapStringInterface . -5
rollingMaxSurge 25 operator.TypeIntOrStringForPB . -5
rollingMaxUnavailable 26 operator.TypeIntOrStringForPB . -5
injectedAnnotations 19 google.protobuf.Struct . 14-
objectSelector 21 google.protobuf.Struct . 14-22
injectionURL 22 string . 6-
templates 23 operator.TypeMapStringInterface . 9-13
templates 23 google.protobuf.Struct . 14-
defaultTemplates 24 *string . 9-
useLegacySelectors 4 google.protobuf.BoolValue . 9-22""",
    "operator.StackdriverAuthConfig": """\
appCredentials 1 google.protobuf.BoolValue .
apiKey 2 string .
serviceAccountPath 3 string .""",
    "operator.StackdriverContextGraph": """\
enabled 1 google.protobuf.BoolValue .""",
    "operator.StackdriverMixerAdapterConfig": """\
enabled 1 google.protobuf.BoolValue .
auth 2 operator.StackdriverAuthConfig .
tracer 3 operator.StackdriverTracerConfig .
contextGraph 4 operator.StackdriverContextGraph .
logging 5 operator.StackdriverMixerAdapterConfig_EnabledConfig .
metrics 6 operator.StackdriverMixerAdapterConfig_EnabledConfig .""",
    "operator.StackdriverMixerAdapterConfig_EnabledConfig": """\
enabled 1 google.protobuf.BoolValue .""",
    "operator.StackdriverTracerConfig": """\
enabled 1 google.protobuf.BoolValue .
sampleProbability 2 uint32 .""",
    "operator.StartupProbe": """\
enabled 1 google.protobuf.BoolValue .
failureThreshold 2 uint32 .""",
    "operator.StdioMixerAdapterConfig": """\
enabled 1 google.protobuf.BoolValue .
outputAsJson 2 google.protobuf.BoolValue .""",
    "operator.TargetUtilizationConfig": """\
targetAverageUtilization 1 int32 .""",
    "operator.TelemetryConfig": """\
enabled 1 google.protobuf.BoolValue .
v1 2 operator.TelemetryV1Config . -7
v2 3 operator.TelemetryV2Config .""",
    "operator.TelemetryV1Config": """\
enabled 1 google.protobuf.BoolValue .""",
    "operator.TelemetryV2AccessLogPolicyFilterConfig": """\
enabled 1 google.protobuf.BoolValue .
logWindowDuration 2 google.protobuf.Duration .""",
    "operator.TelemetryV2Config": """\
enabled 1 google.protobuf.BoolValue .
metadata_exchange 4 operator.TelemetryV2MetadataExchangeConfig . -20
prometheus 2 operator.TelemetryV2PrometheusConfig .
stackdriver 3 operator.TelemetryV2StackDriverConfig .
access_log_policy 5 operator.TelemetryV2AccessLogPolicyFilterConfig . 6-20""",
    "operator.TelemetryV2MetadataExchangeConfig": """\
wasmEnabled 2 google.protobuf.BoolValue .""",
    "operator.TelemetryV2PrometheusConfig": """\
enabled 1 google.protobuf.BoolValue .
wasmEnabled 2 google.protobuf.BoolValue . -20
config_override 3 operator.TelemetryV2PrometheusConfig_ConfigOverride . 7-20""",
    "operator.TelemetryV2PrometheusConfig_ConfigOverride": """\
gateway 1 operator.TypeMapStringInterface . -13
inboundSidecar 2 operator.TypeMapStringInterface . -13
outboundSidecar 3 operator.TypeMapStringInterface . -13
gateway 1 google.protobuf.Struct . 14-
inboundSidecar 2 google.protobuf.Struct . 14-
outboundSidecar 3 google.protobuf.Struct . 14-""",
    "operator.TelemetryV2StackDriverConfig": """\
enabled 1 google.protobuf.BoolValue .
logging 2 google.protobuf.BoolValue . -20
monitoring 3 google.protobuf.BoolValue . -20
topology 4 google.protobuf.BoolValue . -20
disableOutbound 6 google.protobuf.BoolValue . 6-20
configOverride 5 operator.TypeMapStringInterface . -13
configOverride 5 google.protobuf.Struct . 14-20
outboundAccessLogging 7 operator.TelemetryV2StackDriverConfig_AccessLogging . 8-20
inboundAccessLogging 8 operator.TelemetryV2StackDriverConfig_AccessLogging . 8-20""",
    "operator.TracerConfig": """\
datadog 1 operator.TracerDatadogConfig .
lightstep 2 operator.TracerLightStepConfig .
zipkin 3 operator.TracerZipkinConfig .
stackdriver 4 operator.TracerStackdriverConfig .""",
    "operator.TracerDatadogConfig": """\
address 1 string .""",
    "operator.TracerLightStepConfig": """\
address 1 string .
accessToken 2 string .
cacertPath 3 string . -5
secure 4 google.protobuf.BoolValue . -5""",
    "operator.TracerStackdriverConfig": """\
debug 1 google.protobuf.BoolValue .
maxNumberOfAttributes 2 uint32 .
maxNumberOfAnnotations 3 uint32 .
maxNumberOfMessageEvents 4 uint32 .""",
    "operator.TracerZipkinConfig": """\
address 1 string .""",
    "operator.TracingConfig": """\
enabled 1 google.protobuf.BoolValue .
ingress 2 operator.TracingIngressConfig . -5
jaeger 3 operator.TracingJaegerConfig .
nodeSelector 4 operator.TypeMapStringInterface .
provider 5 string .
service 6 operator.ServiceConfig .
zipkin 7 operator.TracingZipkinConfig .
opencensus 8 operator.TracingOpencensusConfig .
contextPath 9 string .
podAntiAffinityLabelSelector 13 operator.TypeSliceOfMapStringInterface .
podAntiAffinityTermLabelSelector 14 operator.TypeSliceOfMapStringInterface .
tolerations 15 operator.TypeSliceOfMapStringInterface .""",
    "operator.TracingIngressConfig": """\
enabled 1 google.protobuf.BoolValue .
annotations 2 operator.TypeMapStringInterface .
hosts 3 *string .
tls 4 operator.TypeMapStringInterface .""",
    "operator.TracingJaegerConfig": """\
hub 1 string .
tag 2 operator.TypeInterface .
image 10 string .
memory 3 operator.TracingJaegerMemoryConfig .
spanStorageType 4 string .
persist 5 google.protobuf.BoolValue .
storageClassName 6 string .
accessMode 7 string .
resources 8 operator.TypeMapStringInterface .
podAnnotations 9 operator.TypeMapStringInterface .""",
    "operator.TracingJaegerMemoryConfig": """\
max_traces 1 uint32 .""",
    "operator.TracingOpencensusConfig": """\
hub 1 string .
tag 2 operator.TypeInterface .
exporters 3 operator.TracingOpencensusExportersConfig .
resources 5 operator.TypeMapStringInterface .
podAnnotations 6 operator.TypeMapStringInterface .""",
    "operator.TracingOpencensusExportersConfig": """\
stackdriver 1 operator.TypeMapStringInterface .""",
    "operator.TracingZipkinConfig": """\
hub 1 string .
tag 2 operator.TypeInterface .
image 9 string .
probeStartupDelay 3 uint32 .
livenessProbeStartupDelay 11 uint32 . 6-
queryPort 4 uint32 .
resources 5 operator.Resources .
javaOptsHeap 6 uint32 .
maxSpans 7 uint32 .
node 8 operator.TracingZipkinNodeConfig .
podAnnotations 10 operator.TypeMapStringInterface .""",
    "operator.TracingZipkinNodeConfig": """\
cpus 1 uint32 .""",
    "operator.TypeIntOrStringForPB": "",
    "operator.TypeInterface": "",
    "operator.TypeMapStringInterface": "",
    "operator.TypeSliceOfMapStringInterface": "",
    "operator.TypeSliceString": "",
    "operator.Values": """\
certmanager 1 operator.CertManagerConfig . -5
cni 2 operator.CNIConfig .
istiocoredns 3 operator.CoreDNSConfig . -8
galley 4 operator.GalleyConfig . -5
gateways 5 operator.GatewaysConfig .
global 6 operator.GlobalConfig .
grafana 7 operator.TypeMapStringInterface . -7
mixer 8 operator.MixerConfig . -7
nodeagent 9 operator.NodeAgentConfig . -5
pilot 10 operator.PilotConfig .
ztunnel 41 google.protobuf.Value . 18-
telemetry 23 operator.TelemetryConfig .
prometheus 11 operator.PrometheusConfig . -7
security 12 operator.SecurityConfig . -5
sidecarInjectorWebhook 13 operator.SidecarInjectorConfig .
tracing 14 operator.TracingConfig . -7
kiali 15 operator.KialiConfig . -7
version 16 string . -7
clusterResources 17 google.protobuf.BoolValue . -8
prometheusOperator 18 operator.TypeMapStringInterface . -7
istio_cni 19 operator.CNIConfig . -21
kustomize 20 google.protobuf.BoolValue . -7
istio_cni 19 operator.CNIUsageConfig . 22-
revision 21 string .
ownerName 22 string . 8-
meshConfig 36 operator.TypeInterface . 6-13
meshConfig 36 google.protobuf.Value . 14-
base 37 operator.BaseConfig . 6-
istiodRemote 38 operator.IstiodRemoteConfig . 6-
revisionTags 39 *string . 10-
defaultRevision 40 string . 12-
profile 42 string . 21-
compatibilityVersion 43 string . 21-
experimental 44 operator.ExperimentalConfig . 22-
gatewayClasses 45 google.protobuf.Value . 26-""",
    "operator.WaypointConfig": """\
resources 1 operator.Resources .
affinity 2 k8s.io.api.core.v1.Affinity . -28
topologySpreadConstraints 3 *k8s.io.api.core.v1.TopologySpreadConstraint . -28
nodeSelector 4 k8s.io.api.core.v1.NodeSelector . -28
toleration 5 *k8s.io.api.core.v1.Toleration . -28
affinity 2 google.protobuf.Struct . 29-
topologySpreadConstraints 3 *google.protobuf.Struct . 29-
nodeSelector 4 google.protobuf.Struct . 29-
toleration 5 *google.protobuf.Struct . 29-""",
    "operator.ZeroVPNConfig": """\
enabled 1 google.protobuf.BoolValue .
suffix 2 string .""",
    "v1.LabelSelector": """\
matchLabels 1 %string .
matchExpressions 2 *v1.LabelSelectorRequirement .""",
    "v1.LabelSelectorRequirement": """\
key 1 string .
operator 2 string .
values 3 *string .""",
    "v1alpha1.Certificate": """\
secret_name 1 string .
dns_names 2 *string .""",
    "v1alpha1.ConfigSource": """\
address 1 string .
tls_settings 2 v1alpha3.TLSSettings . -5
tls_settings 2 v1alpha3.ClientTLSSettings . 6-
subscribed_resources 3 *v1alpha1.Resource . 4-""",
    "v1alpha1.LabelSelector": """\
matchLabels 1 %string .
matchExpressions 2 *v1alpha1.LabelSelectorRequirement .""",
    "v1alpha1.LabelSelectorRequirement": """\
key 1 string .
operator 2 string .
values 3 *string .""",
    "v1alpha1.LocalityLoadBalancerSetting": """\
distribute 1 *v1alpha1.LocalityLoadBalancerSetting_Distribute .
failover 2 *v1alpha1.LocalityLoadBalancerSetting_Failover .""",
    "v1alpha1.LocalityLoadBalancerSetting_Distribute": """\
from 1 string .
to 2 %uint32 .""",
    "v1alpha1.LocalityLoadBalancerSetting_Failover": """\
from 1 string .
to 2 string .""",
    "v1alpha1.MeshConfig": """\
mixer_check_server 1 string . -7
mixer_report_server 2 string . -7
disable_policy_checks 3 bool . -7
disable_mixer_http_reports 48 bool . 4-7
policy_check_fail_open 25 bool . -7
sidecar_to_telemetry_session_affinity 30 bool . -7
proxy_listen_port 4 int32 .
proxy_inbound_listen_port 65 int32 . 18-
proxy_http_port 5 int32 .
connect_timeout 6 google.protobuf.Duration .
hbone_idle_timeout 70 google.protobuf.Duration . 29-
protocol_detection_timeout 42 google.protobuf.Duration . 3-
tcp_keepalive 28 v1alpha3.ConnectionPoolSettings_TCPSettings_TcpKeepalive .
ingress_class 7 string .
ingress_service 8 string .
ingress_controller_mode 9 v1alpha1.MeshConfig_IngressControllerMode .
ingress_selector 52 string . 6-
auth_policy 10 v1alpha1.MeshConfig_AuthPolicy . -8
rds_refresh_delay 11 google.protobuf.Duration . -8
enable_tracing 12 bool .
access_log_file 13 string .
access_log_format 24 string .
access_log_encoding 27 v1alpha1.MeshConfig_AccessLogEncoding .
enable_envoy_access_log_service 40 bool . 3-
disable_envoy_listener_log 56 bool . 8-
default_config 14 v1alpha1.ProxyConfig .
mixer_address 16 string . -7
outbound_traffic_policy 17 v1alpha1.MeshConfig_OutboundTrafficPolicy .
enable_client_side_policy_check 19 bool . -7
sds_uds_path 20 string . -7
sds_refresh_delay 21 google.protobuf.Duration . -7
inbound_traffic_policy 66 v1alpha1.MeshConfig_InboundTrafficPolicy . 22-
config_sources 22 *v1alpha1.ConfigSource .
enable_auto_mtls 43 google.protobuf.BoolValue . 4-
enable_sds_token_mount 23 bool . -7
sds_use_k8s_sa_jwt 29 bool . -7
trust_domain 26 string .
trust_domain_aliases 46 *string . 4-
ca_certificates 58 *v1alpha1.MeshConfig_CertificateData . 9-
default_service_export_to 31 *string .
default_virtual_service_export_to 32 *string .
default_destination_rule_export_to 33 *string .
root_namespace 34 string .
locality_lb_setting 35 v1alpha1.LocalityLoadBalancerSetting . -4
locality_lb_setting 35 v1alpha3.LocalityLoadBalancerSetting . 5-
zone_aware_lb_setting 73 v1alpha3.ZoneAwareLoadBalancerSetting . 31-
dns_refresh_rate 36 google.protobuf.Duration .
disable_report_batch 37 bool . 3-7
report_batch_max_entries 38 uint32 . 3-7
report_batch_max_time 39 google.protobuf.Duration . 3-7
h2_upgrade_policy 41 v1alpha1.MeshConfig_H2UpgradePolicy . 3-
inbound_cluster_stat_name 44 string . 4-
outbound_cluster_stat_name 45 string . 4-
certificates 47 *v1alpha1.Certificate . 4-
thrift_config 49 v1alpha1.MeshConfig_ThriftConfig . 5-16
service_settings 50 *v1alpha1.MeshConfig_ServiceSettings . 6-
service_scope_configs 67 *v1alpha1.MeshConfig_ServiceScopeConfigs . 27-
enable_prometheus_merge 51 google.protobuf.BoolValue . 6-
verify_certificate_at_client 54 google.protobuf.BoolValue . 8-
ca 55 v1alpha1.MeshConfig_CA . 8-
extension_providers 57 *v1alpha1.MeshConfig_ExtensionProvider . 8-
default_providers 60 v1alpha1.MeshConfig_DefaultProviders . 10-
discovery_selectors 59 *v1.LabelSelector . 10-22
discovery_selectors 59 *v1alpha1.LabelSelector . 23-
path_normalization 61 v1alpha1.MeshConfig_ProxyPathNormalization . 8-
default_http_retry_policy 62 v1alpha3.HTTPRetry . 12-
default_inbound_http_retry_policy 74 v1alpha3.HTTPRetry . 32-
mesh_mTLS 63 v1alpha1.MeshConfig_TLSConfig . 14-
tls_defaults 64 v1alpha1.MeshConfig_TLSConfig . 18-
default_traffic_policy 71 v1alpha1.MeshConfig_DefaultTrafficPolicy . 31-
service_entry_visibility 72 v1alpha1.ServiceEntryVisibility . 31-""",
    "v1alpha1.MeshConfig_CA": """\
address 1 string .
tls_settings 2 v1alpha3.ClientTLSSettings .
request_timeout 3 google.protobuf.Duration .
istiod_side 4 bool .""",
    "v1alpha1.MeshConfig_CertificateData": """\
pem 1 string certificate_data
spiffe_bundle_url 2 string certificate_data
cert_signers 3 *string . 12-
trust_domains 4 *string . 12-""",
    "v1alpha1.MeshConfig_DefaultProviders": """\
tracing 1 string . -10
tracing 1 *string . 11-
metrics 2 *string . 11-
access_logging 3 *string . 11-""",
    "v1alpha1.MeshConfig_DefaultTrafficPolicy": """\
connection_pool 1 v1alpha3.ConnectionPoolSettings .
outlier_detection 2 v1alpha3.OutlierDetection .""",
    "v1alpha1.MeshConfig_ExtensionProvider": """\
name 1 string .
envoy_ext_authz_http 2 v1alpha1.MeshConfig_ExtensionProvider_EnvoyExternalAuthorizationHttpProvider provider
envoy_ext_authz_grpc 3 v1alpha1.MeshConfig_ExtensionProvider_EnvoyExternalAuthorizationGrpcProvider provider
zipkin 4 v1alpha1.MeshConfig_ExtensionProvider_ZipkinTracingProvider provider 10-
lightstep 5 v1alpha1.MeshConfig_ExtensionProvider_LightstepTracingProvider provider 10-
datadog 6 v1alpha1.MeshConfig_ExtensionProvider_DatadogTracingProvider provider 10-
stackdriver 7 v1alpha1.MeshConfig_ExtensionProvider_StackdriverProvider provider 10-
opencensus 8 v1alpha1.MeshConfig_ExtensionProvider_OpenCensusAgentTracingProvider provider 10-
skywalking 9 v1alpha1.MeshConfig_ExtensionProvider_SkyWalkingTracingProvider provider 11-
opentelemetry 15 v1alpha1.MeshConfig_ExtensionProvider_OpenTelemetryTracingProvider provider 16-
prometheus 10 v1alpha1.MeshConfig_ExtensionProvider_PrometheusMetricsProvider provider 11-
envoy_file_access_log 11 v1alpha1.MeshConfig_ExtensionProvider_EnvoyFileAccessLogProvider provider 11-
envoy_http_als 12 v1alpha1.MeshConfig_ExtensionProvider_EnvoyHttpGrpcV3LogProvider provider 13-
envoy_tcp_als 13 v1alpha1.MeshConfig_ExtensionProvider_EnvoyTcpGrpcV3LogProvider provider 13-
envoy_otel_als 14 v1alpha1.MeshConfig_ExtensionProvider_EnvoyOpenTelemetryLogProvider provider 13-
sds 16 v1alpha1.MeshConfig_ExtensionProvider_SDSProvider provider 27-""",
    "v1alpha1.MeshConfig_ExtensionProvider_DatadogTracingProvider": """\
service 1 string .
port 2 uint32 .
max_tag_length 3 uint32 .""",
    "v1alpha1.MeshConfig_ExtensionProvider_EnvoyExternalAuthorizationGrpcProvider": """\
service 1 string .
port 2 uint32 .
timeout 5 google.protobuf.Duration . 10-
fail_open 3 bool .
clear_route_cache 7 bool . 25-
status_on_error 4 string .
include_request_body_in_check 6 v1alpha1.MeshConfig_ExtensionProvider_EnvoyExternalAuthorizationRequestBody . 10-""",
    "v1alpha1.MeshConfig_ExtensionProvider_EnvoyExternalAuthorizationHttpProvider": """\
service 1 string .
port 2 uint32 .
timeout 9 google.protobuf.Duration . 10-
path_prefix 3 string .
fail_open 4 bool .
clear_route_cache 14 bool . 25-
status_on_error 5 string .
include_headers_in_check 6 *string .
include_request_headers_in_check 10 *string . 10-
include_additional_headers_in_check 11 %string . 10-
include_request_body_in_check 12 v1alpha1.MeshConfig_ExtensionProvider_EnvoyExternalAuthorizationRequestBody . 10-
headers_to_upstream_on_allow 7 *string .
headers_to_downstream_on_deny 8 *string .
headers_to_downstream_on_allow 13 *string . 14-""",
    "v1alpha1.MeshConfig_ExtensionProvider_EnvoyExternalAuthorizationRequestBody": """\
max_request_bytes 1 uint32 .
allow_partial_message 2 bool .
pack_as_bytes 3 bool .""",
    "v1alpha1.MeshConfig_ExtensionProvider_EnvoyFileAccessLogProvider": """\
path 1 string .
log_format 2 v1alpha1.MeshConfig_ExtensionProvider_EnvoyFileAccessLogProvider_LogFormat . 13-
omit_empty_values 3 bool . 26-""",
    "v1alpha1.MeshConfig_ExtensionProvider_EnvoyFileAccessLogProvider_LogFormat": """\
text 1 string log_format
labels 2 google.protobuf.Struct log_format""",
    "v1alpha1.MeshConfig_ExtensionProvider_EnvoyHttpGrpcV3LogProvider": """\
service 1 string .
port 2 uint32 .
log_name 3 string .
filter_state_objects_to_log 4 *string .
additional_request_headers_to_log 5 *string .
additional_response_headers_to_log 6 *string .
additional_response_trailers_to_log 7 *string .""",
    "v1alpha1.MeshConfig_ExtensionProvider_EnvoyOpenTelemetryLogProvider": """\
service 1 string .
port 2 uint32 .
log_name 3 string .
log_format 4 v1alpha1.MeshConfig_ExtensionProvider_EnvoyOpenTelemetryLogProvider_LogFormat .""",
    "v1alpha1.MeshConfig_ExtensionProvider_EnvoyOpenTelemetryLogProvider_LogFormat": """\
text 1 string .
labels 2 google.protobuf.Struct .""",
    "v1alpha1.MeshConfig_ExtensionProvider_EnvoyTcpGrpcV3LogProvider": """\
service 1 string .
port 2 uint32 .
log_name 3 string .
filter_state_objects_to_log 4 *string .""",
    "v1alpha1.MeshConfig_ExtensionProvider_GrpcService": """\
timeout 1 google.protobuf.Duration .
initial_metadata 2 *v1alpha1.MeshConfig_ExtensionProvider_HttpHeader .""",
    "v1alpha1.MeshConfig_ExtensionProvider_HttpHeader": """\
name 1 string .
value 2 string . -25
value 2 string header_value 26-
env_name 3 string header_value 26-""",
    "v1alpha1.MeshConfig_ExtensionProvider_HttpService": """\
path 1 string .
timeout 2 google.protobuf.Duration .
headers 3 *v1alpha1.MeshConfig_ExtensionProvider_HttpHeader .""",
    "v1alpha1.MeshConfig_ExtensionProvider_LightstepTracingProvider": """\
service 1 string .
port 2 uint32 .
access_token 3 string .
max_tag_length 4 uint32 .""",
    "v1alpha1.MeshConfig_ExtensionProvider_OpenCensusAgentTracingProvider": """\
service 1 string .
port 2 uint32 .
context 3 *v1alpha1.MeshConfig_ExtensionProvider_OpenCensusAgentTracingProvider_TraceContext .
max_tag_length 4 uint32 .""",
    "v1alpha1.MeshConfig_ExtensionProvider_OpenTelemetryTracingProvider": """\
service 1 string .
port 2 uint32 .
max_tag_length 3 uint32 .
http 4 v1alpha1.MeshConfig_ExtensionProvider_HttpService . 22-
grpc 7 v1alpha1.MeshConfig_ExtensionProvider_GrpcService . 24-
resource_detectors 5 v1alpha1.MeshConfig_ExtensionProvider_ResourceDetectors . 22-
service_attribute_enrichment 8 v1alpha1.MeshConfig_ExtensionProvider_ServiceAttributeEnrichment . 30-
dynatrace_sampler 6 v1alpha1.MeshConfig_ExtensionProvider_OpenTelemetryTracingProvider_DynatraceSampler sampling 22-""",
    "v1alpha1.MeshConfig_ExtensionProvider_OpenTelemetryTracingProvider_DynatraceSampler": """\
tenant 1 string .
cluster_id 2 int32 .
root_spans_per_minute 3 uint32 .
http_service 4 v1alpha1.MeshConfig_ExtensionProvider_OpenTelemetryTracingProvider_DynatraceSampler_DynatraceApi .""",
    "v1alpha1.MeshConfig_ExtensionProvider_OpenTelemetryTracingProvider_DynatraceSampler_DynatraceApi": """\
service 1 string .
port 2 uint32 .
http 3 v1alpha1.MeshConfig_ExtensionProvider_HttpService .""",
    "v1alpha1.MeshConfig_ExtensionProvider_PrometheusMetricsProvider": "",
    "v1alpha1.MeshConfig_ExtensionProvider_ResourceDetectors": """\
environment 1 v1alpha1.MeshConfig_ExtensionProvider_ResourceDetectors_EnvironmentResourceDetector .
dynatrace 2 v1alpha1.MeshConfig_ExtensionProvider_ResourceDetectors_DynatraceResourceDetector .""",
    "v1alpha1.MeshConfig_ExtensionProvider_ResourceDetectors_DynatraceResourceDetector": "",
    "v1alpha1.MeshConfig_ExtensionProvider_ResourceDetectors_EnvironmentResourceDetector": "",
    "v1alpha1.MeshConfig_ExtensionProvider_SDSProvider": """\
name 1 string .
service 2 string .
port 3 uint32 .""",
    "v1alpha1.MeshConfig_ExtensionProvider_SkyWalkingTracingProvider": """\
service 1 string .
port 2 uint32 .
access_token 3 string .""",
    "v1alpha1.MeshConfig_ExtensionProvider_StackdriverProvider": """\
debug 1 bool .
max_number_of_attributes 2 google.protobuf.Int64Value .
max_number_of_annotations 3 google.protobuf.Int64Value .
max_number_of_message_events 4 google.protobuf.Int64Value .
max_tag_length 5 uint32 .
logging 6 v1alpha1.MeshConfig_ExtensionProvider_StackdriverProvider_Logging . 13-""",
    "v1alpha1.MeshConfig_ExtensionProvider_StackdriverProvider_Logging": """\
labels 1 %string .""",
    "v1alpha1.MeshConfig_ExtensionProvider_ZipkinTracingProvider": """\
service 1 string .
port 2 uint32 .
max_tag_length 3 uint32 .
enable_64bit_trace_id 4 bool . 18-
path 5 string . 24-
trace_context_option 6 v1alpha1.MeshConfig_ExtensionProvider_ZipkinTracingProvider_TraceContextOption . 28-
timeout 7 google.protobuf.Duration . 29-
headers 8 *v1alpha1.MeshConfig_ExtensionProvider_HttpHeader . 29-""",
    "v1alpha1.MeshConfig_InboundTrafficPolicy": """\
mode 1 v1alpha1.MeshConfig_InboundTrafficPolicy_Mode .""",
    "v1alpha1.MeshConfig_OutboundTrafficPolicy": """\
mode 1 v1alpha1.MeshConfig_OutboundTrafficPolicy_Mode .
tls 2 v1alpha3.ClientTLSSettings . 30-""",
    "v1alpha1.MeshConfig_ProxyPathNormalization": """\
normalization 1 v1alpha1.MeshConfig_ProxyPathNormalization_NormalizationType .""",
    "v1alpha1.MeshConfig_ServiceScopeConfigs": """\
namespace_selector 1 v1alpha1.LabelSelector .
services_selector 2 v1alpha1.LabelSelector .
scope 3 v1alpha1.MeshConfig_ServiceScopeConfigs_Scope .""",
    "v1alpha1.MeshConfig_ServiceSettings": """\
settings 1 v1alpha1.MeshConfig_ServiceSettings_Settings .
hosts 2 *string .""",
    "v1alpha1.MeshConfig_ServiceSettings_Settings": """\
cluster_local 1 bool .""",
    "v1alpha1.MeshConfig_TLSConfig": """\
min_protocol_version 1 v1alpha1.MeshConfig_TLSConfig_TLSProtocol .
ecdh_curves 2 *string . 18-
cipher_suites 3 *string . 19-""",
    "v1alpha1.MeshConfig_ThriftConfig": """\
rate_limit_url 1 string .
rate_limit_timeout 2 google.protobuf.Duration .""",
    "v1alpha1.PrivateKeyProvider": """\
cryptomb 2 v1alpha1.PrivateKeyProvider_CryptoMb provider
qat 3 v1alpha1.PrivateKeyProvider_QAT provider 17-""",
    "v1alpha1.PrivateKeyProvider_CryptoMb": """\
poll_delay 1 google.protobuf.Duration .
fallback 2 google.protobuf.BoolValue . 21-""",
    "v1alpha1.PrivateKeyProvider_QAT": """\
poll_delay 1 google.protobuf.Duration .
fallback 2 google.protobuf.BoolValue . 21-""",
    "v1alpha1.ProxyConfig": """\
config_path 1 string .
binary_path 2 string .
service_cluster 3 string . -12
service_cluster 3 string cluster_name 13-
tracing_service_name 36 v1alpha1.ProxyConfig_TracingServiceName cluster_name 13-
drain_duration 4 google.protobuf.Duration .
parent_shutdown_duration 5 google.protobuf.Duration . -16
discovery_address 6 string .
discovery_refresh_delay 7 google.protobuf.Duration .
zipkin_address 8 string .
connect_timeout 9 google.protobuf.Duration . -5
statsd_udp_address 10 string .
envoy_metrics_service_address 20 string .
proxy_admin_port 11 int32 .
availability_zone 12 string .
control_plane_auth_policy 13 v1alpha1.AuthenticationPolicy .
custom_config_file 14 string .
stat_name_length 15 int32 .
concurrency 16 int32 . -6
concurrency 16 google.protobuf.Int32Value . 7-
proxy_bootstrap_template_path 17 string .
interception_mode 18 v1alpha1.ProxyConfig_InboundInterceptionMode .
tracing 19 v1alpha1.Tracing .
sds 21 v1alpha1.SDS . 2-
envoy_access_log_service 22 v1alpha1.RemoteService . 3-
envoy_metrics_service 23 v1alpha1.RemoteService . 3-
proxy_metadata 24 %string . 5-
runtime_values 37 %string . 14-
status_port 26 int32 . 6-
extra_stat_tags 27 *string . 6-
gateway_topology 28 v1alpha1.Topology . 6-
termination_drain_duration 29 google.protobuf.Duration . 7-
mesh_id 30 string . 7-
readiness_probe 31 v1alpha3.ReadinessProbe . 8-
proxy_stats_matcher 32 v1alpha1.ProxyConfig_ProxyStatsMatcher . 8-
hold_application_until_proxy_starts 33 google.protobuf.BoolValue . 8-
ca_certificates_pem 34 *string . 9-
image 35 v1alpha1.ProxyImage . 12-12
image 35 v1beta1.ProxyImage . 13-
private_key_provider 38 v1alpha1.PrivateKeyProvider . 14-
proxy_headers 39 v1alpha1.ProxyConfig_ProxyHeaders . 19-
file_flush_interval 40 google.protobuf.Duration . 29-
file_flush_min_size_kb 41 uint32 . 29-
stats_compression 42 google.protobuf.BoolValue . 29-
connection_settings 43 v1alpha1.ProxyConfig_ConnectionSettings . 31-""",
    "v1alpha1.ProxyConfig_ConnectionSettings": """\
profile 1 v1alpha1.ProxyConfig_ConnectionSettings_Profile .
listener_per_connection_buffer_limit_bytes 2 google.protobuf.Int32Value .
cluster_per_connection_buffer_limit_bytes 3 google.protobuf.Int32Value .
http_idle_timeout 4 google.protobuf.Duration .
http_max_connection_duration 5 google.protobuf.Duration .
http_drain_timeout 6 google.protobuf.Duration .
http_request_timeout 7 google.protobuf.Duration .
http_request_headers_timeout 8 google.protobuf.Duration .
http_stream_idle_timeout 9 google.protobuf.Duration .
http_max_stream_duration 10 google.protobuf.Duration .
http_max_concurrent_streams 11 google.protobuf.Int32Value .
http2_initial_stream_window_size 12 google.protobuf.Int32Value .
http2_initial_connection_window_size 13 google.protobuf.Int32Value .
http_headers_with_underscores_action 14 v1alpha1.ProxyConfig_ConnectionSettings_HeadersWithUnderscoresAction .
http_merge_slashes 15 google.protobuf.BoolValue .
http_path_with_escaped_slashes_action 16 v1alpha1.ProxyConfig_ConnectionSettings_PathWithEscapedSlashesAction .
listener_connection_limit 17 google.protobuf.Int32Value .
global_downstream_connection_limit 18 google.protobuf.Int32Value .""",
    "v1alpha1.ProxyConfig_ProxyHeaders": """\
forwarded_client_cert 1 v1alpha1.ForwardClientCertDetails .
set_current_client_cert_details 7 v1alpha1.ProxyConfig_ProxyHeaders_SetCurrentClientCertDetails . 24-
request_id 3 v1alpha1.ProxyConfig_ProxyHeaders_RequestId .
server 2 v1alpha1.ProxyConfig_ProxyHeaders_Server .
attempt_count 4 v1alpha1.ProxyConfig_ProxyHeaders_AttemptCount .
envoy_debug_headers 5 v1alpha1.ProxyConfig_ProxyHeaders_EnvoyDebugHeaders .
metadata_exchange_headers 6 v1alpha1.ProxyConfig_ProxyHeaders_MetadataExchangeHeaders .
preserve_http1_header_case 40 google.protobuf.BoolValue . 25-
x_forwarded_host 41 v1alpha1.ProxyConfig_ProxyHeaders_XForwardedHost . 28-
x_forwarded_port 42 v1alpha1.ProxyConfig_ProxyHeaders_XForwardedPort . 28-""",
    "v1alpha1.ProxyConfig_ProxyHeaders_AttemptCount": """\
disabled 1 google.protobuf.BoolValue .""",
    "v1alpha1.ProxyConfig_ProxyHeaders_EnvoyDebugHeaders": """\
disabled 1 google.protobuf.BoolValue .""",
    "v1alpha1.ProxyConfig_ProxyHeaders_MetadataExchangeHeaders": """\
mode 1 v1alpha1.ProxyConfig_ProxyHeaders_MetadataExchangeMode .""",
    "v1alpha1.ProxyConfig_ProxyHeaders_RequestId": """\
disabled 1 google.protobuf.BoolValue .""",
    "v1alpha1.ProxyConfig_ProxyHeaders_Server": """\
disabled 1 google.protobuf.BoolValue .
value 2 string .""",
    "v1alpha1.ProxyConfig_ProxyHeaders_SetCurrentClientCertDetails": """\
subject 1 google.protobuf.BoolValue .
cert 2 google.protobuf.BoolValue .
chain 3 google.protobuf.BoolValue .
dns 4 google.protobuf.BoolValue .
uri 5 google.protobuf.BoolValue .""",
    "v1alpha1.ProxyConfig_ProxyHeaders_XForwardedHost": """\
enabled 1 google.protobuf.BoolValue .""",
    "v1alpha1.ProxyConfig_ProxyHeaders_XForwardedPort": """\
enabled 1 google.protobuf.BoolValue .""",
    "v1alpha1.ProxyConfig_ProxyStatsMatcher": """\
inclusion_prefixes 1 *string .
inclusion_suffixes 2 *string .
inclusion_regexps 3 *string .""",
    "v1alpha1.ProxyImage": """\
image_type 1 string .""",
    "v1alpha1.RemoteService": """\
address 1 string .
tls_settings 2 v1alpha3.TLSSettings . -5
tls_settings 2 v1alpha3.ClientTLSSettings . 6-
tcp_keepalive 3 v1alpha3.ConnectionPoolSettings_TCPSettings_TcpKeepalive .""",
    "v1alpha1.SDS": """\
enabled 1 bool .
k8s_sa_jwt_path 2 string .""",
    "v1alpha1.ServiceEntryVisibility": """\
default_visibility 1 v1alpha1.ServiceEntryVisibility_Visibility .
apply_to_sidecars 2 bool .
policies 3 *v1alpha1.ServiceEntryVisibility_Policy .""",
    "v1alpha1.ServiceEntryVisibility_MatchRule": """\
namespace_selector 1 v1alpha1.LabelSelector matcher""",
    "v1alpha1.ServiceEntryVisibility_Policy": """\
visibility 1 v1alpha1.ServiceEntryVisibility_Visibility .
matching_rules 2 *v1alpha1.ServiceEntryVisibility_MatchRule .""",
    "v1alpha1.Topology": """\
num_trusted_proxies 1 uint32 .
forward_client_cert_details 2 v1alpha1.Topology_ForwardClientCertDetails . -18
forward_client_cert_details 2 v1alpha1.ForwardClientCertDetails . 19-
proxy_protocol 3 v1alpha1.Topology_ProxyProtocolConfiguration . 19-""",
    "v1alpha1.Topology_ProxyProtocolConfiguration": "",
    "v1alpha1.Tracing": """\
zipkin 1 v1alpha1.Tracing_Zipkin tracer
lightstep 2 v1alpha1.Tracing_Lightstep tracer
datadog 3 v1alpha1.Tracing_Datadog tracer
stackdriver 4 v1alpha1.Tracing_Stackdriver tracer 3-
open_census_agent 9 v1alpha1.Tracing_OpenCensusAgent tracer 8-
custom_tags 5 %v1alpha1.Tracing_CustomTag . 6-
max_path_tag_length 6 uint32 . 6-
sampling 7 double . 6-
tls_settings 8 v1alpha3.ClientTLSSettings . 6-
enable_istio_tags 10 google.protobuf.BoolValue . 25-""",
    "v1alpha1.Tracing_CustomTag": """\
literal 1 v1alpha1.Tracing_Literal type
environment 2 v1alpha1.Tracing_Environment type
header 3 v1alpha1.Tracing_RequestHeader type""",
    "v1alpha1.Tracing_Datadog": """\
address 1 string .""",
    "v1alpha1.Tracing_Environment": """\
name 1 string .
default_value 2 string .""",
    "v1alpha1.Tracing_Lightstep": """\
address 1 string .
access_token 2 string .
secure 3 bool . -5
cacert_path 4 string . -5""",
    "v1alpha1.Tracing_Literal": """\
value 1 string .""",
    "v1alpha1.Tracing_OpenCensusAgent": """\
address 1 string .
context 2 *v1alpha1.Tracing_OpenCensusAgent_TraceContext .""",
    "v1alpha1.Tracing_RequestHeader": """\
name 1 string .
default_value 2 string .""",
    "v1alpha1.Tracing_Stackdriver": """\
debug 1 bool .
max_number_of_attributes 2 google.protobuf.Int64Value .
max_number_of_annotations 3 google.protobuf.Int64Value .
max_number_of_message_events 4 google.protobuf.Int64Value .""",
    "v1alpha1.Tracing_Zipkin": """\
address 1 string .""",
    "v1alpha3.ClientTLSSettings": """\
mode 1 v1alpha3.ClientTLSSettings_TLSmode .
client_certificate 2 string .
private_key 3 string .
ca_certificates 4 string .
credential_name 7 string . 7-
subject_alt_names 5 *string .
sni 6 string .
insecure_skip_verify 8 google.protobuf.BoolValue . 12-
ca_crl 9 string . 22-""",
    "v1alpha3.ConnectionPoolSettings": """\
tcp 1 v1alpha3.ConnectionPoolSettings_TCPSettings .
http 2 v1alpha3.ConnectionPoolSettings_HTTPSettings .""",
    "v1alpha3.ConnectionPoolSettings_HTTPSettings": """\
http1_max_pending_requests 1 int32 .
http2_max_requests 2 int32 .
max_requests_per_connection 3 int32 .
max_retries 4 int32 .
idle_timeout 5 google.protobuf.Duration .
h2_upgrade_policy 6 v1alpha3.ConnectionPoolSettings_HTTPSettings_H2UpgradePolicy .
use_client_protocol 7 bool .
max_concurrent_streams 8 int32 .
http2_keep_alive 9 v1alpha3.ConnectionPoolSettings_HTTPSettings_ConnectionKeepalive .""",
    "v1alpha3.ConnectionPoolSettings_HTTPSettings_ConnectionKeepalive": """\
interval 1 google.protobuf.Duration .
timeout 2 google.protobuf.Duration .""",
    "v1alpha3.ConnectionPoolSettings_TCPSettings": """\
max_connections 1 int32 .
connect_timeout 2 google.protobuf.Duration .
tcp_keepalive 3 v1alpha3.ConnectionPoolSettings_TCPSettings_TcpKeepalive .
max_connection_duration 4 google.protobuf.Duration .
idle_timeout 5 google.protobuf.Duration .""",
    "v1alpha3.ConnectionPoolSettings_TCPSettings_TcpKeepalive": """\
probes 1 uint32 .
time 2 google.protobuf.Duration .
interval 3 google.protobuf.Duration .""",
    "v1alpha3.ExecHealthCheckConfig": """\
command 1 *string .""",
    "v1alpha3.GrpcHealthCheckConfig": """\
port 1 uint32 .
service 2 string .""",
    "v1alpha3.HTTPHeader": """\
name 1 string .
value 2 string .""",
    "v1alpha3.HTTPHealthCheckConfig": """\
path 1 string .
port 2 uint32 .
host 3 string .
scheme 4 string .
http_headers 5 *v1alpha3.HTTPHeader .""",
    "v1alpha3.HTTPRetry": """\
attempts 1 int32 .
per_try_timeout 2 google.protobuf.Duration .
retry_on 3 string .
retry_remote_localities 4 google.protobuf.BoolValue .
retry_ignore_previous_hosts 5 google.protobuf.BoolValue . 26-
backoff 6 google.protobuf.Duration . 26-""",
    "v1alpha3.LocalityLoadBalancerSetting": """\
distribute 1 *v1alpha3.LocalityLoadBalancerSetting_Distribute .
failover 2 *v1alpha3.LocalityLoadBalancerSetting_Failover .
failover_priority 4 *string . 12-
enabled 3 google.protobuf.BoolValue .""",
    "v1alpha3.LocalityLoadBalancerSetting_Distribute": """\
from 1 string .
to 2 %uint32 .""",
    "v1alpha3.LocalityLoadBalancerSetting_Failover": """\
from 1 string .
to 2 string .""",
    "v1alpha3.OutlierDetection": """\
consecutive_errors 1 int32 .
split_external_local_origin_errors 8 bool .
consecutive_local_origin_failures 9 google.protobuf.UInt32Value .
consecutive_gateway_errors 6 google.protobuf.UInt32Value .
consecutive_5xx_errors 7 google.protobuf.UInt32Value .
interval 2 google.protobuf.Duration .
base_ejection_time 3 google.protobuf.Duration .
max_ejection_percent 4 int32 .
min_health_percent 5 int32 .
outlier_detection_http_error_codes 10 *uint32 .""",
    "v1alpha3.ReadinessProbe": """\
initial_delay_seconds 2 int32 .
timeout_seconds 3 int32 .
period_seconds 4 int32 .
success_threshold 5 int32 .
failure_threshold 6 int32 .
http_get 7 v1alpha3.HTTPHealthCheckConfig health_check_method
tcp_socket 8 v1alpha3.TCPHealthCheckConfig health_check_method
exec 9 v1alpha3.ExecHealthCheckConfig health_check_method
grpc 10 v1alpha3.GrpcHealthCheckConfig health_check_method 25-""",
    "v1alpha3.TCPHealthCheckConfig": """\
host 1 string .
port 2 uint32 .""",
    "v1alpha3.TLSSettings": """\
mode 1 v1alpha3.TLSSettings_TLSmode .
client_certificate 2 string .
private_key 3 string .
ca_certificates 4 string .
subject_alt_names 5 *string .
sni 6 string .""",
    "v1alpha3.ZoneAwareLoadBalancerSetting": """\
enabled 1 google.protobuf.BoolValue .
failover 2 *v1alpha3.ZoneAwareLoadBalancerSetting_Failover .
failover_priority 3 *string .
min_cluster_size 4 google.protobuf.UInt32Value .""",
    "v1alpha3.ZoneAwareLoadBalancerSetting_Failover": """\
from 1 string .
to 2 string .""",
    "v1beta1.ProxyImage": """\
image_type 1 string .""",
}
ENUMS: dict[str, str] = {
    "operator.OutboundTrafficPolicyConfig_Mode": """\
ALLOW_ANY 0
REGISTRY_ONLY 1""",
    "operator.ResourceScope": """\
undefined 0
all 1
cluster 2
namespace 3""",
    "operator.TelemetryV2StackDriverConfig_AccessLogging": """\
NONE 0
FULL 1
ERRORS_ONLY 2""",
    "operator.accessLogEncoding": """\
JSON 0
TEXT 1""",
    "operator.ingressControllerMode": """\
DEFAULT 0 -5
STRICT 1 -5
OFF 2 -5
UNSPECIFIED 0 6-
DEFAULT 1 6-
STRICT 2 6-
OFF 3 6-""",
    "operator.mode": """\
disabled 0
log_only 1
enforce 2""",
    "operator.tracer": """\
zipkin 0
lightstep 1
datadog 2
stackdriver 3
openCensusAgent 4 8-
none 5 11-""",
    "v1alpha1.AuthenticationPolicy": """\
NONE 0
MUTUAL_TLS 1
INHERIT 1000""",
    "v1alpha1.ForwardClientCertDetails": """\
UNDEFINED 0
SANITIZE 1
FORWARD_ONLY 2
APPEND_FORWARD 3
SANITIZE_SET 4
ALWAYS_FORWARD_ONLY 5""",
    "v1alpha1.MeshConfig_AccessLogEncoding": """\
TEXT 0
JSON 1""",
    "v1alpha1.MeshConfig_AuthPolicy": """\
NONE 0
MUTUAL_TLS 1""",
    "v1alpha1.MeshConfig_ExtensionProvider_OpenCensusAgentTracingProvider_TraceContext": """\
UNSPECIFIED 0
W3C_TRACE_CONTEXT 1
GRPC_BIN 2
CLOUD_TRACE_CONTEXT 3
B3 4""",
    "v1alpha1.MeshConfig_ExtensionProvider_ServiceAttributeEnrichment": """\
ISTIO_CANONICAL 0
OTEL_SEMANTIC_CONVENTIONS 1""",
    "v1alpha1.MeshConfig_ExtensionProvider_ZipkinTracingProvider_TraceContextOption": """\
USE_B3 0
USE_B3_WITH_W3C_PROPAGATION 1""",
    "v1alpha1.MeshConfig_H2UpgradePolicy": """\
DO_NOT_UPGRADE 0
UPGRADE 1""",
    "v1alpha1.MeshConfig_InboundTrafficPolicy_Mode": """\
PASSTHROUGH 0
LOCALHOST 1""",
    "v1alpha1.MeshConfig_IngressControllerMode": """\
OFF 0 -5
DEFAULT 1 -5
STRICT 2 -5
UNSPECIFIED 0 6-
OFF 1 6-
DEFAULT 2 6-
STRICT 3 6-""",
    "v1alpha1.MeshConfig_OutboundTrafficPolicy_Mode": """\
REGISTRY_ONLY 0
ALLOW_ANY 1
ALLOW_ANY_DYNAMIC_DNS 3 30-""",
    "v1alpha1.MeshConfig_ProxyPathNormalization_NormalizationType": """\
DEFAULT 0
NONE 1
BASE 2
MERGE_SLASHES 3
DECODE_AND_MERGE_SLASHES 4""",
    "v1alpha1.MeshConfig_ServiceScopeConfigs_Scope": """\
LOCAL 0
GLOBAL 1""",
    "v1alpha1.MeshConfig_TLSConfig_TLSProtocol": """\
TLS_AUTO 0
TLSV1_2 1
TLSV1_3 2""",
    "v1alpha1.ProxyConfig_ConnectionSettings_HeadersWithUnderscoresAction": """\
HEADERS_WITH_UNDERSCORES_UNSPECIFIED 0
HEADERS_WITH_UNDERSCORES_ALLOW 1
HEADERS_WITH_UNDERSCORES_REJECT_REQUEST 2
HEADERS_WITH_UNDERSCORES_DROP_HEADER 3""",
    "v1alpha1.ProxyConfig_ConnectionSettings_PathWithEscapedSlashesAction": """\
PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED 0
KEEP_UNCHANGED 1
REJECT_REQUEST 2
UNESCAPE_AND_REDIRECT 3
UNESCAPE_AND_FORWARD 4""",
    "v1alpha1.ProxyConfig_ConnectionSettings_Profile": """\
SIDECAR 0
EDGE 1""",
    "v1alpha1.ProxyConfig_InboundInterceptionMode": """\
REDIRECT 0
TPROXY 1
NONE 2 14-""",
    "v1alpha1.ProxyConfig_ProxyHeaders_MetadataExchangeMode": """\
UNDEFINED 0
IN_MESH 1""",
    "v1alpha1.ProxyConfig_TracingServiceName": """\
APP_LABEL_AND_NAMESPACE 0
CANONICAL_NAME_ONLY 1
CANONICAL_NAME_AND_NAMESPACE 2""",
    "v1alpha1.Resource": """\
SERVICE_REGISTRY 0""",
    "v1alpha1.ServiceEntryVisibility_Visibility": """\
VISIBILITY_UNSPECIFIED 0
NONE 1
NAMESPACE 2
PUBLIC 3""",
    "v1alpha1.Topology_ForwardClientCertDetails": """\
UNDEFINED 0
SANITIZE 1
FORWARD_ONLY 2
APPEND_FORWARD 3
SANITIZE_SET 4
ALWAYS_FORWARD_ONLY 5""",
    "v1alpha1.Tracing_OpenCensusAgent_TraceContext": """\
UNSPECIFIED 0
W3C_TRACE_CONTEXT 1
GRPC_BIN 2
CLOUD_TRACE_CONTEXT 3
B3 4""",
    "v1alpha3.ClientTLSSettings_TLSmode": """\
DISABLE 0
SIMPLE 1
MUTUAL 2
ISTIO_MUTUAL 3""",
    "v1alpha3.ConnectionPoolSettings_HTTPSettings_H2UpgradePolicy": """\
DEFAULT 0
DO_NOT_UPGRADE 1
UPGRADE 2""",
    "v1alpha3.TLSSettings_TLSmode": """\
DISABLE 0
SIMPLE 1
MUTUAL 2
ISTIO_MUTUAL 3""",
}
