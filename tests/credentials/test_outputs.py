"""No output but manifests holds a value of a Secret, or what can be recognised as a credential.

Every command, in each of its forms, over input with marked values wherever a secret can stand
(planted.py) and mistakes beside them. Searched are stdout where it is no manifests, stderr, and
every file that is written but manifests: logs, results, reports, caches, temporary files.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import builders
import pytest
import yaml
from adoption import cluster
from command import krm
from credentials import planted
from credentials.planted import found_in, mark
from files import tree, write
from outside import helm_on_path, needs_program
from stored_workloads import as_stored

from krm_injector.cli import program

FINDINGS = ("sarif", "junit", "policyreport", "github")
EXPLAIN = ("table", "json", "yaml", "markdown", "html", *FINDINGS)
MANIFESTS = ("", "inject", "build", "eject")  # their stdout holds the objects themselves
WITH = ["--config", "config.yaml", "--mesh", "mesh.yaml"]
BROKEN, CONFIGS = planted.broken(), planted.broken_configs()

KUSTOMIZATION = """\
resources: [web.yaml]
secretGenerator:
- name: generated
  literals: [password=MARKgenerated]
  envs: [login.env]
"""
CHART = {
    "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    "values.yaml": f"db:\n  password: {mark('helm-values')}\n",
    "templates/all.yaml": """\
apiVersion: v1
kind: Secret
metadata: {name: chart}
stringData: {login: "{{ .Values.db.password }}"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web, sidecar.istio.io/inject: "true"}
    spec:
      containers:
      - name: web
        image: web:1
        env:
        - {name: DB_PASSWORD, value: "{{ .Values.db.password }}"}
""",
}
FLEET = f"""\
apiVersion: krm-injector.dev/v1alpha1
kind: Fleet
spec:
  targets:
  - path: apps/one
  - path: apps/two
  - path: chart
    namespace: shop
    set: {{db.password: {mark("fleet-set")}}}
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("repository")
    files = {
        "bundle.yaml": planted.text(*planted.shop()),
        "mesh.yaml": planted.text(*planted.mesh()),
        "other.yaml": planted.text(*planted.mesh(), builders.SHOP),
        "config.yaml": yaml.safe_dump(planted.function_config()),
        "dump.yaml": dump(),
        "fleet.yaml": FLEET,
        **{f"broken/{name}.yaml": text for name, text in BROKEN.items()},
        **{f"configs/{name}.yaml": yaml.safe_dump(each) for name, each in CONFIGS.items()},
        **{f"chart/{name}": text for name, text in CHART.items()},
    }
    for app in ("one", "two"):
        files |= {
            f"apps/{app}/web.yaml": planted.text(builders.SHOP, planted.secret(), planted.web(app)),
            f"apps/{app}/login.env": f"API_TOKEN={mark('env-file')}\n",
            f"apps/{app}/kustomization.yaml": KUSTOMIZATION.replace("MARK", planted.MARK),
        }
    write(root, files)
    injected = krm("inject", *WITH, "bundle.yaml", cwd=root)
    assert injected.returncode == 0 and found_in(injected.stdout), injected.stderr.decode()
    (root / "injected.yaml").write_bytes(injected.stdout)
    edited = injected.stdout.replace(b"image: docker.io", b"image: other.example")
    (root / "edited.yaml").write_bytes(edited.replace(planted.MARK.encode(), b"edited-"))
    return root


def test_a_mesh_file_holds_what_proxies_need(repository: Path) -> None:
    """What templates write into pods stays; a warning names it."""
    done = krm("snapshot", "other.yaml", cwd=repository)
    assert done.returncode == 0 and found_in(done.stderr) == []
    places = {name for name in ("header", "values") if mark(f"mesh-{name}").encode() in done.stdout}
    assert places == set() and mark("mesh-metadata").encode() in done.stdout
    assert done.stderr.count(b"[snapshot-credentials]") == 3


