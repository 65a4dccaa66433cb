"""The program as others call it: argv and streams in, streams and an exit status out."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from command import KRM_INJECTOR, krm

from krm_injector import __version__
from krm_injector.cli import options, streams
from krm_injector.cli.request import Answer, Arguments, Request

ENABLED = (
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n"
)
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web   # the application
        image: registry.example/web:1
"""
SERVICE = """\
# kept as it is
apiVersion: v1
kind: Service
metadata: {name: web,   namespace: shop}
spec: {ports: [{port: 80}]}
"""
BUNDLE = f"{ENABLED}---\n{SERVICE}---\n{DEPLOYMENT}"


def resource_list(text: str, **more: object) -> str:
    items = [document for document in yaml.safe_load_all(text) if document]
    return yaml.safe_dump(
        {"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": items, **more},
        sort_keys=False,
    )


def config(**spec: object) -> dict[str, object]:
    kind = {
        "apiVersion": "krm-injector.dev/v1alpha1",
        "kind": "SidecarInjection",
        "metadata": {"name": "istio"},
    }
    return {**kind, "spec": spec}


def containers(deployment: Any) -> list[str]:
    pod = deployment["spec"]["template"]["spec"]
    return [container["name"] for container in [*pod["containers"], *pod.get("initContainers", [])]]


# ---------------------------------------------------------------- the function


def test_function_injects_and_reports() -> None:
    done = krm(stdin=resource_list(BUNDLE))
    assert done.returncode == 0, done.stderr
    answer = yaml.safe_load(done.stdout)
    assert answer["kind"] == "ResourceList"
    assert "istio-proxy" in containers(answer["items"][2])
    assert {result["severity"] for result in answer["results"]} == {"info"}
    assert b"info: " in done.stderr  # kustomize shows no results, so people see them here


def test_function_gives_the_items_back_when_it_refuses() -> None:
    given = resource_list(BUNDLE, functionConfig=config(methd="manual"))
    done = krm(stdin=given)
    assert done.returncode == 1
    answer = yaml.safe_load(done.stdout)
    assert answer["items"] == yaml.safe_load(given)["items"]
    assert [result["field"]["path"] for result in answer["results"]] == ["spec.methd"]
    assert b"did you mean method?" in done.stderr


def test_function_gives_the_items_back_where_a_workload_cannot_be_injected() -> None:
    bad = DEPLOYMENT.replace(
        "metadata: {labels: {app: web}}",
        (
            "metadata: {annotations: {sidecar.istio.io/inject: 'true', "
            "status.sidecar.istio.io/port: "
            "no port}}"
        ),
    )
    given = resource_list(
        f"{ENABLED}---\n{bad}---\n{DEPLOYMENT.replace('name: web,', 'name: web2,')}"
    )
    done = krm(stdin=given)
    assert done.returncode == 1
    answer = yaml.safe_load(done.stdout)
    assert answer["items"] == yaml.safe_load(given)["items"], (
        "the other workload must not be injected either"
    )
    assert "error" in {result["severity"] for result in answer["results"]}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"a: [",
        b"\xff\xfe\x00",
        b"kind: Deployment\n",
        b"apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: [1]\n",
    ],
)
def test_unreadable_input_leaves_stdout_empty(data: bytes) -> None:
    done = krm(stdin=data)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"error: ")
    assert b"Traceback" not in done.stderr


def test_the_function_takes_options(tmp_path: Path) -> None:
    """kpt (exec) and kustomize (args) can hand them over."""
    plain = resource_list(DEPLOYMENT)
    assert krm(stdin=plain).returncode == 1  # nothing is known of Namespace shop
    done = krm("--method", "manual", stdin=plain)
    assert done.returncode == 0
    assert "istio-proxy" in containers(yaml.safe_load(done.stdout)["items"][0])


# ---------------------------------------------------------------- inject, build, explain


def test_inject_reads_stdin_and_keeps_the_bytes_of_what_it_leaves_alone() -> None:
    done = krm("inject", stdin=BUNDLE)
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode()
    assert text.startswith(f"{ENABLED}---\n{SERVICE}---\n")
    assert "istio-proxy" in text


