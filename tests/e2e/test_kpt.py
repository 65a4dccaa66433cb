"""kpt fn render and kpt fn eval, exec and image, on every kpt of the machine."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

import pytest
import yaml
from e2e.kpt_packages import CONFIG, MUTATOR, changed, kptfile
from e2e.real_programs import (
    Done,
    Programs,
    deployment,
    injected,
    namespace,
    objects,
    slow,
)
from files import tree, write

INJECTED = {"base/httpbin.yaml", "base/store.yaml", "base/agents.yaml", "base/jobs.yaml"}


def render(programs: Programs, work: Path, *more: str, code: int | None = 0) -> Done:
    return programs.run(["kpt", "fn", "render", "--allow-exec", *more], work, code)


def named(work: Path) -> set[str]:
    """Names of the injected workloads of a package."""
    texts = [text for name, text in tree(work).items() if name.endswith(".yaml")]
    return {name for _, _, name in injected(objects(b"\n---\n".join(texts)))}


# ---------------------------------------------------------------- render


def test_render_exec(programs: Programs, httpbin: Path) -> None:
    before = tree(httpbin)
    done = render(programs, httpbin)
    after = tree(httpbin)
    assert changed(before, after) == INJECTED
    assert "embedded profile" in done.err
    render(programs, httpbin)
    assert tree(httpbin) == after, "a second run changes nothing"


def test_render_with_every_kpt_of_the_machine(programs: Programs, httpbin: Path) -> None:
    for program in programs.every("kpt"):
        before = tree(httpbin)
        programs.run([program, "fn", "render", "--allow-exec"], httpbin)
        assert named(httpbin) == {"httpbin", "store", "log-agent", "import", "report"}
        for name, text in before.items():
            (httpbin / name).write_bytes(text)


def test_comments_and_field_order_survive(programs: Programs, httpbin: Path) -> None:
    before = tree(httpbin)
    render(programs, httpbin)
    for name in INJECTED:
        old, new = before[name].decode().splitlines(), (httpbin / name).read_text().splitlines()
        assert [line for line in new if line.strip().startswith("#")] == [
            x for x in old if x.strip().startswith("#")
        ]
        # Line by line everything is where it was, but for the probes, which injection rewrites.
        opcodes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        gone = {
            line.strip()
            for kind, start, end, _, _ in opcodes
            if kind in ("delete", "replace")
            for line in old[start:end]
        }
        assert gone <= {"tcpSocket:", "port: 6379", "path: /status/200", "port: http"}


def test_render_image(programs: Programs, httpbin: Path, image: str) -> None:
    text = (httpbin / "Kptfile").read_text().replace("exec: krm-injector", f"image: {image}")
    (httpbin / "Kptfile").write_text(text)
    before = tree(httpbin)
    programs.run(["kpt", "fn", "render", "--image-pull-policy", "never"], httpbin)
    assert changed(before, tree(httpbin)) == INJECTED


@pytest.mark.parametrize("good", [True, False])
def test_validator(programs: Programs, tmp_path: Path, good: bool) -> None:
    """kpt throws a validator's output away: it says whether injection would be possible."""
    files = {
        "Kptfile": kptfile(MUTATOR.replace("mutators", "validators")),
        "istio-inject.yaml": CONFIG,
        "web.yaml": deployment("web"),
    }
    if good:
        files["ns.yaml"] = namespace("shop")
    work = write(tmp_path / "work", files)
    before = tree(work)
    done = render(programs, work, code=0 if good else 1)
    assert tree(work) == before
    assert ("Namespace shop is not in the bundle" in done.err) is not good


def test_exclude_and_selectors(programs: Programs, httpbin: Path) -> None:
    text = (httpbin / "Kptfile").read_text()
    (httpbin / "Kptfile").write_text(
        text + "    exclude:\n    - kind: StatefulSet\n    - kind: CronJob\n"
    )
    render(programs, httpbin)
    assert named(httpbin) == {"httpbin", "log-agent", "import"}


def test_selectors_that_leave_the_namespace_out(programs: Programs, httpbin: Path) -> None:
    """A function sees what is selected and nothing else; the message says what is missing."""
    text = (httpbin / "Kptfile").read_text()
    (httpbin / "Kptfile").write_text(text + "    selectors:\n    - kind: Deployment\n")
    before = tree(httpbin)
    done = render(programs, httpbin, code=1)
    assert tree(httpbin) == before
    assert (
        "Namespace shop is not in the bundle" in done.err
        and "labels: {istio-injection: enabled}" in done.err
    )
    config = httpbin / "istio-inject.yaml"
    stubs = "  namespaces:\n  - {name: shop, labels: {istio-injection: enabled}}\n  - {name: lab}\n"
    config.write_text(config.read_text() + stubs)
    render(programs, httpbin)
    assert named(httpbin) == {"httpbin"}


