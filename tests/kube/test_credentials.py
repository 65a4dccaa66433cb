"""What excerpts do not show: values of Secrets, and what looks like a credential. Each value here
is invented.
"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from krm_injector.kube import credentials, yaml
from krm_injector.kube.credential_lines import in_lines
from krm_injector.kube.credentials import in_unread, without_secrets
from krm_injector.kube.paths import Step
from krm_injector.model import ResourceRef, Result

SECRET: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "s", "annotations": {"last-applied": "data"}},
    "data": {"user": "bWU=", "password": "aGlkZQ=="},
    "stringData": {"url": "plain"},
}
POD = {
    "kind": "Pod",
    "spec": {
        "automountServiceAccountToken": False,
        "containers": [
            {
                "name": "web",
                "args": ["--token", "abcdef", "--port", "80"],
                "env": [
                    {"name": "DB_PASSWORD", "value": "hunter2"},
                    {"value": "hunter2", "name": "API_KEY"},
                    {"name": "LEVEL", "value": "debug"},
                    {"name": "REF_TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "t"}}},
                ],
            }
        ],
    },
}
ENV = ("spec", "containers", 0, "env")
ARGS = ("spec", "containers", 0, "args")


@pytest.mark.parametrize(
    ("value", "path", "line", "shown"),
    [
        (SECRET, ("data", "user"), "  user: bWU=", "  user: (hidden)"),
        (SECRET, ("stringData", "url"), "  url: |", "  url: (hidden)"),
        (SECRET, ("data",), "data:", "data:"),
        (SECRET, ("metadata", "name"), "  name: s", "  name: s"),
        (
            SECRET, ("metadata", "annotations", "last-applied"),
            "    last-applied: data", "    last-applied: (hidden)",
        ),
        (SECRET, ("data",), "data: {user: bWU=}", ""),
        (SECRET, (), '{"kind": "Secret", "data": {"user": "bWU="}}', ""),
        ({"kind": "List", "items": [SECRET]}, ("items", 0, "data", "user"), "u: b", "u: (hidden)"),
        (
            {"kind": "List", "items": [POD, SECRET]}, ("items", 0),
            '{"items":[{"kind":"Pod"},{"kind":"Secret","data":{"user":"bWU="}}]}', "",
        ),
        (
            {"kind": "SecretList", "items": [{"data": {"user": "bWU="}}]},
            ("items", 0, "data", "user"), "    user: bWU=", "    user: (hidden)",
        ),
        (POD, (*ENV, 0, "value"), "  value: hunter2", "  value: (hidden)"),
        (POD, (*ENV, 0), "- name: DB_PASSWORD", "- name: DB_PASSWORD"),
        (POD, (*ENV, 1), "- value: hunter2", "- value: (hidden)"),
        (POD, (*ENV, 2, "value"), "  value: debug", "  value: debug"),
        (POD, (*ENV, 3, "valueFrom"), "  valueFrom:", "  valueFrom:"),
        (POD, (*ARGS, 1), "  - abcdef", "  - (hidden)"),
        (SECRET, ("data", "list", 0), '  - "key: value"', "  - (hidden)"),
        (SECRET, ("data", "list", 0), "  - key:", "  - (hidden)"),
        (SECRET, ("data", "user"), '  "user" : bWU=', '  "user" : (hidden)'),
        (SECRET, ("data", 'o"d'), "  'o\"d': bWU=", "  (hidden)"),
        (POD, (*ARGS, 3), '  - "80"', '  - "80"'),
        (POD, ("spec", "automountServiceAccountToken"), "  automountServiceAccountToken: false",
         "  automountServiceAccountToken: false"),
    ],
)  # fmt: skip
def test_the_path_says_what_a_value_is(value: Any, path: Step, line: str, shown: str) -> None:
    assert without_secrets(line, value, path) == shown


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("password: hunter2", "password: (hidden)"),
        ('  "apiKey": "hunter2", "port": 80', '  "apiKey": (hidden), "port": 80'),
        ("- --password=hunter2 --port=80", "- --password=(hidden) --port=80"),
        ("args: [--token, hunter2, --port]", "args: [--token, (hidden), --port]"),
        ("env: [{name: A_TOKEN, value: hunter2}]", "env: [{name: A_TOKEN, value: (hidden)}]"),
        ("url: https://me:hunter2@db.example/x", "url: https://(hidden)@db.example/x"),
        ("header: Bearer hunter2", "header: Bearer (hidden)"),
        ("jwt: eyJhbGciOiJub25lIn0.eyJhIjoxfQ.x", "jwt: (hidden)"),
        ("id: AKIAEXAMPLEEXAMPLE12", "id: (hidden)"),
        ("key: -----BEGIN PRIVATE KEY-----", "key: (hidden)"),
        # No credentials.
        ("secretName: web-tls", "secretName: web-tls"),
        ("secret:", "secret:"),
        ("automountServiceAccountToken: false", "automountServiceAccountToken: false"),
        ("automountServiceAccountToken: off-now", "automountServiceAccountToken: off-now"),
        ("accountToken: hunter2", "accountToken: (hidden)"),
        ("serviceAccountToken: {path: token}", "serviceAccountToken: {path: token}"),
        ("image: registry.example/web:1", "image: registry.example/web:1"),
        ("sidecar.istio.io/proxyCPU: lots", "sidecar.istio.io/proxyCPU: lots"),
    ],
)
def test_a_line_by_itself(line: str, shown: str) -> None:
    assert without_secrets(line, {}, ()) == in_unread(line, line) == shown


def test_a_line_of_a_secret_that_cannot_be_read() -> None:
    document = "kind: Secret\ndata:\n  user: a: b"
    assert in_unread("  user: a: b", document) == "  user: (hidden)"
    assert in_unread("  user: a: b", "kind: ConfigMap\n") == "  user: a: b"


def test_no_line_of_a_secret_shows_a_value() -> None:
    for text in (yaml.dump(SECRET), yaml.to_json(SECRET), yaml.to_json(SECRET, "  ")):
        for line in text.splitlines():
            for path in ((), ("data",), ("data", "user"), ("stringData", "url")):
                shown = without_secrets(line, SECRET, path)
                assert not any(value in shown for value in ("bWU=", "aGlkZQ==", "plain")), line


@pytest.mark.parametrize("part", ["-", "-a", "eyJ-", 'token:"', "a://", '{"kind":', "--token "])
def test_a_long_line_takes_no_time(part: str) -> None:
    start = time.process_time()
    for line in (part * (10_000 // len(part)), part * 100_000):
        without_secrets(line, {}, ())
        in_unread(line, line)
    assert time.process_time() - start < 5


def test_names() -> None:
    assert all(map(credentials.is_credential_name, ("DB_PASSWORD", "apiKey", "client-secret")))
    assert not any(map(credentials.is_credential_name, ("secretName", "tokenPath", "image")))
    assert not credentials.is_credential_name("automountServiceAccountToken")


# ---------------------------------------------------------------- sentences and values


def _of_a_tab() -> str:
    with pytest.raises(yaml.YamlError) as caught:
        yaml.load("a:\n\tb: 1\n")
    return str(caught.value)


TAB = _of_a_tab()


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ('x: "token=hunter2" must be a number', 'x: "token=(hidden)" must be a number'),
        ("not string '--password hunter2'; write", "not string '--password (hidden)'; write"),
        ('{"name": "A_TOKEN", "value": "hunter2"} is', '{"name": "A_TOKEN", "value": (hidden)} is'),
        (r'"{\"apiKey\": \"hunter2\"}" is', r'"{\"apiKey\": (hidden)}" is'),
        ("password: hunter2 is no", "password: (hidden) is no"),
        ("{API_KEY: [hunter2]} is", "{API_KEY: (hidden)} is"),
        # The end of a path, and what follows is the sentence.
        ("spec.volumes[0].secret: Kubernetes wants", "spec.volumes[0].secret: Kubernetes wants"),
        ("imagePullSecrets: which were there", "imagePullSecrets: which were there"),
        ("its ServiceAccount token is short-lived", "its ServiceAccount token is short-lived"),
        (TAB, TAB),  # the parser's words about a text
    ],
)
def test_a_sentence(sentence: str, shown: str) -> None:
    assert credentials.in_sentence(sentence) == shown
    assert Result("error", sentence).message == shown


def test_a_result_of_a_credential_quotes_no_part_of_it() -> None:
    """Also where the sentence has cut it short, or has it as JSON."""
    long = 'hunter2 "and" more' * 20
    for field in (
        "data.password",
        "spec.env[DB_PASSWORD].value",
        'metadata.annotations["a/token"]',
    ):
        said = Result("error", f"{field} is {json.dumps(long)[:57]}...", None, field, long, "new")
        assert "hunter2" not in said.message and (said.current, said.proposed) == ("(hidden)", None)

    ref = ResourceRef("v1", "Secret", "login")
    said = Result("error", "it is hunter2", ref, "data.user", "hunter2")
    assert (said.message, said.current) == ("it is (hidden)", "(hidden)")
    plain = Result("error", "it is web", ref, "metadata.name", "web", "web-1")
    assert (plain.message, plain.current, plain.proposed) == ("it is web", "web", "web-1")


def test_an_object() -> None:
    """What holds nothing is the same object; what holds something keeps its form."""
    plain = {"kind": "Pod", "spec": {"containers": [{"args": ["--port", "80"]}]}}
    assert credentials.in_value(plain) is plain
    masked = credentials.in_value(POD)
    assert "hunter2" not in str(masked) and "abcdef" not in str(masked)
    assert masked["spec"]["containers"][0]["env"][2] == {"name": "LEVEL", "value": "debug"}
    assert masked["spec"]["automountServiceAccountToken"] is False
    assert credentials.in_value(SECRET) == {
        **SECRET,
        "metadata": {"name": "s", "annotations": {"last-applied": "(hidden)"}},
        "data": {"user": "(hidden)", "password": "(hidden)"},
        "stringData": {"url": "(hidden)"},
    }


# ---------------------------------------------------------------- whole texts

TEXT = """\
apiVersion: v1
kind: Secret
metadata:
  name: login
  annotations:
    name: hunter2