def test_inject_again_changes_nothing() -> None:
    once = krm("inject", stdin=BUNDLE).stdout
    assert once != BUNDLE.encode()
    assert krm("inject", stdin=once).stdout == once


def test_inject_reads_files_and_directories_in_order(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "service.yml").write_text(SERVICE)
    (tmp_path / "a.yaml").write_text(ENABLED)
    (tmp_path / "c.json").write_text(json.dumps(yaml.safe_load(DEPLOYMENT)))
    (tmp_path / "notes.txt").write_text("no manifest")
    done = krm("inject", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().startswith(f"{ENABLED}---\n{SERVICE}---\n")
    assert [document["kind"] for document in yaml.safe_load_all(done.stdout)] == [
        "Namespace",
        "Service",
        "Deployment",
    ]
    assert "istio-proxy" in done.stdout.decode()


def test_json_in_json_out() -> None:
    given = json.dumps(yaml.safe_load(DEPLOYMENT), indent=2)
    done = krm("inject", "--method", "manual", stdin=given)
    assert "istio-proxy" in containers(json.loads(done.stdout))


def test_build_leaves_local_config_out(tmp_path: Path) -> None:
    namespace = ENABLED.replace(
        "{name: shop,", "{name: shop, annotations: {config.kubernetes.io/local-config: 'true'},"
    )
    (tmp_path / "all.yaml").write_text(f"{namespace}---\n{DEPLOYMENT}")
    done = krm("build", str(tmp_path))
    assert done.returncode == 0, done.stderr
    documents = [document for document in yaml.safe_load_all(done.stdout) if document]
    assert [document["kind"] for document in documents] == ["Deployment"]
    assert "istio-proxy" in containers(documents[0]), "the Namespace still counts"
    (tmp_path / "all.yaml").write_text(namespace)
    done = krm("build", str(tmp_path))
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"nothing is left to apply" in done.stderr


def test_build_is_of_this_directory_by_default(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(BUNDLE)
    done = krm("build", cwd=tmp_path)
    assert done.stdout == krm("inject", stdin=BUNDLE).stdout


def test_explain_tells_one_line_per_workload() -> None:
    done = krm("explain", stdin=BUNDLE)
    assert done.returncode == 0, done.stderr
    head, line, empty, totals, _ = done.stdout.decode().splitlines()
    assert (empty, totals.partition(":")[0]) == ("", "1 workload")
    assert head.split() == ["KIND", "NAMESPACE/NAME", "INJECTED", "READY", "REVISION", "RULE"]
    assert line.split()[:6] == ["Deployment", "shop/web", "yes", "1/1", "->", "2/2"]


def test_explain_as_json_yaml_and_markdown() -> None:
    answer = json.loads(krm("explain", "--output", "json", stdin=BUNDLE).stdout)
    assert yaml.safe_load(krm("explain", "-o", "yaml", stdin=BUNDLE).stdout) == answer
    (workload,) = answer["workloads"]
    assert (workload["namespace"], workload["name"], workload["injected"]) == ("shop", "web", True)
    assert workload["containers"] == [1, 2]
    assert "/" in workload["webhooks"][0]
    assert krm("explain", "--output=markdown", stdin=BUNDLE).stdout.startswith(b"| KIND |")


# ---------------------------------------------------------------- options


def test_options_override_the_function_config(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(config(method="automatic", namespaces=[{"name": "shop"}])))
    assert krm("inject", "--config", str(file), stdin=DEPLOYMENT).stdout == DEPLOYMENT.encode()
    assert (
        b"istio-proxy"
        in krm("inject", "--config", str(file), "--method=manual", stdin=DEPLOYMENT).stdout
    )


def test_namespace_is_that_of_manifests_that_name_none() -> None:
    nameless = DEPLOYMENT.replace(", namespace: shop", "")
    done = krm("explain", "-n", "shop", stdin=f"{ENABLED}---\n{nameless}")
    assert b"shop/web" in done.stdout
    assert b" yes " in done.stdout


def test_mesh_file_is_read(tmp_path: Path) -> None:
    """A mesh of its own: one template that adds one container, in two documents of one file."""
    sidecar = "spec:\n  containers:\n  - name: istio-proxy\n    image: own\n"
    template = json.dumps(
        {"policy": "enabled", "defaultTemplates": ["sidecar"], "templates": {"sidecar": sidecar}}
    )
    name = {"name": "istio-sidecar-injector", "namespace": "istio-system"}
    injector = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": name,
        "data": {"config": template, "values": "{}"},
    }
    mesh = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {**name, "name": "istio"},
        "data": {"mesh": ""},
    }
    (tmp_path / "mesh.yaml").write_text(yaml.safe_dump_all([injector, mesh]))
    done = krm("inject", "--mesh", str(tmp_path / "mesh.yaml"), stdin=BUNDLE)
    assert done.returncode == 0, done.stderr
    assert "image: own" in done.stdout.decode()
    # The functionConfig's spec.mesh.file counts from the functionConfig.
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config(mesh={"file": "mesh.yaml"})))
    assert (
        krm("inject", "--config", str(tmp_path / "config.yaml"), stdin=BUNDLE).stdout == done.stdout
    )
    # A function reads it from where it runs.
    function = resource_list(
        BUNDLE, functionConfig=config(mesh={"file": str(tmp_path / "mesh.yaml")})
    )
    assert b"image: own" in krm(stdin=function).stdout