def test_subpackage_does_not_see_the_namespace_of_its_parent(
    programs: Programs, tmp_path: Path
) -> None:
    work = write(
        tmp_path / "work",
        {
            "Kptfile": "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: parent\n",
            "ns.yaml": namespace("shop"),
            "sub/Kptfile": kptfile(MUTATOR),
            "sub/istio-inject.yaml": CONFIG,
            "sub/web.yaml": deployment("web"),
        },
    )
    before = tree(work)
    done = render(programs, work, code=1)
    assert tree(work) == before
    assert "Namespace shop is not in the bundle" in done.err
    # What the message says helps.
    stub = "spec:\n  namespaces:\n  - name: shop\n    labels: {istio-injection: enabled}\n"
    (work / "sub" / "istio-inject.yaml").write_text(CONFIG + stub)
    render(programs, work)
    assert named(work) == {"web"}


def test_function_in_the_parent_sees_its_subpackages(programs: Programs, tmp_path: Path) -> None:
    work = write(
        tmp_path / "work",
        {
            "Kptfile": kptfile(MUTATOR),
            "istio-inject.yaml": CONFIG,
            "ns.yaml": namespace("shop"),
            "sub/Kptfile": "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: sub\n",
            "sub/web.yaml": deployment("web"),
        },
    )
    render(programs, work)
    assert named(work) == {"web"}


def test_setters_before_us(programs: Programs, tmp_path: Path) -> None:
    """A function before ours sets an image; both changes are in the file, comments too."""
    setter = tmp_path / "setter"
    setter.write_text("#!/bin/sh\nexec sed 's/nginx:1.27/nginx:1.29/'\n")
    setter.chmod(0o755)
    files = {
        "Kptfile": kptfile(MUTATOR.replace("mutators:\n", f"mutators:\n  - exec: {setter}\n")),
        "istio-inject.yaml": CONFIG,
        "web.yaml": namespace("shop")
        + "---\n"
        + deployment("web").replace("nginx:1.27", "nginx:1.27 # the web server"),
    }
    work = write(tmp_path / "work", files)
    render(programs, work)
    assert named(work) == {"web"}
    assert "        image: nginx:1.29 # the web server\n" in (work / "web.yaml").read_text()


# ---------------------------------------------------------------- results and failures


def test_results_dir(programs: Programs, httpbin: Path, tmp_path: Path) -> None:
    render(programs, httpbin, "--results-dir", str(tmp_path / "good"))
    good = yaml.safe_load((tmp_path / "good" / "results.yaml").read_text())
    assert (good["kind"], good["exitCode"]) == ("FunctionResultList", 0)
    result, assumed = good["items"][0]["results"]
    assert assumed["tags"]["code"] == "native-sidecars-assumed"
    assert result["severity"] == "info" and "embedded profile" in result["message"]
    (httpbin / "base" / "namespaces.yaml").unlink()
    render(programs, httpbin, "--results-dir", str(tmp_path / "bad"), code=1)
    bad = yaml.safe_load((tmp_path / "bad" / "results.yaml").read_text())
    assert bad["exitCode"] == 1
    errors = [result for result in bad["items"][0]["results"] if result["severity"] == "error"]
    assert {error["resourceRef"]["namespace"] for error in errors} == {"shop", "lab"}


def test_a_refusal_in_the_middle_writes_nothing(programs: Programs, tmp_path: Path) -> None:
    """A function before ours has changed things already; kpt keeps none of it."""
    setter = tmp_path / "setter"
    setter.write_text("#!/bin/sh\nexec sed 's/nginx:1.27/nginx:1.29/'\n")
    setter.chmod(0o755)
    files = {
        "Kptfile": kptfile(MUTATOR.replace("mutators:\n", f"mutators:\n  - exec: {setter}\n")),
        "istio-inject.yaml": CONFIG,
        "web.yaml": deployment("web"),
    }
    work = write(tmp_path / "work", files)
    before = tree(work)
    done = render(programs, work, code=1)
    assert tree(work) == before and "Namespace shop is not in the bundle" in done.err