def dump() -> str:
    """A cluster's objects, among them a pod with credentials that is not what Git gives."""
    web = planted.web()
    template = builders.injected(as_stored(web), builders.settings(record=False))["spec"][
        "template"
    ]
    reference = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "controller": True, "name": "web-1"}
    metadata = {**template["metadata"], "ownerReferences": [reference]}
    pod = cluster.running({**template, "metadata": metadata}, web)
    pod["spec"]["containers"][-1]["env"] = [{"name": "X_PASSWORD", "value": mark("pod-env")}]
    objects = [builders.SHOP, *builders.installation(), cluster.in_cluster(web), pod]
    return yaml.safe_dump(cluster.dump(*objects))


class Ran:
    """Runs the program in this process, in the repository, and collects what it says."""

    def __init__(self, out: pytest.CaptureFixture[bytes], temporary: Path) -> None:
        self._out = out
        self._temporary = temporary

    def __call__(self, *words: str, wrong: bytes = b"") -> int:
        code = program.run(list(words))
        said = self._out.readouterr()
        assert found_in(said.err) == []
        assert b"Traceback" not in said.err and wrong in said.err
        assert wrong or b"internal error" not in said.err
        if words and words[0] not in MANIFESTS:
            assert found_in(said.out) == []
        assert list(self._temporary.iterdir()) == []
        return code