def test_a_missing_mesh_file_is_an_error(tmp_path: Path) -> None:
    done = krm(stdin=resource_list(BUNDLE, functionConfig=config(mesh={"file": "nowhere.yaml"})))
    assert done.returncode == 1
    assert b"nowhere.yaml" in done.stderr
    assert yaml.safe_load(done.stdout)["items"]


def test_results_go_to_a_file(tmp_path: Path) -> None:
    krm("inject", "--results", str(tmp_path / "r.yaml"), stdin=BUNDLE)
    written = yaml.safe_load((tmp_path / "r.yaml").read_text())
    assert (written["kind"], written["exitCode"]) == ("FunctionResultList", 0)
    assert written["items"][0]["results"][0]["severity"] == "info"
    krm("inject", "--results", str(tmp_path / "r.json"), stdin=DEPLOYMENT)
    assert json.loads((tmp_path / "r.json").read_text())["exitCode"] == 1
    done = krm("inject", "--results", str(tmp_path / "no" / "r.json"), stdin=BUNDLE)
    assert (done.returncode, done.stdout) == (1, b"")


def test_quiet_leaves_errors_only() -> None:
    assert krm("inject", stdin=BUNDLE).stderr
    assert not krm("inject", "--quiet", stdin=BUNDLE).stderr
    assert krm("inject", "--quiet", stdin=DEPLOYMENT).stderr.startswith(b"error: ")


# ---------------------------------------------------------------- wrong usage


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["injct"], "did you mean inject?"),
        (["kube-inject", "-f", "x"], "did you mean inject?"),
        (["plan"], "did you mean fleet plan?"),
        (["frobnicate"], "there is no command 'frobnicate'"),
        (["inject", "--confg", "x"], "did you mean --config?"),
        (["inject", "--kustomize", "x"], "has no option --kustomize"),
        (["inject", "--config"], "--config needs a value"),
        (["inject", "--config="], "--config needs a value"),
        (["inject", "--quiet=yes"], "takes no value"),
        (["inject", "--method", "magic"], "automatic, manual"),
        (["explain", "--output", "pdf"], "--output is one of"),
        (["inject", "--mesh-version", "newest"], "--mesh-version takes Istio's version"),
        (["explain", "--mesh-version", "1.29,1.30"], "several are for --truth-table"),
        (["inject", "-", "-"], "only once"),
        (["inject", "--config", "a", "--config=b"], "--config is given twice: 'a' and 'b'"),
        (["inject", "-n", "a", "--namespace", "b"], "--namespace is given twice: 'a' and 'b'"),
        (
            ["inject", "--revision", "a", "--revision", "a"],
            "--revision is given twice: 'a' and 'a'",
        ),
        (["diff", "--from", "a", "--from", "b"], "--from is given twice"),
        (["explain", "--output", "json", "-o", "yaml"], "--output is given twice"),
        (["inject", "--namespace", "A B"], "--namespace takes a Namespace's name"),
        (["inject", "--namespace", "-shop"], "--namespace takes a Namespace's name"),
        (["inject", "--revision", "1/30"], "--revision takes the name of a revision"),
        (["inject", "--mesh-version", "2.0"], "--mesh-version takes Istio's version"),
        (
            ["explain", "--truth-table", "--mesh", "m", "--context", "c"],
            "leave --mesh and --context out",
        ),
        (["diff", "--from", "a", "--to", "b", "--mesh", "c"], "leave --mesh out"),
        (
            ["diff", "--from", "a", "--output", "strategic"],
            "with --from --output is json or left out",
        ),
        (["init", "pre-commit", "--image", "x"], "leave --image out"),
        (["build", "a", "b"], "one path too many"),
        (["--quiet", "inject"], "options follow the command"),
        (["web.yaml"], "krm-injector inject web.yaml"),
        (["deploy/"], "krm-injector inject deploy/"),
        (["--verison"], "did you mean --version?"),
        (["inject", "--bogus"], "inject has no option --bogus; known: --config,"),
    ],
)
def test_wrong_usage_exits_with_2_and_says_what_is_wrong(words: list[str], message: str) -> None:
    done = krm(*words)
    assert (done.returncode, done.stdout) == (2, b"")
    assert message in done.stderr.decode()