data:
  name: hunter2
  kind: hunter2
---
spec:
  containers:
  - name: web
    image: web:1
    env:
    - name: DB_PASSWORD
      value: |
        hunter2
        hunter2: x

    - name: LEVEL
      value: debug
    - {name: A_TOKEN, value: hunter2}
    args: [--port, "80", --token, hunter2]
    key: |
      -----BEGIN PRIVATE KEY-----
      hunter2
      -----END PRIVATE KEY-----
    after: shown
    applied: '{"env": [{"name": "DB_PASSWORD",
      "value": "hunter2"}], "b": 1}'
    volumes:
    - secret:
        secretName: login
    - serviceAccountToken: {path: token}
    automountServiceAccountToken: false
"""


def test_the_lines_of_a_text() -> None:
    lines = TEXT.splitlines(keepends=True)
    shown = in_lines(lines)
    assert "hunter2" not in "".join(shown) and len(shown) == len(lines)
    kept = [line for line, before in zip(shown, lines, strict=True) if line == before]
    assert len(kept) == len(lines) - 12
    for line in (
        "  name: login\n",
        "      value: debug\n",
        "    after: shown\n",
        "    image: web:1\n",
    ):
        assert line in kept
    assert in_lines(["a: b\n", "c"]) == ["a: b\n", "c"]


@pytest.mark.parametrize("part", ['a: "', "token: '\\\\", "- password: |\n  x\n", '"token",\n'])
def test_a_long_text_takes_no_time(part: str) -> None:
    start = time.process_time()
    in_lines((part * (200_000 // len(part))).splitlines(keepends=True))
    credentials.in_sentence(part * 2000)
    assert time.process_time() - start < 5
