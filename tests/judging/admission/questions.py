"""Expressions and policies, and the pod about which they ask. tools/admission_oracle answers them."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]

PROXY = "docker.io/istio/proxyv2:1.30.3"
URL = "https://user@example.com:8443/a%2Fb/c?x=1&x=2&y=a%20b#frag"
POD: Object = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "web",
        "namespace": "shop",
        "labels": {"app": "web", "tier": "front-end"},
        "annotations": {"example.com/owner": "team@example.com", "example.com/url": URL},
    },
    "spec": {
        "serviceAccountName": "web",
        "hostNetwork": False,
        "nodeSelector": {"zone": "a"},
        "initContainers": [
            {
                "name": "istio-init",
                "image": PROXY,
                "securityContext": {
                    "capabilities": {"add": ["NET_ADMIN", "NET_RAW"], "drop": ["ALL"]},
                    "runAsUser": 0,
                },
            }
        ],
        "containers": [
            {
                "name": "web",
                "image": "example.com/shop/web:1.2.3",
                "ports": [{"containerPort": 8080, "name": "http"}],
                "resources": {
                    "requests": {"cpu": "100m", "memory": "128Mi"},
                    "limits": {"memory": "1Gi"},
                },
                "env": [{"name": "A", "value": "1"}],
                "securityContext": {"runAsNonRoot": True, "allowPrivilegeEscalation": False},
            },
            {
                "name": "istio-proxy",
                "image": PROXY,
                "args": ["proxy", "sidecar"],
                "resources": {"requests": {"cpu": "10m"}},
            },
        ],
        "volumes": [
            {"name": "data", "emptyDir": {}},
            {"name": "cfg", "configMap": {"name": "cfg"}},
        ],
    },
}
NAMESPACE_LABELS = {"env": "prod", "kubernetes.io/metadata.name": "shop"}
PARAMS: Object = {
    "apiVersion": "rules.example.com/v1",
    "kind": "Limits",
    "metadata": {"name": "limits"},
    "spec": {"registries": ["example.com/", "docker.io/istio/"], "most": 2},
}

# One a line; each is a validation of its own policy.
EXPRESSIONS = r"""
object.spec.containers.size() == 2
object.spec.containers.all(c, c.image.startsWith('docker.io/') || c.image.startsWith('example.com/'))
object.spec.containers.exists_one(c, c.name == 'istio-proxy')
object.spec.containers.filter(c, c.name != 'istio-proxy').map(c, c.name) == ['web']
object.spec.containers.map(c, c.name.startsWith('i'), c.image) == ['docker.io/istio/proxyv2:1.30.3']
has(object.spec.securityContext)
has(object.spec.containers[0].resources)
has(object.spec.containers[1].resources.limits)
object.spec.containers.all(c, has(c.resources.limits) && 'memory' in c.resources.limits)
object.spec.containers[0].resources.requests.cpu == '100m'
object.spec.containers[1].resources.requests['memory'] == '1'
object.spec.containers[5].name == 'x'
object.spec.volumes.exists(v, has(v.hostPath))
object.spec.volumes.all(v, has(v.configMap) || has(v.emptyDir) || has(v.secret))
object.spec.?securityContext.?runAsNonRoot.orValue(false)
object.spec.?initContainers.orValue([]).all(c, !has(c.securityContext.privileged))
object.spec.initContainers.exists(c, c.?securityContext.?capabilities.?add.orValue([]).exists(x, x in ['NET_ADMIN']))
optional.of(1).hasValue()
optional.none().or(optional.of(2)).value() == 2
object.spec[?'nope'].hasValue()
object.metadata.labels[?'app'].optMap(v, v + '!').orValue('') == 'web!'
object.metadata.labels.?app.optFlatMap(v, optional.none()).hasValue()
object.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')
object.metadata.labels['tier'].split('-') == ['front', 'end']
object.metadata.labels.exists(k, k.startsWith('app'))
object.metadata.labels.all(k, v, k != v)
object.metadata.labels.all(k, v, size(k) < 64 && v.size() < 64)
object.metadata.labels.transformList(k, v, k + '=' + v).size() == 2
object.spec.containers.exists(i, c, i == 1 && c.name == 'istio-proxy')
object.metadata.annotations['example.com/owner'].endsWith('@example.com')
object.metadata.annotations['example.com/owner'].find('[^@]+$') == 'example.com'
'a1b22'.findAll('[0-9]+') == ['1', '22']
'a1b22'.findAll('[0-9]+', 1) == ['1']
'abc'.find('(') == ''
'x y z'.findAll('') .size() == 6
url(object.metadata.annotations['example.com/url']).getHost() == 'example.com:8443'
url(object.metadata.annotations['example.com/url']).getHostname() == 'example.com'
url(object.metadata.annotations['example.com/url']).getPort() == '8443'
url(object.metadata.annotations['example.com/url']).getScheme() == 'https'
url(object.metadata.annotations['example.com/url']).getEscapedPath() == '/a%2Fb/c'
url(object.metadata.annotations['example.com/url']).getQuery() == {'x': ['1', '2'], 'y': ['a b']}
url('https://[::1]:80/x y').getEscapedPath() == '/x%20y'
url('https://[::1]:80/').getHostname() == '::1'
url('/only/path').getHost() == ''
isURL('/only/path')
isURL('only/path')
isURL('../up')
isURL('https://a b/')
isURL('http://example.com:port/')
isURL('mailto:a@b')
url('nope').getHost() == ''
quantity('1.5Gi').isGreaterThan(quantity('1Gi'))
quantity('1000m') == quantity('1')
quantity('1k').asInteger() == 1000
quantity('1000m').isInteger()
quantity('1.0').isInteger()
quantity('0.5').isInteger()
quantity('9999999999999999999').isInteger()
quantity('0.5').asInteger() == 0
quantity('-5').add(quantity('2')).compareTo(quantity('-3')) == 0
sign(quantity('-5')) == -1
quantity('50k').add(20) == quantity('50020')
quantity('50k').sub(quantity('20')).sub(1).isLessThan(quantity('50k'))
quantity('200M').asApproximateFloat() == 200000000.0
quantity('0.5').asApproximateFloat() == 0.5
isQuantity('1.3Gi')
isQuantity('1,3')
isQuantity('1K')
isQuantity('')
quantity('abc').isInteger()
quantity(object.spec.containers[0].resources.requests.memory).isLessThan(quantity('1Gi'))
object.spec.containers.all(c, quantity(c.resources.requests.cpu).compareTo(quantity('500m')) <= 0)
object.spec.containers.map(c, quantity(c.resources.requests.cpu).asApproximateFloat()).sum() < 1.0
[1, 2, 3].sum() == 6
[1.5, 2.5].sum() == 4.0
[duration('1m'), duration('1s')].sum() == duration('61s')
['b', 'a'].isSorted()
['a', 'b', 'b'].isSorted()
[1, 3, 2].max() == 3
[1, 3, 2].min() == 1
['x'].max() == 'x'
[timestamp('2024-01-01T00:00:00Z')].min() == timestamp('2024-01-01T00:00:00Z')
[1, 2, 2].indexOf(2) == 1
[1, 2, 2].lastIndexOf(2) == 2
[1, 2].indexOf(5) == -1
['a'].sum() == 'a'
object.spec.containers.map(c, c.name).isSorted()
object.spec.containers.map(c, c.name).indexOf('istio-proxy') == 1
[].sum() == 0
ip('192.168.0.1').family() == 4
ip('::1').isLoopback()
ip('127.0.0.1').isLoopback()
ip('169.254.1.1').isLinkLocalUnicast()
ip('224.0.0.5').isLinkLocalMulticast()
ip('224.0.1.5').isLinkLocalMulticast()
ip('ff02::1').isLinkLocalMulticast()
ip('10.0.0.1').isGlobalUnicast()
ip('255.255.255.255').isGlobalUnicast()
ip('0.0.0.0').isUnspecified()
ip('fe80::1%eth0').isLoopback()
ip('::ffff:1.2.3.4').family() == 6
isIP('010.0.0.1')
isIP('1.2.3')
isIP('2001:db8::1')
ip.isCanonical('2001:DB8::1')
ip.isCanonical('2001:db8::1')
ip.isCanonical('x')
ip('2001:db8::0:1') == ip('2001:db8::1')
ip('1.2.3.4') == ip('1.2.3.5')
cidr('192.168.0.0/16').containsIP(ip('192.168.3.4'))
cidr('192.168.0.0/16').containsIP('10.0.0.1')
cidr('192.168.0.0/16').containsIP('x')
cidr('192.168.0.0/16').containsCIDR('192.168.10.0/24')
cidr('192.168.0.0/16').containsCIDR(cidr('192.0.0.0/8'))
cidr('192.168.0.5/16').masked() == cidr('192.168.0.0/16')
cidr('192.168.0.5/16').ip() == ip('192.168.0.5')
cidr('192.168.0.5/16').prefixLength() == 16
isCIDR('10.0.0.0/33')
isCIDR('10.0.0.0/08')
isCIDR('10.0.0.0')
isCIDR('::/0')
string(ip('1.2.3.4')) == '1.2.3.4'
!format.dns1123Label().validate('web-1').hasValue()
!format.dns1123Label().validate('Web').hasValue()
!format.dns1123Label().validate('a.b').hasValue()
!format.dns1123Subdomain().validate('a.b').hasValue()
!format.dns1035Label().validate('1a').hasValue()
!format.qualifiedName().validate('example.com/My.Name').hasValue()
!format.qualifiedName().validate('a/b/c').hasValue()
!format.labelValue().validate('').hasValue()
!format.labelValue().validate('-a').hasValue()
!format.dns1123LabelPrefix().validate('web-').hasValue()
!format.dns1123Label().validate('web-').hasValue()
!format.uri().validate('https://a.b').hasValue()
!format.uri().validate('x').hasValue()
format.named('dns1123Label').hasValue()
format.named('nope').hasValue()
!format.named('labelValue').value().validate('a b').hasValue()
object.metadata.labels.all(k, !format.qualifiedName().validate(k).hasValue())
semver('1.2.3').isLessThan(semver('1.10.0'))
semver('1.2.3-rc.1').isLessThan(semver('1.2.3'))
semver('1.2.3').compareTo(semver('1.2.3')) == 0
semver('1.2.3+a') == semver('1.2.3+b')
semver('v1.2', true).minor() == 2
semver('01.2.3', true).major() == 1
semver('1.2.3').patch() == 3
isSemver('1.2')
isSemver('v1.2.3')
isSemver('v1.2.3', true)
isSemver('1.2.3-01')
isSemver('1-rc', true)
semver('x').major() == 1
semver(object.spec.containers[0].image.split(':')[1]).isGreaterThan(semver('1.0.0'))
sets.contains(['ALL', 'NET_RAW'], ['ALL'])
sets.equivalent([1, 2], [2, 1, 1])
sets.intersects([1], [2])
sets.contains(object.spec.initContainers[0].securityContext.capabilities.drop, ['ALL'])
[3, 1, 2].sort() == [1, 2, 3]
[1, 2, 2].distinct() == [1, 2]
[[1], [2]].flatten() == [1, 2]
lists.range(3) == [0, 1, 2]
[1, 2, 3].slice(1, 2) == [2]
[1, 2].reverse() == [2, 1]
'%s has %d'.format(['web', 2]) == 'web has 2'
'%.2f'.format([1.5]) == '1.50'
'a,b'.split(',').join('-') == 'a-b'
'hello'.substring(1, 3) == 'el'
'hello'.charAt(1) == 'e'
'hello'.indexOf('l') == 2
'hello'.lastIndexOf('l') == 3
'Hello'.lowerAscii() == 'hello'
'  x '.trim() == 'x'
'hello'.replace('l', 'L', 1) == 'heLlo'
strings.quote('a"b') == '"a\\"b"'
'abc'.reverse() == 'cba'
request.operation == 'CREATE'
request.operation in ['UPDATE']
request.kind.kind == 'Pod' && request.kind.group == '' && request.kind.version == 'v1'
request.resource.resource == 'pods'
request.requestKind.kind == 'Pod'
request.namespace == 'shop'
request.name == 'web'
request.dryRun
has(request.subResource)
oldObject == null
oldObject.spec.replicas == 1
namespaceObject.metadata.name == 'shop'
namespaceObject.metadata.labels['env'] == 'prod'
has(namespaceObject.metadata.annotations)
namespaceObject.metadata.labels['nope'] == 'x'
object == null
object.nope == 1
object.nope.deeper == 1 || true
false && object.nope.deeper == 1
object.spec.hostNetwork
has(object.spec.hostNetwork)
!has(object.spec.hostPID) || object.spec.hostPID == false
object.spec.serviceAccountName != 'default'
object.spec.containers.all(c, !c.image.endsWith(':latest') && c.image.contains(':'))
object.spec.containers.all(c, c.name == 'istio-proxy' || (has(c.securityContext) && has(c.securityContext.runAsNonRoot) && c.securityContext.runAsNonRoot))
object.spec.containers.all(c, c.securityContext.runAsNonRoot)
object.spec.containers[0].ports.exists(p, p.containerPort == 8080)
object.spec.containers[0].ports[0].containerPort + 1 == 8081
object.spec.containers[0].ports[0].containerPort + 1.0 == 8081.0
object.spec.containers[0].ports[0].containerPort > 80.5
type(object.spec.containers[0].ports[0].containerPort) == int
int('5') == 5 && string(5) == '5' && double('1.5') == 1.5
duration('1h').getMinutes() == 60
timestamp('2024-02-29T10:00:00Z').getFullYear() == 2024
timestamp('2024-02-29T10:00:00Z').getDayOfWeek() == 4
size(object.metadata.labels) == 2
'app' in object.metadata.labels
!('app' in object.metadata.labels) ? false : true
[1, 2][1] == 2
{'a': 1}.a == 1
{'a': {'b': [1]}}.a.b[0] == 1
1 / 0 == 1
9223372036854775807 + 1 > 0
1 == 1.0
dyn(1) == 1.0
'a' < 'b'
b'abc' == b'abc'
null == null
dyn(null) == 1
[1, 2] + [3] == [1, 2, 3]
object.spec.containers.map(c, c.name) + ['x'] == ['web', 'istio-proxy', 'x']
object.kind == 'Pod' && object.apiVersion == 'v1'
object.status == {}
has(object.status)
has(object.metadata.creationTimestamp)
object.spec.containers[0].env[0].value == '1'
has(object.spec.containers[0].env[0].valueFrom)
nope.x == 1
object.spec.containers.nope() == 1
object.spec.
'x' + 1 == 'x1'
request.foo == 'x'
quantity('1') == 1
[1, 'a'].size() == 2
true ? 1 : 'a'
'just text'
1
object.spec.containers
cel.bind(x, 1, x == 1)
math.greatest(1, 2) == 2
base64.encode(b'x') == 'eA=='
authorizer.group('').resource('pods').check('create').allowed()
authorizer.requestResource.check('create').allowed()
variables.x == 1
params.x == 1
object.spec.containers.all(c, c.image.contains('/') ? !c.image.endsWith('latest') : false)
quantity('1Ki').isInteger()
quantity('1.5k').asInteger() == 1500
url('https://example.com').getEscapedPath() == ''
url('HTTPS://EXAMPLE.com/A').getScheme() == 'https'
url('http://a.b/?q=1;2&z').getQuery() == {'z': ['']}
url('mailto:a@b').getEscapedPath() == ''
url('https://a.b/%zz').getHost() == 'a.b'
!format.uuid().validate('123e4567-e89b-12d3-a456-426614174000').hasValue()
cidr('2001:db8::/32').containsCIDR('2001:db8:1::/48')
cidr('2001:db8::/32').containsIP('10.0.0.1')
'abc'.matches('b')
'abc'.matches('^b')
object.spec.containers.map(c, c.image.split('/')[0]).distinct().sort() == ['docker.io', 'example.com']
{'a': 'b'}.transformMap(k, v, v + k) == {'a': 'ba'}
object.metadata.labels.transformMapEntry(k, v, {v: k}).size() == 2
object.spec.containers.sortBy(c, c.name)[0].name == 'istio-proxy'
[1, 2].first().value() == 1
""".strip("\n").split("\n")  # noqa: SIM905 - quotes of CEL need no escapes here

PARAM_KIND = {"apiVersion": "rules.example.com/v1", "kind": "Limits"}
IMAGES = "object.spec.containers + object.spec.?initContainers.orValue([])"
# Whole policies: the spec without matchConstraints.
POLICIES: list[Object] = [
    {
        "paramKind": PARAM_KIND,
        "variables": [
            {"name": "all", "expression": IMAGES},
            {
                "name": "bad",
                "expression": "variables.all.filter(c, !params.spec.registries.exists(r, "
                "c.image.startsWith(r))).map(c, c.image)",
            },
        ],
        "validations": [
            {"expression": "variables.bad.size() == 0"},
            {
                "expression": "variables.all.size() <= params.spec.most",
                "messageExpression": "'%d containers, at most %d'.format([variables.all.size(), "
                "params.spec.most])",
            },
        ],
    },
    {
        "variables": [
            {"name": "broken", "expression": "object.spec.nope.deeper"},
            {"name": "unused", "expression": "1 / 0"},
            {"name": "fine", "expression": "object.metadata.name"},
        ],
        "validations": [
            {"expression": "variables.fine == 'web'"},
            {"expression": "variables.fine == 'web' || variables.broken == 'x'"},
            {"expression": "variables.fine == 'x' && variables.broken == 'x'"},
            {"expression": "variables.broken == 'x'"},
        ],
    },
    {
        "failurePolicy": "Ignore",
        "validations": [
            {"expression": "object.spec.nope == 1"},
            {"expression": "false", "message": "  refused anyhow  "},
        ],
    },
    {
        "matchConditions": [
            {"name": "in-shop", "expression": "request.namespace == 'shop'"},
            {"name": "labelled", "expression": "'nope' in object.metadata.labels"},
        ],
        "validations": [{"expression": "false"}],
    },
    {
        "matchConditions": [
            {"name": "broken", "expression": "object.nope == 1"},
            {"name": "no", "expression": "false"},
        ],
        "validations": [{"expression": "false"}],
    },
    {
        "matchConditions": [{"name": "broken", "expression": "object.nope == 1"}],
        "validations": [{"expression": "true"}],
    },
    {
        "failurePolicy": "Ignore",
        "matchConditions": [{"name": "broken", "expression": "object.nope == 1"}],
        "validations": [{"expression": "false"}],
    },
    {
        "matchConditions": [{"name": "yes", "expression": "has(object.spec.containers)"}],
        "validations": [{"expression": "false", "messageExpression": "object.nope"}],
    },
    {
        "validations": [
            {"expression": "false", "messageExpression": "'two\\nlines'", "message": "one line"},
            {"expression": "false", "messageExpression": "'  '", "message": " stated "},
            {"expression": "false", "messageExpression": "'a' + 'b'", "message": "not this"},
            {"expression": " object.kind   ==\n 'Nope' "},
        ]
    },
    {
        "variables": [
            {"name": "env", "expression": "namespaceObject.metadata.labels[?'env'].orValue('')"},
            {"name": "is_prod", "expression": "variables.env == 'prod'"},
        ],
        "validations": [
            {
                "expression": "!variables.is_prod || object.spec.containers.all(c, "
                "has(c.resources.limits) && 'memory' in c.resources.limits)",
                "message": "state a memory limit",
            },
        ],
    },
    {
        "paramKind": PARAM_KIND,
        "validations": [
            {"expression": "params != null"},
            {"expression": "has(params.spec.most) && params.spec.most > 2"},
            {"expression": "params.spec.nope > 1"},
        ],
    },
    {
        "auditAnnotations": [{"key": "owner", "valueExpression": "'of ' + string(object.nope)"}],
        "validations": [{"expression": "true"}],
    },
    {
        "auditAnnotations": [
            {"key": "owner", "valueExpression": "'of ' + string(object.metadata.name)"}
        ],
        "validations": [{"expression": "true"}],
    },
    {
        "variables": [{"name": "allowed", "expression": "['runtime/default', 'docker/default']"}],
        "validations": [
            {"expression": "oldObject == null || object.spec == oldObject.spec"},
            {
                "expression": "object.metadata.annotations.all(k, !k.startsWith('seccomp') || "
                "object.metadata.annotations[k] in variables.allowed)"
            },
            {
                "expression": "object.spec.containers.all(c, !has(c.securityContext) || "
                "!has(c.securityContext.privileged) || !c.securityContext.privileged)"
            },
            {
                "expression": "object.spec.initContainers.all(c, !has(c.securityContext.capabilities"
                ".add) || c.securityContext.capabilities.add.all(a, a == 'NET_BIND_SERVICE'))",
                "messageExpression": "'capabilities of ' + object.spec.initContainers"
                ".map(c, c.name).join(', ')",
            },
        ],
    },
]