def test_every_command_has_help() -> None:
    assert krm("--version").stdout.decode() == f"krm-injector {__version__}\n"
    for name, command in options.COMMANDS.items():
        done = krm(*filter(None, [name]), "--help")
        assert done.returncode == 0
        assert all(option in done.stdout.decode() for option in command.options)
        assert all(len(line) <= 80 for line in done.stdout.decode().splitlines())


def test_a_terminal_on_stdin_gets_the_help() -> None:
    leader, follower = pty.openpty()
    try:
        command = [*KRM_INJECTOR]
        done = subprocess.run(command, stdin=follower, capture_output=True, timeout=30, check=False)
        assert done.returncode == 0
        assert b"usage: krm-injector COMMAND" in done.stdout
        done = subprocess.run(
            [*command, "inject"], stdin=follower, capture_output=True, timeout=30, check=False
        )
        assert done.returncode == 2
    finally:
        os.close(leader)
        os.close(follower)


# ---------------------------------------------------------------- the ends of a process


def test_a_reader_that_goes_away_causes_no_noise() -> None:
    command = [*KRM_INJECTOR, "inject", "--quiet", "-"]
    many = "---\n".join(
        [ENABLED, *[DEPLOYMENT.replace("name: web,", f"name: web{n},") for n in range(30)]]
    )
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdin and child.stdout and child.stderr
    child.stdout.close()
    child.stdin.write(many.encode())
    child.stdin.close()
    assert child.stderr.read() == b""
    child.stderr.close()
    assert child.wait(30) != 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_without_a_traceback(number: signal.Signals) -> None:
    command = [*KRM_INJECTOR]
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    time.sleep(0.5)  # by now it waits for stdin
    child.send_signal(number)
    out, err = child.communicate(timeout=30)
    assert (out, err) == (b"", b"")
    assert child.returncode == -number