@pytest.fixture
def run(
    repository: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> Iterator[Ran]:
    monkeypatch.chdir(repository)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", None)
    yield Ran(capfdbinary, temporary)
    monkeypatch.setattr("tempfile.tempdir", None)


# ---------------------------------------------------------------- one bundle


@pytest.mark.parametrize("options", [[], WITH], ids=["profile", "mesh"])
def test_what_is_said_of_a_bundle(run: Ran, options: list[str]) -> None:
    for words in (["inject"], ["images"], ["images", "-o", "json"], ["diff"]):
        assert run(*words, "-v", *options, "bundle.yaml") == 0
    for form in EXPLAIN:
        assert run("explain", "-v", "-o", form, *options, "bundle.yaml") == 0
    for form in ("text", *FINDINGS):
        run("verify", "-v", "-o", form, *options, "bundle.yaml")
        run("verify", "-v", "-o", form, *options, "edited.yaml")
    for command in ("eject", "inject", "explain", "diff"):
        run(command, "-v", "edited.yaml")
        run(command, "-v", "injected.yaml")


def test_what_an_upgrade_changes(run: Ran) -> None:
    for form in ([], ["-o", "json"]):
        assert run("diff", "--to", "mesh.yaml", *form, "bundle.yaml") == 0
        assert run("diff", "--from", "mesh.yaml", *form, "bundle.yaml") == 0


def test_what_a_cluster_gives(run: Ran, repository: Path) -> None:
    assert run("adopt", "-v", "dump.yaml", "--output", "adopted") == 1  # it has no pods to compare
    assert run("adopt", "-v", "bundle.yaml") == 1
    run("snapshot", "-v", "--check", "mesh.yaml", "other.yaml")
    assert sorted(tree(repository / "adopted")) and found(repository / "adopted") == {}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_said_of_mistakes(run: Ran, name: str) -> None:
    path = f"broken/{name}.yaml"
    for command in ("inject", "explain", "diff", "images", "eject", "snapshot", "adopt"):
        run(command, "-v", path)
    for form in ("json", "html", *FINDINGS):
        run("explain", "-o", form, path)
    for form in FINDINGS:
        run("verify", "-o", form, path)


@pytest.mark.parametrize("name", CONFIGS)
def test_what_is_said_of_a_function_config(run: Ran, name: str) -> None:
    for command in ("inject", "explain", "diff"):
        run(command, "-v", "--config", f"configs/{name}.yaml", "bundle.yaml")


@pytest.mark.parametrize("name", ["bundle.yaml", "edited.yaml", "broken/annotation-cpu.yaml"])
def test_files_of_results(run: Ran, tmp_path: Path, name: str) -> None:
    for ending in ("yaml", "json", "sarif", "xml"):
        log, results = tmp_path / "said" / "log", tmp_path / "said" / f"results.{ending}"
        log.parent.mkdir(exist_ok=True)
        run("explain", "-v", "--log", str(log), "--results", str(results), name)
    assert len(tree(tmp_path / "said")) == 5 and found(tmp_path / "said") == {}


@pytest.mark.parametrize("name", ["env", "tag", "annotation-cpu", "annotation-inject"])
def test_results_of_the_function(run: Ran, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The items come back; the results are for people."""
    items = [each for each in yaml_objects(BROKEN[name]) if each]
    wrapper = {"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": items}
    out = krm(stdin=yaml.safe_dump(wrapper)).stdout
    results = yaml.safe_load(out).get("results", [])
    assert results and found_in(yaml.safe_dump(results).encode()) == []


def yaml_objects(text: str) -> list[Any]:
    return list(yaml.safe_load_all(text.replace("!!int ", "")))


def found(directory: Path) -> dict[str, list[str]]:
    """The marked values in files."""
    each = {name: found_in(content) for name, content in tree(directory).items()}
    return {name: hits for name, hits in each.items() if hits}


# ---------------------------------------------------------------- what is rendered


@pytest.mark.slow
def test_directories_and_fleets(run: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs_program("kustomize")
    helm_on_path(tmp_path, monkeypatch)
    said, cache = tmp_path / "said", str(tmp_path / "cache")
    said.mkdir()
    for path in ("apps/one", "chart"):
        for command in ("build", "explain", "diff", "images", "verify"):
            run(command, "-v", path)

    fleet = ["--fleet", "fleet.yaml", "--jobs", "1"]
    assert run("fleet", "list", "-v", "--fleet", "fleet.yaml") == 0
    assert run("fleet", "list", "-o", "json", "--fleet", "fleet.yaml") == 0
    for form in ("table", "json", "markdown", "html", "sarif"):
        report = ["--report", str(said / f"{form}.report"), "--cache", cache]
        run("fleet", "explain", "-v", "-o", form, *fleet, *report)
        run("fleet", "merge", "-o", form, str(said / f"{form}.report"))
    for form in ("table", "json", "html"):
        run("fleet", "plan", "--to", "mesh.yaml", "-o", form, *fleet, "--cache", cache)
    run("fleet", "build", "--output", str(tmp_path / "built"), *fleet, "--cache", cache)
    run("fleet", "verify", "-v", "--output", str(tmp_path / "built"), *fleet, "--cache", cache)
    run("fleet", "build", "--output", str(tmp_path / "built"), *fleet, "--report", str(said / "b"))

    assert tree(tmp_path / "built") and tree(Path(cache)) and len(tree(said)) > 5
    assert found(said) == {} and found(Path(cache)) == {}


def test_what_programs_say(run: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """kustomize and helm quote their input too."""
    needs_program("kustomize")
    helm_on_path(tmp_path, monkeypatch)
    bad = {
        "k/kustomization.yaml": f"secretGenerator:\n- literals: [password={mark('literal')}, x]\n",
        "k2/kustomization.yaml": f"resources: [web.yaml]\npassword: {mark('field')}\n",
        "c/Chart.yaml": CHART["Chart.yaml"],
        "c/values.yaml": CHART["values.yaml"],
        "c/templates/x.yaml": 'a: {{ fail (printf "password=%s" .Values.db.password) }}\n',
    }
    write(tmp_path / "bad", bad)
    for name in ("k", "k2", "c"):
        for command in ("build", "explain"):
            assert run(command, "-v", str(tmp_path / "bad" / name)) == 1


# ---------------------------------------------------------------- the other way round


def test_what_hides_nothing_shows_all(run: Ran, repository: Path) -> None:
    """The values are there to be found, and a diff that is to be applied can have them."""
    words = ("diff", "--show-credentials", "bundle.yaml")
    shown = krm(*words, cwd=repository).stdout
    assert found_in(shown)
    hidden = krm("diff", "bundle.yaml", cwd=repository).stdout
    assert hidden.count(b"(hidden)") > 5 and len(hidden.split(b"\n")) == len(shown.split(b"\n"))
    for form in ("json6902", "strategic"):  # they are manifests, for kustomize
        assert found_in(krm("diff", "-o", form, "bundle.yaml", cwd=repository).stdout)


def test_an_internal_error_holds_no_value(run: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise KeyError(mark("exception"))

    monkeypatch.setattr("krm_injector.cli.commands.images.run", broken)
    assert run("images", "bundle.yaml", wrong=b"internal error: KeyError at cli/program.py:") == 1