def test_without_allow_exec(programs: Programs, httpbin: Path) -> None:
    before = tree(httpbin)
    done = programs.run(["kpt", "fn", "render"], httpbin, code=1)
    assert tree(httpbin) == before and "--allow-exec" in done.err


def test_sigterm(programs: Programs, tmp_path: Path) -> None:
    started = tmp_path / "started"
    program = slow(programs, tmp_path, started)
    files = {
        "Kptfile": kptfile(MUTATOR.replace("krm-injector", program)),
        "istio-inject.yaml": CONFIG,
        "web.yaml": namespace("shop") + "---\n" + deployment("web"),
    }
    work = write(tmp_path / "work", files)
    before = tree(work)
    done = programs.interrupted(["kpt", "fn", "render", "--allow-exec"], work, started)
    assert done.code != 0 and tree(work) == before


# ---------------------------------------------------------------- eval


def test_eval_exec(programs: Programs, httpbin: Path) -> None:
    before = tree(httpbin)
    programs.run(["kpt", "fn", "eval", "--exec", "krm-injector", "."], httpbin)
    assert changed(before, tree(httpbin)) == INJECTED


def test_eval_with_arguments(programs: Programs, tmp_path: Path) -> None:
    asks = deployment("web").replace("labels: {", "labels: {sidecar.istio.io/inject: 'true', ")
    work = write(tmp_path / "work", {"web.yaml": asks})
    done = programs.run(
        ["kpt", "fn", "eval", "--exec", "krm-injector", ".", "--", "onMissingNamespace=warn"], work
    )
    assert named(work) == {"web"}, done.err
    refused = programs.run(
        ["kpt", "fn", "eval", "--exec", "krm-injector", ".", "--", "methode=manual"], work, code=1
    )
    assert "methode" in refused.err and "did you mean method" in refused.err


def test_eval_image(programs: Programs, httpbin: Path, image: str) -> None:
    before = tree(httpbin)
    programs.run(
        ["kpt", "fn", "eval", "--image", image, "--image-pull-policy", "never", "."], httpbin
    )
    assert changed(before, tree(httpbin)) == INJECTED


# ---------------------------------------------------------------- files as people have them


def test_scalars_with_tags(programs: Programs, tmp_path: Path) -> None:
    """kpt keeps tags and gives the plain value << one of its own."""
    config_map = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: tags, namespace: shop}\ndata:\n  a: "
        "<<\n  b: !!str 12\n  c: !!binary aGVsbG8=\n  d: !!str <<\n  e: !!timestamp 2024-01-01\n"
    )
    files = {
        "Kptfile": kptfile(MUTATOR),
        "istio-inject.yaml": CONFIG,
        "ns.yaml": namespace("shop"),
        "web.yaml": deployment("web"),
        "tags.yaml": config_map,
    }
    work = write(tmp_path / "work", files)
    other = write(tmp_path / "other", {**files, "Kptfile": kptfile("  mutators:\n  - exec: cat\n")})

    render(programs, work)
    render(programs, other)

    assert "istio-proxy" in (work / "web.yaml").read_text()
    assert (work / "tags.yaml").read_bytes() == (other / "tags.yaml").read_bytes()


def test_crlf_bom_and_comments(programs: Programs, tmp_path: Path) -> None:
    files = {
        "Kptfile": kptfile(MUTATOR),
        "istio-inject.yaml": CONFIG,
        "ns.yaml": "# only a comment\n---\n" + namespace("shop") + "---\n# and another\n",
        "crlf.yaml": deployment("crlf").replace("\n", "\r\n"),
        "untouched.yaml": (
            "# kept\r\napiVersion: v1\r\nkind: ConfigMap\r\n"
            "metadata: {name: a, namespace: shop}\r\n"
        ),
    }
    work = write(tmp_path / "work", files)
    render(programs, work)
    assert named(work) == {"crlf"}
    # kpt itself turns CRLF into LF, whatever the function; ours adds nothing to that.
    other = write(tmp_path / "other", {**files, "Kptfile": kptfile("  mutators:\n  - exec: cat\n")})
    render(programs, other)
    for name in ("untouched.yaml", "ns.yaml"):
        assert (work / name).read_bytes() == (other / name).read_bytes()
    after = tree(work)
    render(programs, work)
    assert tree(work) == after


# --------------------------------------------------------------- comments that other functions read

