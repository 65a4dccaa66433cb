"""Labels, annotations and names that a template prints into YAML: what each becomes is told, unless
it stays the one scalar that it was meant to be.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from builders import SHOP, bundle, control_plane, deployment, settings, workload

from krm_injector import pipeline
from krm_injector.kube.twins import Replacements
from krm_injector.model import Result

CODE = "untrusted-text"
KEY = "example.com/text"
READ = f'index .ObjectMeta.Annotations "{KEY}"'
FIELD = f'spec.template.metadata.annotations["{KEY}"]'


def mesh(line: str, version: str = "1.30.3") -> list[Any]:
    """A control plane whose template has this line in its proxy."""
    return control_plane(
        f"spec:\n  containers:\n  - name: istio-proxy\n    image: x\n{line}\n", version=version
    )


def run(line: str, text: str, action: str = "inject", **spec: Any) -> pipeline.Outcome:
    objects = bundle(*mesh(line), SHOP, deployment(annotations={KEY: text}))
    return pipeline.ACTIONS[action](objects, settings(**spec))


def told(outcome: pipeline.Outcome) -> list[Result]:
    return [result for result in outcome.results if result.code == CODE]


BARE = f"    args:\n    - --log={{{{ {READ} }}}}"
QUOTED = f'    args:\n    - "{{{{ {READ} }}}}"'
FUNCTION = f"    args:\n    - {{{{ {READ} | quote }}}}"
BLOCK = f"    env:\n    - name: A\n      value: |\n        {{{{ {READ} | indent 8 }}}}"
JSON = "    env:\n    - name: A\n      value: |\n        {{ toJson .ObjectMeta.Annotations }}"
SINGLE = f"    args:\n    - '{{{{ toJson (dict \"a\" ({READ})) }}}}'"
COMMENT = f"    # for {{{{ {READ} }}}}\n    args: [a]"
FLOW = f"    args: [{{{{ {READ} }}}}]"
SPLIT = (
    f'    args:\n    {{{{- range splitList "," ({READ}) }}}}\n    - {{{{ . }}}}\n    {{{{- end }}}}'
)
STRUCTURE = (
    f"    volumeMounts:\n    {{{{- range $name, $value := fromJSON ({READ}) }}}}\n"
    '    - name: "{{ $name }}"\n      {{ toYaml $value | indent 6 }}\n    {{- end }}'
)
NULL = f"    env:\n    - name: A\n      value: {{{{ {READ} }}}}"
TRIMMED = f"    args:\n    - {{{{ {READ} | trunc 5 }}}}"
FORMATTED = f'    args:\n    - {{{{ printf "--log=%q" ({READ}) }}}}'


@pytest.mark.parametrize(
    ("line", "text", "became"),
    [
        (BARE, "info #x", 'args[0] is "--log=info" in place of "--log=info #x"'),
        (BARE, "info: x", 'args[0] is {"--log=info":"x"}'),
        (BARE, "info:", 'args[0] is {"--log=info":null}'),
        (BARE, "info\n# x", 'args[0] is "--log=info"'),
        (BARE, "info\n      more", 'args[0] is "--log=info more"'),
        (BARE, "info\n    - more", 'args has "--log=info", "more" in place of "--log=info\\n'),
        (BARE, "info\n    tty: false", "tty came to it, with false"),
        (BARE, "info\n---\na: b", 'args[0] is "--log=info"'),
        (QUOTED, 'a" #', 'args[0] is "a" in place of "a\\" #"'),
        (QUOTED, 'a"b', "Istio can no longer read what the template gives"),
        (QUOTED, r"a\tb", r'args[0] is "a\tb" in place of "a\\tb"'),
        (QUOTED, "a\nb", 'args[0] is "a b" in place of "a\\nb"'),
        (SINGLE, "it's", "Istio can no longer read"),
        (COMMENT, "x\n    tty: false", "tty came to it, with false"),
        (FLOW, "a: b", 'args[0] is {"a":"b"} in place of "a: b"'),
        (FLOW, "a] #", 'args[0] is "a"'),
        (SPLIT, "a,b #c", 'args[1] is "b" in place of "b #c"'),
        (STRUCTURE, '{"a\\" #": {"mountPath": "/a"}}', 'name is "a" in place of "a\\" #"'),
        (NULL, "null", 'env[A].value is null in place of "null"'),
        (NULL, "~", 'env[A].value is null in place of "~"'),
        (NULL, "[a]", 'env[A].value is ["a"] in place of "[a]"'),
        (NULL, "&a b", 'env[A].value is "b" in place of "&a b"'),
        (NULL, "!!str b", 'env[A].value is "b" in place of "!!str b"'),
    ],
)
def test_what_it_became_is_an_error(line: str, text: str, became: str) -> None:
    (result,) = told(run(line, text))
    assert result.severity == "error"
    assert (result.field, result.current) == (FIELD, text)
    assert str(result.resource) == "Deployment shop/web"
    assert became in result.message


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (BARE, "misc:error,http:debug"),
        (BARE, 'it\'s "so" [a] {b}, c'),
        (BARE, "a#b"),
        (BARE, "info\n"),  # white space at the ends is not kept, and hides nothing
        (BARE, "&a *b !c"),
        (BARE, "été"),
        (QUOTED, "a: b #c"),
        (QUOTED, "*"),
        (QUOTED, "[a, {b}]"),
        (FUNCTION, 'a: "b" #c\n\\d\t\x85'),
        (BLOCK, "a: b #c\n  d\ne"),
        (JSON, 'a: "b" #c\n\\d <e>'),
        (SINGLE, 'a: "b" #c\n\\d'),
        (COMMENT, "a: b"),
        (FLOW, "a, b,c"),  # brackets around a text: a list is what was meant
        (SPLIT, "a b,c"),
        (STRUCTURE, '{"a": {"mountPath": "x: y #z", "subPath": "null"}}'),
        (NULL, "nullable"),
        (TRIMMED, "abcde #x"),  # a template that cuts by itself
        (FORMATTED, "a b"),
    ],
)
def test_what_stays_one_text_is_none(line: str, text: str) -> None:
    outcome = run(line, text)
    assert not [result for result in outcome.results if result.severity == "error"]
    assert 3 in outcome.replacements


@pytest.mark.parametrize("action", ["inject", "verify", "check"])
def test_it_holds_for_every_action_and_injects_nothing(action: str) -> None:
    outcome = run(BARE, "info #x", action)
    assert [result.severity for result in told(outcome)] == ["error"]
    assert 3 not in outcome.replacements


@pytest.mark.parametrize(("severity", "count"), [("warning", 1), ("info", 1), ("off", 0)])
def test_severities_let_it_pass(severity: str, count: int) -> None:
    outcome = run(BARE, "info #x", severities={CODE: severity})
    assert [result.severity for result in told(outcome)] == [severity] * count
    injected = outcome.replacements[3]["spec"]["template"]["spec"]["containers"]
    assert injected[-1]["args"] == ["--log=info"]


def test_the_policy_silences_and_the_workload_itself_cannot() -> None:
    assert not told(run(BARE, "info #x", silence=[{"code": CODE, "name": "web"}]))
    web = deployment(annotations={KEY: "info #x"})
    web["metadata"]["annotations"] = {"krm-injector.dev/silence": CODE}
    outcome = pipeline.run(bundle(*mesh(BARE), SHOP, web), settings())
    assert len(told(outcome)) == 1


def test_it_takes_the_place_of_its_effect_and_of_nothing_else() -> None:
    both = {KEY: "info: x", "sidecar.istio.io/interceptionMode": "none #"}
    outcome = pipeline.run(bundle(*mesh(BARE), SHOP, deployment(annotations=both)), settings())
    assert [result.code for result in outcome.results if result.severity == "error"] == [
        "annotation-invalid",
        CODE,
    ]
    (result,) = [r for r in run(BARE, "info: x").results if r.severity == "error"]
    assert result.code == CODE
    (result,) = [r for r in run(NULL, "5").results if r.severity == "error"]
    assert result.code == "template-unusable"  # a scalar of the wrong type is no other text


def test_a_pod_that_is_refused_before_it_is_rendered_is_refused_for_that() -> None:
    web = deployment(annotations={KEY: "a #b", "proxy.istio.io/overrides": ""})
    outcome = pipeline.run(bundle(*mesh(BARE), SHOP, web), settings())
    assert [result.code for result in outcome.results if result.severity == "error"] == [
        "annotation-invalid"
    ]


def test_each_text_answers_for_itself() -> None:
    line = (
        '    args:\n    - {{ index .ObjectMeta.Annotations "a" }}\n'
        '    - {{ index .ObjectMeta.Annotations "b" }}\n    - {{ index .ObjectMeta.Labels "c" }}'
    )
    web = deployment(annotations={"a": "x\n    - y", "b": "x y"}, labels={"c": "x #y"})
    results = told(pipeline.run(bundle(*mesh(line), SHOP, web), settings()))
    assert [result.field for result in results] == [
        'spec.template.metadata.labels["c"]',
        'spec.template.metadata.annotations["a"]',
    ]


def test_names_are_texts_too() -> None:
    line = "    args:\n    - {{ .DeploymentMeta.Name }}\n    {{- range .Spec.Containers }}\n"
    line += "    - {{ .Name }}\n    {{- end }}"
    web = deployment("web #1", container={"name": "app #2"})
    results = told(pipeline.run(bundle(*mesh(line), SHOP, web), settings()))
    assert [result.field for result in results] == [
        "metadata.name",
        "spec.template.spec.containers[0].name",
    ]


def test_texts_of_the_proxys_configuration_are_followed() -> None:
    line = "    env:\n    {{- range $k, $v := .ProxyConfig.ProxyMetadata }}\n    - name: {{ $k }}\n"
    line += '      value: "{{ $v }}"\n    {{- end }}'
    config = "proxy.istio.io/config"
    for text, count in (("A: 'x\" #'", 1), ("A: 'x: y #'", 0)):
        web = deployment(annotations={config: "proxyMetadata:\n  " + text})
        results = told(pipeline.run(bundle(*mesh(line), SHOP, web), settings()))
        fields = [f'spec.template.metadata.annotations["{config}"]'] * count
        assert [result.field for result in results] == fields


PROXY_JSON = (
    "    env:\n    - name: PROXY_CONFIG\n      value: |\n        {{ protoToJSON .ProxyConfig }}"
)


@pytest.mark.parametrize(
    "text",
    ["a&b", "<a>", 'a"b', "a\\b", "a\\.b", "a\tb", "-----BEGIN\nx: y #z\n-----END\n", "a\u2028b"],
)
def test_a_struct_that_is_written_as_json_keeps_its_texts_whole(text: str) -> None:
    """JSON escapes what the texts hold, and reads it back: one text each, as meant."""
    stated = [
        {"proxyMetadata": {"A": text}},
        {"caCertificatesPem": [text]},
        {"proxyStatsMatcher": {"inclusionRegexps": [text]}},
    ]
    webs = [
        deployment(f"web-{number}", annotations={"proxy.istio.io/config": json.dumps(one)})
        for number, one in enumerate(stated)
    ]
    for objects in (mesh(PROXY_JSON), []):
        outcome = pipeline.run(bundle(*objects, SHOP, *webs), settings(mesh={"version": "1.30.3"}))
        found = [(result.resource, result.field) for result in told(outcome)]
        # The profile prints proxyMetadata as variables too, between quotes without escapes.
        assert [one for one in found if objects or (one[0] and one[0].name != "web-0")] == []


@pytest.mark.parametrize(("text", "count"), [("./etc/istio/proxy", 0), ("./x'", 1)])
def test_defaults_that_proxy_config_leaves_out_are_no_texts_of_the_users(
    text: str, count: int
) -> None:
    """protoToJSON compares configPath with its default, so the default is not made neutral."""
    line = "    env:\n    - name: PROXY_CONFIG\n      value: '{{ protoToJSON .ProxyConfig }}'"
    web = deployment(annotations={"proxy.istio.io/config": f'configPath: "{text}"'})
    assert len(told(pipeline.run(bundle(*mesh(line), SHOP, web), settings()))) == count


def test_manual_injection_reads_the_workloads_own_metadata() -> None:
    line = '    args:\n    - {{ index .DeploymentMeta.Labels "c" }}'
    web = deployment()
    web["metadata"]["labels"] = {"c": "x #y"}
    objects = bundle(*mesh(line, version="1.20.8"), SHOP, web)
    (result,) = told(pipeline.run(objects, settings(method="manual")))
    assert result.field == 'metadata.labels["c"]'
    assert not told(pipeline.run(objects, settings()))[1:]


def test_the_oldest_templates_are_followed() -> None:
    template = f"containers:\n- name: istio-proxy\n  image: x\n  args:\n  - {{{{ {READ} }}}}\n"
    injector = control_plane(version="1.5.10")
    for value in injector:
        if "config" in value["data"]:
            value["data"]["config"] = json.dumps({"policy": "enabled", "template": template})
    for text, count in (("info #x", 1), ("info,x", 0)):
        web = deployment(annotations={KEY: text})
        outcome = pipeline.run(bundle(*injector, SHOP, web), settings(mesh={"version": "1.5.10"}))
        assert [result.field for result in told(outcome)] == [FIELD] * count
        assert (3 in outcome.replacements) is not bool(count)


def test_workloads_of_a_shape_are_asked_once_and_each_is_told() -> None:
    names = [f"web-{letter}" for letter in "abcdefghijkl"]
    webs = [deployment(name, annotations={KEY: "a b"}) for name in names]
    outcome = pipeline.run(bundle(*mesh(BARE), SHOP, *webs), settings())
    assert isinstance(outcome.replacements, Replacements)
    assert any(outcome.replacements.twin(index) for index in outcome.replacements)
    assert not told(outcome)

    webs = [deployment(name, annotations={KEY: "a #b"}) for name in names]
    for severity in ("error", "warning"):
        spec = {"severities": {CODE: severity}}
        outcome = pipeline.run(bundle(*mesh(BARE), SHOP, *webs), settings(**spec))
        assert [result.resource.name for result in told(outcome) if result.resource] == names


def test_letters_of_the_users_own_are_no_tokens() -> None:
    letters = "".join(map(chr, range(0x20000, 0x20004)))
    assert not told(run(QUOTED, f"a: {letters} #b"))
    line = f"    args:\n    - {{{{ (index .Spec.Containers 0).Image }}}}\n    - {{{{ {READ} }}}}"
    for text, count in ((f"{letters} #b", 1), (f"{letters} b, c", 0)):
        web = deployment(container={"image": letters}, annotations={KEY: text})
        assert len(told(pipeline.run(bundle(*mesh(line), SHOP, web), settings()))) == count


def test_a_job_of_a_cron_job_and_a_pod_have_their_fields() -> None:
    for kind, field in (
        ("CronJob", f'spec.jobTemplate.spec.template.metadata.annotations["{KEY}"]'),
        ("Pod", f'metadata.annotations["{KEY}"]'),
    ):
        template = {
            "metadata": {"annotations": {KEY: "a #b"}},
            "spec": {"containers": [{"name": "web", "image": "web:1"}]},
        }
        value = workload(kind, template)
        (result,) = told(pipeline.run(bundle(*mesh(BARE), SHOP, value), settings()))
        assert result.field == field


def test_a_text_that_nothing_can_be_read_with_hides_no_other() -> None:
    names = ("sidecar.istio.io/logLevel", "sidecar.istio.io/bootstrapOverride")
    web = deployment(annotations=dict(zip(names, ("debug #x", "a: b"), strict=True)))
    outcome = pipeline.run(bundle(SHOP, web), settings(mesh={"version": "1.30.3"}))
    assert [result.field for result in told(outcome)] == [
        f'spec.template.metadata.annotations["{name}"]' for name in names
    ]

    line = BARE + '\n    - "{{ index .ObjectMeta.Annotations "b" }}"'
    web = deployment(annotations={KEY: "info #x", "b": 'a"b'})
    results = told(pipeline.run(bundle(*mesh(line), SHOP, web), settings()))
    assert [result.current for result in results] == ["info #x", 'a"b']
    assert 'args[0] is "--log=info"' in results[0].message