def test_a_full_disk_is_an_error() -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    with open("/dev/full", "wb") as full:
        command = [*KRM_INJECTOR, "inject"]
        done = subprocess.run(
            command, input=BUNDLE.encode(), stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 1
    assert b"stdout cannot be written" in done.stderr
    assert b"Traceback" not in done.stderr


def test_an_unexpected_exception_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from krm_injector.cli import program
    from krm_injector.cli.commands import inject

    def broken(_: Request) -> Answer:
        raise ZeroDivisionError("a fault\nof ours")

    monkeypatch.delenv("KRM_INJECTOR_DEBUG", raising=False)
    monkeypatch.setattr(inject, "run", broken)
    assert program.run(["inject", "x"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith("internal error: ZeroDivisionError at cli/program.py:")
    assert line.endswith("KRM_INJECTOR_DEBUG=1 shows more, which may quote the input)")
    assert "a fault" not in line


def test_colours_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert streams.colour(Arguments(), sys.stderr)
    assert not streams.colour(Arguments(no_color=True), sys.stderr)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not streams.colour(Arguments(), sys.stderr)


# ---------------------------------------------------------------- explain, in all it reads


def test_explain_of_a_resource_list_takes_its_function_config_and_names_its_files() -> None:
    given = yaml.safe_load(
        resource_list(DEPLOYMENT, functionConfig=config(namespaces=[{"name": "shop"}]))
    )
    given["items"][0]["metadata"]["annotations"] = {
        "internal.config.kubernetes.io/path": "base/web.yaml",
        "internal.config.kubernetes.io/index": "2",
    }
    done = krm("explain", "-o", "json", stdin=yaml.safe_dump(given))
    assert done.returncode == 0, done.stderr
    (workload,) = json.loads(done.stdout)["workloads"]
    assert (workload["injected"], workload["file"], workload["document"]) == (
        False,
        "base/web.yaml",
        2,
    )
    assert "line" not in workload


def test_explain_says_where_things_are_written(tmp_path: Path) -> None:
    more = "{app: web,\n      sidecar.istio.io/inject: 'false'}}\n    spec"
    quiet = DEPLOYMENT.replace("{app: web}}\n    spec", more)
    (tmp_path / "all.yaml").write_text(f"{ENABLED}---\n{quiet}")
    done = krm("explain", "-o", "json", str(tmp_path / "all.yaml"))
    (workload,) = json.loads(done.stdout)["workloads"]
    assert workload["line"] == 5
    written = {e["field"]: e["line"] for e in workload["evidence"] if "line" in e}
    assert written == {
        "metadata.labels.istio-injection": 3,
        'spec.template.metadata.labels["sidecar.istio.io/inject"]': 12,
    }
    assert (
        f"[{tmp_path / 'all.yaml'}:12]".encode()
        in krm("explain", "-v", str(tmp_path / "all.yaml")).stdout
    )


def test_explain_renders_a_kustomization_first(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: [web.yaml]\n")
    (tmp_path / "web.yaml").write_text(DEPLOYMENT)
    program = tmp_path / "kustomize"
    program.write_text(f"#!/bin/sh\nprintf '%s' '{ENABLED}---\n{DEPLOYMENT}'\n")
    program.chmod(0o755)
    done = krm("explain", "--kustomize", str(program), str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert b" yes " in done.stdout


def test_explain_runs_a_kptfile_where_kpt_is(tmp_path: Path) -> None:
    kptfile = (
        "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata: {name: x}\n"
        "pipeline: {mutators: [{exec: ./mine}]}\n"
    )
    (tmp_path / "Kptfile").write_text(kptfile)
    (tmp_path / "all.yaml").write_text(BUNDLE)
    without = krm("explain", str(tmp_path), env={"PATH": "/nonexistent"})
    assert without.returncode == 0, without.stderr
    assert b"kpt-not-run" in without.stderr
    programs = tmp_path / ".programs"
    programs.mkdir()
    made = resource_list(DEPLOYMENT.replace("name: web,", "name: made,"))
    (programs / "kpt").write_text(f"#!/bin/sh\nprintf '%s' '{made}'\n")
    (programs / "kpt").chmod(0o755)
    stated = json.dumps(config(namespaces=[{"name": "shop"}]))
    words = ("explain", str(tmp_path), "--config", "/dev/stdin")
    refused = krm(*words, env={"PATH": str(programs)}, stdin=stated)
    assert (refused.returncode, refused.stdout) == (1, b"")
    assert b"Kptfile:4 runs the program ./mine" in refused.stderr
    done = krm(*words, "--allow-exec", env={"PATH": str(programs)}, stdin=stated)
    assert b"shop/made" in done.stdout, done.stderr


def test_explain_fits_the_columns_that_are_stated() -> None:
    lines = krm("explain", stdin=BUNDLE, env={"COLUMNS": "60"}).stdout.decode().splitlines()
    assert max(map(len, lines)) <= 60


@pytest.mark.parametrize("command", ["inject", "build", "explain"])
def test_context_tells_of_namespaces_and_its_workloads_stay_out(
    tmp_path: Path, command: str
) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "web.yaml").write_text(DEPLOYMENT)
    (tmp_path / "context.yaml").write_text(
        f"{ENABLED}---\n{DEPLOYMENT.replace('name: web,', 'name: other,')}"
    )
    without = krm(command, str(tmp_path / "app"))
    assert without.returncode == 1 and b"namespace-missing" in without.stderr
    done = krm(command, str(tmp_path / "app"), "--context", str(tmp_path / "context.yaml"))
    assert done.returncode == 0, done.stderr
    assert b"other" not in done.stdout and b"kind: Namespace" not in done.stdout
    assert (b" yes " if command == "explain" else b"istio-proxy") in done.stdout


def test_explain_names_the_line_of_a_namespace_in_the_context(tmp_path: Path) -> None:
    (tmp_path / "context.yaml").write_text(f"---\n{ENABLED}")
    words = ("explain", "-o", "json", "--context", str(tmp_path / "context.yaml"))
    (workload,) = json.loads(krm(*words, stdin=DEPLOYMENT).stdout)["workloads"]
    written = {
        (e["file"], e["line"])
        for e in workload["evidence"]
        if e.get("field", "").startswith("metadata.labels")
    }
    assert written == {(str(tmp_path / "context.yaml"), 4)}


def test_a_mesh_version_can_be_stated() -> None:
    done = krm("explain", "--mesh-version", "1.29.1", "-o", "json", stdin=BUNDLE)
    assert json.loads(done.stdout)["mesh"]["version"] == "1.29.1", done.stderr


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("diff", "unified, json6902, strategic or json"),
        ("images", "text or json"),
        ("explain", "table, json, yaml,"),
    ],
)
def test_help_names_the_forms_of_its_command(command: str, line: str) -> None:
    assert f"-o, --output FORM     {line}" in " ".join(
        krm(command, "--help").stdout.decode().split("\n")
    ), command


@pytest.mark.parametrize(
    "words", [["--version"], ["-V"], ["explain", "--version"], ["inject", "-", "--version"]]
)
def test_the_version_is_printed_wherever_it_is_asked_for(words: list[str]) -> None:
    assert krm(*words).stdout.decode() == f"krm-injector {__version__}\n"


def test_the_version_command_says_which_istio_is_known() -> None:
    text, document = krm("version"), krm("version", "--output", "json")
    answer = json.loads(document.stdout)
    assert answer["version"] == __version__
    assert text.stdout.decode().startswith(f"krm-injector {__version__}\nIstio 1.1 to ")
    assert f"the profile of {answer['profile']}\n" in text.stdout.decode()


@pytest.mark.parametrize("words", [["help", "explain"], ["help"], ["help", "fleet", "plan"]])
def test_help_is_a_command_too(words: list[str]) -> None:
    assert krm(*words).stdout == krm(*words[1:], "--help").stdout


def test_help_of_a_group_lists_its_commands() -> None:
    shown = krm("help", "fleet").stdout.decode()
    assert "  fleet list " in shown and "  fleet merge " in shown
    assert krm("fleet", "--help").stdout.decode() == shown


def test_help_about_nothing_known_says_what_may_be_meant() -> None:
    done = krm("help", "explian")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"did you mean explain?" in done.stderr


def test_the_labels_of_a_namespace_can_be_stated() -> None:
    refused = krm("inject", stdin=DEPLOYMENT)
    assert refused.returncode == 1
    assert b"--namespace-labels shop=istio-injection=enabled" in refused.stderr

    stated = krm("inject", "--namespace-labels", "shop=istio-injection=enabled", stdin=DEPLOYMENT)
    assert (stated.returncode, b"istio-proxy" in stated.stdout) == (0, True)
    without = krm("inject", "--namespace-labels", "shop=", stdin=DEPLOYMENT)
    assert (without.returncode, without.stdout.decode()) == (0, DEPLOYMENT)


def test_a_manifest_of_the_namespace_wins_over_the_option() -> None:
    done = krm("inject", "--namespace-labels", "shop=istio-injection=disabled", stdin=BUNDLE)
    assert (done.returncode, b"istio-proxy" in done.stdout) == (0, True)
    assert b"--namespace-labels says otherwise of Namespace shop" in done.stderr


def test_the_option_wins_over_the_functionconfig(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        "apiVersion: krm-injector.dev/v1alpha1\nkind: SidecarInjection\nmetadata: {name: x}\n"
        "spec:\n  namespaces:\n  - {name: shop, labels: {}}\n"
    )
    words = ["inject", "--config", str(config)]
    assert b"istio-proxy" not in krm(*words, stdin=DEPLOYMENT).stdout
    words += ["--namespace-labels", "shop=istio-injection=enabled"]
    assert b"istio-proxy" in krm(*words, stdin=DEPLOYMENT).stdout


@pytest.mark.parametrize(
    "value", ["shop", "=a=b", "shop=a", "shop=a=b,a=c", "shop=a=b,", "Shop=a=b"]
)
def test_labels_that_are_none_are_wrong_usage(value: str) -> None:
    done = krm("inject", "--namespace-labels", value, stdin=DEPLOYMENT)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"shop=istio-injection=enabled" in done.stderr


def test_two_options_that_differ_are_refused() -> None:
    words = ["--namespace-labels", "shop=a=b", "--namespace-labels", "shop="]
    done = krm("inject", *words, stdin=DEPLOYMENT)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"describes Namespace shop twice" in done.stderr


def test_a_limit_is_a_number() -> None:
    done = krm("explain", "--limit", "many", stdin=BUNDLE)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"--limit takes a number" in done.stderr


# ---------------------------------------------------------------- stdout with exit status 1

HALF = (
    f"{ENABLED}---\n{DEPLOYMENT}---\n{DEPLOYMENT.replace('namespace: shop', 'namespace: unknown')}"
)
MISSPELT = (
    "apiVersion: krm-injector.dev/v1alpha1\nkind: SidecarInjection\nmetadata: {name: x}\n"
    "spec: {methd: manual}\n"
)


@pytest.mark.parametrize("command", ["inject", "eject", "build"])
@pytest.mark.parametrize(
    ("files", "options"),
    [
        ({"a.yaml": "a: [\n"}, []),
        ({"a.yaml": HALF, "b.yaml": "kind: X\n"}, []),
        ({"a.yaml": BUNDLE}, ["--config", "none.yaml"]),
        ({"a.yaml": BUNDLE}, ["--config", "config/x.yaml"]),
        ({"a.yaml": BUNDLE}, ["--results", "no/such/directory/r.yaml"]),
        ({"a.yaml": BUNDLE}, ["--log", "no/such/directory/log"]),
        ({"a.yaml": BUNDLE.replace("spec:\n      containers:", "spec: []\n    x:")}, []),
        ({"notes.md": "no manifest\n"}, []),
    ],
    ids=["syntax", "no-object", "no-config", "bad-config", "results", "log", "pod", "empty"],
)
def test_commands_that_print_manifests_print_nothing_with_exit_status_1(
    command: str, files: dict[str, str], options: list[str], tmp_path: Path
) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "x.yaml").write_text(MISSPELT)
    (tmp_path / "in").mkdir()
    for name, text in files.items():
        (tmp_path / "in" / name).write_text(text)
    done = krm(command, "in", *options, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"error: " in done.stderr


@pytest.mark.parametrize("command", ["inject", "build"])
def test_one_refused_workload_keeps_the_others_from_being_printed(
    command: str, tmp_path: Path
) -> None:
    (tmp_path / "a.yaml").write_text(HALF)
    done = krm(command, str(tmp_path))
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"error: ")


def test_explain_prints_its_table_with_exit_status_1(tmp_path: Path) -> None:
    done = krm("explain", stdin=HALF)
    assert done.returncode == 1
    rows = [
        line.split()[1:5]
        for line in done.stdout.decode().splitlines()
        if line.startswith("Deployment")
    ]
    assert rows == [["shop/web", "yes", "1/1", "->"], ["unknown/web", "error", "1/1", "->"]]
    assert "1/1 -> ?" in done.stdout.decode()
    assert krm("explain", stdin="a: [").stdout == b""


def test_help_says_what_stdout_holds_with_exit_status_1() -> None:
    assert b"the reason, and stdout is empty\n" in krm("inject", "--help").stdout
    assert b"and stdout has the answer all the same\n" in krm("explain", "--help").stdout