SETTER = """\
#!{python}
# What a setter does: every scalar whose line ends in "# set: NAME" gets the value of NAME.
import re, sys
values = {values}
line = re.compile("^( *(?:- )?[^:#\\n]*: ).* (# set: ([a-z]+))$", re.M)
sys.stdout.write(line.sub(lambda m: f"{{m[1]}}{{values[m[3]]}} {{m[2]}}", sys.stdin.read()))
"""
COMMENTED = """\
apiVersion: {version}
kind: {kind}
metadata:
  name: {kind}
  namespace: shop
spec:
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata:
      labels:
        app: web
      annotations:
        proxy.istio.io/config: 'holdApplicationUntilProxyStarts: true'
    spec:
      initContainers:
      # before all
      - name: migrate # the migration
        image: migrate:1 # set: migrate
        resources: # sized by hand
          limits:
            memory: 64Mi # set: memory
        command: # by hand
        - sh # first
      containers:
      - name: plain
        image: plain:1
      # the server
      - name: web
        image: web:1 # set: web
        env:
        - name: MODE # which
          value: a # set: mode
        ports:
        - containerPort: 8080 # set: port
        volumeMounts:
        - name: data # set: volume
          mountPath: /data # where
      imagePullSecrets:
      - name: registry # set: secret
      volumes:
      - name: data # set: volume
        emptyDir: {{}} # nothing kept
"""
VALUES = {"migrate": "migrate:2", "web": "web:2", "memory": "65Mi", "mode": "b", "port": "8081",
          "volume": "disk", "secret": "other"}  # fmt: skip
ROLLOUT = ('  workloads: [{apiVersion: argoproj.io/v1alpha1, kind: Rollout, podTemplate: '
           'spec.template}]\n')  # fmt: skip


def comments(text: str) -> list[str]:
    """Each comment with the word of YAML that it stands behind, or alone, in order."""
    found = []
    for line in text.splitlines():
        before, mark, comment = line.partition("# ")
        if mark:
            found.append(f"{before.strip().removeprefix('- ').partition(':')[0]} {mark}{comment}")
    return found


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize(
    ("version", "kind"), [("apps/v1", "Deployment"), ("argoproj.io/v1alpha1", "Rollout")]
)
def test_comments_stay_with_what_they_are_said_of(
    programs: Programs, tmp_path: Path, version: str, kind: str, native: bool
) -> None:
    """kpt copies comments by place in lists: not onto Istio's parts, nor onto a neighbour's; a
    setter hits its own.
    """
    setter = tmp_path / "setter"
    setter.write_text(SETTER.format(python=sys.executable, values=VALUES))
    setter.chmod(0o755)
    source = COMMENTED.format(version=version, kind=kind)
    spec = f"spec:\n  cluster: {{nativeSidecars: {str(native).lower()}}}\n" + ROLLOUT
    work = write(
        tmp_path / "work",
        {
            "Kptfile": kptfile(MUTATOR),
            "istio-inject.yaml": CONFIG + spec,
            "ns.yaml": namespace("shop"),
            "web.yaml": source,
        },
    )
    render(programs, work)
    once = (work / "web.yaml").read_text()
    assert named(work) == {kind}
    assert comments(once) == comments(source)
    render(programs, work)
    assert (work / "web.yaml").read_text() == once

    (work / "Kptfile").write_text(
        kptfile(MUTATOR.replace("mutators:\n", f"mutators:\n  - exec: {setter}\n"))
    )
    done = render(programs, work)
    assert "by hand" not in done.err
    wanted = source
    for old, new in (
        ("migrate:1", "migrate:2"),
        ("web:1", "web:2"),
        ("64Mi", "65Mi"),
        ("value: a", "value: b"),
    ):
        wanted = wanted.replace(old, new)
    for old, new in (
        ("8080", "8081"),
        ("name: data", "name: disk"),
        ("name: registry", "name: other"),
    ):
        wanted = wanted.replace(old, new)
    other = write(
        tmp_path / "other",
        {**{name: text.decode() for name, text in tree(work).items()}, "web.yaml": wanted},
    )
    (other / "Kptfile").write_text(kptfile(MUTATOR))
    render(programs, other)
    assert objects((work / "web.yaml").read_bytes()) == objects((other / "web.yaml").read_bytes())
    assert comments((work / "web.yaml").read_text()) == comments(source)

    programs.run(["kpt", "fn", "eval", "--exec", "krm-injector", ".", "--", "action=eject"], other)
    assert objects((other / "web.yaml").read_bytes()) == objects(wanted.encode())
    assert comments((other / "web.yaml").read_text()) == comments(source)
