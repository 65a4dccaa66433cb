"""What a path on the command line means, for every command: the table of docs/directories.md, cell
by cell.
"""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path

import pytest
from paths import ROOT

from krm_injector.cli import program
from krm_injector.sources import kustomizations

NAMESPACE = (
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n"
)
CONFIG = """\
apiVersion: krm-injector.dev/v1alpha1
kind: SidecarInjection
metadata:
  name: istio
  annotations:
    config.kubernetes.io/function: |
      exec:
        path: krm-injector
"""
CHECK = CONFIG.replace("SidecarInjection", "InjectionCheck")
KPTFILE = (
    "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata: {name: x}\npipeline:\n  mutators:\n"
    "  - exec: krm-injector\n"
)
STUB = "spec:\n  namespaces:\n  - name: shop\n    labels: {istio-injection: enabled}\n"


def deployment(name: str) -> str:
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: "
        f"shop}}\nspec:\n  selector:\n    matchLabels: {{app: {name}}}\n  template:\n    "
        f"metadata: {{labels: {{app: {name}}}}}\n    spec:\n      containers: [{{name: {name}, "
        f"image: example/{name}}}]\n"
    )


FILES = NAMESPACE + "---\n" + deployment("as-a-file")
RENDERED = NAMESPACE + "---\n" + deployment("rendered")
PATCH = "- op: add\n  path: /a\n  value: 1\n"
OVERLAY = {
    "kustomization.yaml": "namePrefix: x-\nresources: [a.yaml]\n",
    "a.yaml": FILES,
    ".printed": RENDERED,
}

# What a directory holds, by its name in the table.
HOLDS: dict[str, dict[str, str]] = {
    "plain": {"a.yaml": FILES},
    "list": {
        "kustomization.yaml": "resources: [a.yaml]\n",
        "a.yaml": FILES,
        "b.yaml": deployment("unlisted"),
        ".printed": RENDERED,
    },
    "kustomization": OVERLAY,
    "own": {
        **OVERLAY,
        "kustomization.yaml": OVERLAY["kustomization.yaml"] + "transformers: [i.yaml]\n",
        "i.yaml": CONFIG,
    },
    "chart": {
        "Chart.yaml": "name: x\n",
        "values.yaml": "a: 1\n",
        "templates/a.yaml": "{{ x }}",
        ".printed": RENDERED,
    },
    "package": {"Kptfile": KPTFILE, "a.yaml": FILES, ".printed": RENDERED},
    "root": {
        "a.yaml": FILES,
        "package.json": '{"name": "x"}',
        "patch.json": json.dumps([{"op": "add"}]),
        "deep/values.yaml": "a: 1\n",
        **{f"k/{name}": text for name, text in OVERLAY.items()},
        "chart/Chart.yaml": "name: x\n",
        "chart/templates/a.yaml": "{{ kind: x }}",
        "chart/.printed": RENDERED,
    },
    "only below": {
        **{f"k/{name}": text for name, text in OVERLAY.items()},
        "chart/Chart.yaml": "name: x\n",
        "chart/.printed": RENDERED,
    },
    "one below": {f"k/{name}": text for name, text in OVERLAY.items()},
    "nothing": {"package.json": '{"name": "x"}'},
}
READING = ("inject", "eject", "explain", "verify", "diff", "images")
COMMANDS = (*READING, "build")
BY_TARGET = ("explain", "verify", "diff", "images")
# What each means: the workload that is seen, or the code of the error.
MEANS = {
    "plain": dict.fromkeys(COMMANDS, "as-a-file"),
    "list": {**dict.fromkeys(COMMANDS, "as-a-file"), "build": "rendered"},
    "kustomization": dict.fromkeys(COMMANDS, "rendered"),
    "own": dict.fromkeys(COMMANDS, "rendered"),
    "chart": dict.fromkeys(COMMANDS, "rendered"),
    "package": {**dict.fromkeys(COMMANDS, "as-a-file"), "explain": "rendered"},
    "root": {
        **dict.fromkeys(BY_TARGET, "as-a-file rendered"),
        **dict.fromkeys(("inject", "eject"), "as-a-file"),
        "build": "[input-ambiguous]",
    },
    "only below": {
        **dict.fromkeys(COMMANDS, "[input-ambiguous]"),
        **dict.fromkeys(BY_TARGET, "rendered"),
    },
    "one below": {
        **dict.fromkeys((*BY_TARGET, "build"), "rendered"),
        **dict.fromkeys(("inject", "eject"), "[input-ambiguous]"),
    },
    "nothing": dict.fromkeys(COMMANDS, "[input-empty]"),
}
ROWS = {
    "plain": "manifests",
    "list": "a kustomization that only lists files",
    "kustomization": "any other kustomization",
    "own": "a kustomization with krm-injector",
    "chart": "a chart",
    "package": "a `Kptfile` with a pipeline",
    "root": "manifests, and other files, kustomizations or charts",
    "only below": "only kustomizations or charts below",
    "one below": "one of these below, and nothing else",
    "nothing": "no manifests",
}


class Run:
    """The program in a directory, with stand-ins of the others that print a directory's file
    .printed.
    """

    def __init__(
        self, work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.work, self.capsys, self.bin = work, capsys, work / ".bin"
        for name in ("kustomize", "helm", "kpt"):
            self.program(name)
        monkeypatch.chdir(work)
        monkeypatch.setenv("PATH", str(self.bin))

    def program(self, name: str, body: str = "") -> None:
        body = body or (
            f'echo "$@" >> {self.work}/.called\nfor word; do [ -f "$word/.printed" ] && '
            'dir=$word; done\nwhile read -r line || [ -n "$line" ]; do :; done < '
            '/dev/null\n/bin/cat "$dir/.printed"\n'
        )
        self.bin.mkdir(exist_ok=True)
        path = self.bin / name
        path.write_text("#!/bin/sh\n" + body)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def write(self, files: dict[str, str], under: str = "d") -> None:
        for name, text in files.items():
            path = self.work / under / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def __call__(self, *words: str) -> tuple[int, str, str]:
        code = program.run(list(words))
        out, err = self.capsys.readouterr()
        return code, out, err

    def called(self) -> str:
        path = self.work / ".called"
        return path.read_text() if path.exists() else ""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(tmp_path, monkeypatch, capsys)


# ---------------------------------------------------------------- the table


@pytest.mark.parametrize("holds", HOLDS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_directory_means_the_same_for_every_command_or_the_error_says_what_to_name(
    run: Run, command: str, holds: str
) -> None:
    run.write(HOLDS[holds])
    code, out, err = run(
        command, *(["-o", "json"] if command in ("explain", "images") else []), "d"
    )
    means = MEANS[holds][command]
    if means.startswith("["):
        assert (code, out) == (1, "") and means in err
        return
    if command == "verify":
        # Files that nobody injects are found not to be injected; a krm-injector of the directory's
        # own injects.
        assert code == (0 if holds == "own" else 1)
        assert out.startswith("1 ") or holds in ("root", "only below")
        for name in means.split():
            assert holds == "own" or (f"Deployment shop/{name}" in err and "is not injected" in err)
        return
    assert code == 0, err
    assert set(re.findall("as-a-file|rendered|unlisted", out.replace("d/.printed", ""))) == {
        *means.split()
    }


@pytest.mark.parametrize("command", READING)
def test_several_directories_of_all_kinds_at_once(run: Run, command: str) -> None:
    kinds = ["plain", "kustomization", "chart"]
    for number, holds in enumerate(kinds):
        renamed = {
            name: re.sub("as-a-file|rendered", f"w{number}", text)
            for name, text in HOLDS[holds].items()
        }
        run.write(renamed, f"d{number}")
    code, out, err = run(
        command, *(["-o", "json"] if command in ("explain", "images") else []), "d0", "d1", "d2"
    )
    assert code == (1 if command == "verify" else 0), err
    assert set(re.findall(r"\bw[0-9]\b", err if command == "verify" else out)) == {"w0", "w1", "w2"}
    if command == "verify":
        assert out.startswith("3 of 3 ")


def test_the_documented_table_is_this_one() -> None:
    page = (ROOT / "docs" / "directories.md").read_text()
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page.splitlines()
        if line[:2] == "| "
    ]
    head, table = rows[0], {row[0]: row[1:] for row in rows[1:]}
    columns = [set(re.findall("`([a-z]+)`", cell)) for cell in head[1:]]
    assert set().union(*columns) >= set(COMMANDS)
    words = {
        "rendered": ("rendered", "each target", "that one"),
        "as-a-file": ("as they stand",),
        "as-a-file rendered": ("each target",),
        "[": ("error",),
    }
    for holds, label in ROWS.items():
        for commands, cell in zip(columns, table[label], strict=True):
            for command in commands & set(COMMANDS):
                means = MEANS[holds][command]
                wanted = words["[" if means.startswith("[") else means]
                assert any(word in cell for word in wanted), (holds, command, cell)


# -------------------------------------------------------------- what is passed over in a repository


def test_what_is_no_kubernetes_object_is_passed_over_with_one_line(run: Run) -> None:
    files = {f"{number}.json": "{}" for number in range(5)}
    run.write(
        {
            **files,
            "a.yaml": NAMESPACE,
            "cloudbuild.yaml": "steps: []\n",
            "list.yaml": PATCH,
            "text.yaml": "x\n",
        }
    )
    code, out, err = run("verify", "d")
    assert (code, out) == (0, "there are no workloads to verify\n")
    (line,) = [line for line in err.splitlines() if "input-passed-over" in line]
    assert line.startswith("info: passed over 8 files that hold no Kubernetes object: d/0.json,")
    assert "and 5 more (-v names them)" in line
    assert "d/cloudbuild.yaml" in run("verify", "-v", "d")[2]
    assert run("verify", "-q", "d")[2] == ""


@pytest.mark.parametrize(
    "text",
    [
        "kind: [\n",
        "apiVersion: v1\nkind: X\n  a: b\n",
        '{"apiVersion": "v1", "kind": }',
        "{apiVersion: v1, kind: [}",
        "kind: {{ .Kind }}{{ if }}\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\na: 1\na: 2\n",
        "kind: ConfigMap\n",
        "apiVersion: v1\n",
        "apiVersion: v1\nkind: ConfigMap\n",
        '{"metadata": {}, "kind": "X"}',
        "a: 1\n---\napiVersion: v1\nkind: X\n",
        "apiVersion: apps/v1\nkind: Deployment\nspec: {}\n",
        '[{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}]',
        "apiVersion: batch/v1\nkind: Job\n",
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nrules: []\n",
    ],
)
def test_what_is_meant_as_an_object_stays_an_error(run: Run, text: str) -> None:
    run.write({"good.yaml": NAMESPACE, "bad.yaml": text})
    code, out, err = run("inject", "d")
    assert (code, out) == (1, "") and "d/bad.yaml" in err and "error: " in err


def test_an_object_in_utf_16_stays_an_error(run: Run) -> None:
    run.write({"good.yaml": NAMESPACE})
    (run.work / "d" / "bad.yaml").write_bytes(deployment("x").encode("utf-16"))
    code, _, err = run("explain", "d")
    assert code == 1 and "save it as UTF-8" in err


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\n",
        "- op: add\n",
        "a\n",
        "apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\nnodes: []\n",
        "apiVersion: skaffold/v4beta6\nkind: Config\nbuild: {}\n",
        "parts:\n  kind: DaemonSet\n",
        "{}\n",
        "[]\n",
        "apiVersion: 1\nsources: []\n",
    ],
)
def test_files_of_other_programs_are_passed_over_but_not_where_they_are_named(
    run: Run, text: str
) -> None:
    run.write({"good.yaml": NAMESPACE, "other.yaml": text})
    code, out, err = run("inject", "d")
    assert (code, out) == (
        0,
        NAMESPACE,
    ) and "passed over 1 file that holds no Kubernetes object: d/other.yaml" in err
    code, out, err = run("inject", "d/good.yaml", "d/other.yaml")
    assert (code, out) == (1, "") and "d/other.yaml" in err


def test_what_is_no_yaml_and_no_object_is_passed_over_with_a_warning(run: Run) -> None:
    run.write(
        {
            "good.yaml": NAMESPACE,
            "tsconfig.json": '{\n  // kind of\n  "a": 1\n}\n',
            "t.yaml": "a: [ # kind\n",
        }
    )
    code, _, err = run("inject", "d")
    assert code == 0
    assert (
        "warning: passed over 2 files that are neither YAML nor JSON" in err
        and "d/tsconfig.json" in err
    )


def test_build_passes_over_nothing_that_is_not_even_yaml(run: Run) -> None:
    run.write({"good.yaml": NAMESPACE, "values.yaml": "a: 1\n", "b.yaml": "a: [\n"})
    code, out, err = run("build", "d")
    assert (code, out) == (1, "") and err.startswith("error: d/b.yaml: line 2") and "values" in err


def test_kustomizations_and_charts_below_are_named_where_they_are_not_rendered(run: Run) -> None:
    run.write({**HOLDS["root"], "base/kustomization.yaml": "namePrefix: y-\nresources: []\n",
               "part/kustomization.yaml": "kind: Component\npatches: [{path: p.yaml}]\n",
               "live/kustomization.yaml":
               "namespace: x\nresources: [../base]\ncomponents: [../part]\n"})  # fmt: skip
    code, _, err = run("inject", "d")
    assert code == 0
    assert (
        "name those that are meant: krm-injector inject d/k d/live d/chart "
        "[kustomization-not-applied]" in err
    )


def test_where_all_workloads_are_in_what_is_not_rendered_it_is_an_error(run: Run) -> None:
    run.write({**HOLDS["only below"], "ns.yaml": NAMESPACE})
    code, out, err = run("inject", "d")
    assert (code, out) == (1, "")
    assert (
        "error: in d kustomizations and charts are not rendered; name those that are meant: "
        "krm-injector inject d/k" in err
    )


def test_a_kustomization_below_that_only_lists_files_is_read(run: Run) -> None:
    run.write({"ns.yaml": NAMESPACE,
               "app/kustomization.yaml": "resources: [a.yaml, more]\ncomponents:\n",
               "app/a.yaml": deployment("a"),
               "app/more/kustomization.yaml": "resources: [b.yaml]\n",
               "app/more/b.yaml": deployment("b"),
               "app/patch.yaml": deployment("unlisted")})  # fmt: skip
    code, out, err = run("images", "-o", "json", "d")
    assert code == 0 and "not-applied" not in err
    assert json.loads(out)["images"][0]["workloads"] == ["Deployment shop/a", "Deployment shop/b"]


# ---------------------------------------------------------------- kustomizations


@pytest.mark.parametrize(
    ("text", "lists"),
    [
        ("resources: [a.yaml]\n", True),
        ("resources: [a.yaml, more]\ncomponents:\npatches: []\nnamePrefix: ''\n", True),
        (
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: "
            "[a.yaml]\n",
            True,
        ),
        ("resources: [a.yaml]\nnamespace: x\n", False),
        ("resources: [more, other]\n", False),
        ("resources: [https://git.example/x]\n", False),
        ("resources: [../outside.yaml]\n", False),
        ("resources: [none.yaml]\n", False),
        ("kind: Component\nresources: [a.yaml]\n", False),
        ("resources: [.]\n", False),
        ("resources: [1]\n", False),
        ("resources: a.yaml\n", False),
        ("resources:\n", False),
        ("", False),
        ("a: [\n", False),
    ],
)
def test_which_kustomizations_only_list_files(tmp_path: Path, text: str, lists: bool) -> None:
    files = {"kustomization.yaml": text, "a.yaml": FILES,
             "more/kustomization.yml": "resources: [b.yaml]\n",
             "more/b.yaml": FILES, "other/Kustomization": "namespace: x\nresources: []\n",
             "../outside.yaml": FILES}  # fmt: skip
    for name, content in files.items():
        (tmp_path / "d" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "d" / name).write_text(content)
    assert kustomizations.only_lists(str(tmp_path / "d")) is lists


def test_a_kustomization_without_kustomize_is_refused_unless_it_only_lists_files(run: Run) -> None:
    for name in ("kustomize",):
        (run.bin / name).unlink()
    run.write(HOLDS["kustomization"])
    run.write(HOLDS["list"], "l")
    for command in READING:
        code, out, err = run(command, "d")
        assert (code, out) == (1, "") and "[kustomize-missing]" in err
        assert "kustomize-missing" not in run(command, "l")[2]


def test_a_kustomization_that_is_named_as_a_file_is_refused_with_its_directory(run: Run) -> None:
    run.write(HOLDS["kustomization"])
    for command in ("inject", "eject", "explain", "diff", "images"):
        code, out, err = run(command, "d/kustomization.yaml")
        assert (code, out) == (
            1,
            "",
        ) and f"name its directory: krm-injector {command} d [input-ambiguous]" in err


@pytest.mark.parametrize(
    ("name", "more"), [("values.yaml", ""), ("values-eu.yaml", " -- --values d/values-eu.yaml")]
)
def test_values_of_a_chart_are_refused_with_the_charts_directory(
    run: Run, name: str, more: str
) -> None:
    run.write({"Chart.yaml": "apiVersion: v2\n", name: "a: 1\n", "e/values.yaml": "a: 1\n"})
    code, out, err = run("explain", f"d/{name}")
    assert (code, out) == (1, "") and f": krm-injector explain d{more} [input-ambiguous]" in err
    assert "[item-without-kind]" in run("explain", "d/e/values.yaml")[2]


def test_options_reach_a_krm_injector_that_the_directory_names(run: Run, tmp_path: Path) -> None:
    """The function is left out of the build, and injection is done behind it."""
    files = dict(HOLDS["own"])
    files[".printed"] = deployment("rendered").replace(", namespace: shop", "")
    run.write(files)
    run.write({"ns.yaml": NAMESPACE.replace("shop", "far")}, "facts")
    for command in ("build", "inject", "diff", "images"):
        assert "[namespace-missing]" in run(command, "d")[2]
        code, out, err = run(command, "--namespace", "far", "--context", "facts", "d")
        assert code == 0 and "proxyv2" in out, err
    code, out, _ = run("explain", "-o", "json", "--namespace", "far", "d")
    assert code == 1 and json.loads(out)["workloads"][0]["verdict"] == "error", (
        "a table all the same"
    )
    assert set(run.called().splitlines()) == {"build --enable-alpha-plugins d"}


@pytest.mark.parametrize("how", ["file", "in place", "folder", "base", "component"])
def test_the_function_s_own_configuration_counts_wherever_it_stands(run: Run, how: str) -> None:
    config, indented = (
        CONFIG + STUB,
        "".join(f"  {line}\n" for line in (CONFIG + STUB).splitlines()),
    )
    own, bare = "transformers: [i.yaml]\n", OVERLAY["kustomization.yaml"]
    files = {
        "file": {"kustomization.yaml": bare + own, "i.yaml": config},
        "in place": {"kustomization.yaml": f"{bare}transformers:\n- |\n{indented}"},
        "folder": {"kustomization.yaml": bare + "transformers: [c/i.yaml]\n", "c/i.yaml": config},
        "base": {"kustomization.yaml": bare.replace("a.yaml", "b"), "b/kustomization.yaml": own,
                 "b/i.yaml": config},
        "component": {"kustomization.yaml": bare + "components: [b]\n",
                      "b/kustomization.yaml": f"kind: Component\n{own}", "b/i.yaml": config},
    }[how]  # fmt: skip
    run.write({"a.yaml": FILES, ".printed": deployment("rendered"), **files})
    code, out, err = run("build", "d")
    assert code == 0 and "istio-proxy" in out, err
    assert ("[function-behind]" in err) is (how in ("base", "component"))


def test_the_outermost_configuration_wins_and_several_below_are_refused(run: Run) -> None:
    one, other = (CONFIG + STUB.replace("enabled", state) for state in ("enabled", "disabled"))
    base = "transformers: [i.yaml]\n"
    files = {".printed": deployment("rendered"), "b/kustomization.yaml": base, "b/i.yaml": other,
             "c/kustomization.yaml": base, "c/i.yaml": one, "i.yaml": one}  # fmt: skip
    run.write({**files, "kustomization.yaml": "resources: [b]\ntransformers: [i.yaml]\n"})
    assert "istio-proxy" in run("build", "d")[1]
    run.write({"kustomization.yaml": "resources: [b, c]\n"})
    code, out, err = run("build", "d")
    assert (
        (code, out) == (1, "") and "d/b/i.yaml, d/c/i.yaml" in err and "--config d/b/i.yaml" in err
    )
    code, out, err = run("build", "d", "--config", "d/c/i.yaml")
    assert code == 0 and "istio-proxy" in out, err


def test_paths_of_the_configuration_count_from_the_kustomization(run: Run) -> None:
    config = f"{CONFIG}spec:\n  mesh: {{file: mesh.yaml}}\n"
    mesh = NAMESPACE.replace("shop", "far").replace("enabled", "disabled")
    run.write({**OVERLAY,
               "kustomization.yaml": ("namePrefix: x-\nresources: [a.yaml]\n"
                                      "transformers: [c/i.yaml]\n"),
               "c/i.yaml": config})  # fmt: skip
    assert "there is no such file in d" in run("build", "d")[2]
    run.write({"mesh.yaml": mesh})
    assert "there is no such file" not in run("build", "d")[2]


def test_facts_that_kustomize_keeps_to_itself_count(run: Run) -> None:
    local = NAMESPACE.replace(
        "{name: shop", '{name: shop, annotations: {config.kubernetes.io/local-config: "true"}'
    )
    run.write({"kustomization.yaml": "namePrefix: x-\nresources: [b]\n",
               ".printed": deployment("rendered"),
               "b/kustomization.yaml": "resources: [ns.yaml]\n", "b/ns.yaml": local})  # fmt: skip
    code, out, err = run("build", "d")
    assert code == 0 and "istio-proxy" in out and "kind: Namespace" not in out, err
    assert run("build", "--context", "d", "d")[0] == 0, "told twice, it is one Namespace"


def test_checks_of_the_directory_are_done_behind_the_build(run: Run) -> None:
    check = CHECK + "spec:\n  require:\n  - matchLabels: {istio-injection: enabled}\n"
    refused = deployment("rendered").replace(
        "{app: rendered}}", '{app: rendered, sidecar.istio.io/inject: "false"}}'
    )
    files = {**OVERLAY,
             "kustomization.yaml": "resources: [a.yaml]\ntransformers: [i.yaml, c.yaml]\n",
             "i.yaml": CONFIG, "c.yaml": check}  # fmt: skip
    run.write(files)
    assert run("build", "d")[0] == 0
    run.write({".printed": NAMESPACE + "---\n" + refused})
    code, out, err = run("build", "d")
    assert (code, out) == (1, "") and "[injection-required]" in err


def test_what_cannot_be_done_behind_the_build_is_told(run: Run) -> None:
    run.write({**OVERLAY, "kustomization.yaml": "resources: [a.yaml]\ntransformers: [e.yaml]\n",
               "e.yaml": CONFIG.replace("SidecarInjection", "SidecarEjection")})  # fmt: skip
    run("build", "d")
    assert run.called() == "build --enable-alpha-plugins --enable-exec d\n", (
        "kustomize runs it in its place"
    )
    (run.bin / "kustomize").rename(run.bin / "kubectl")
    code, out, err = run("build", "d")
    assert (code, out) == (1, "") and "cannot run functions by exec; install kustomize" in err


def test_a_transformer_of_kustomize_s_own_beside_ours_is_not_passed_over(run: Run) -> None:
    label = "apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: x}\n"
    run.write({**OVERLAY,
               "kustomization.yaml": "resources: [a.yaml]\ntransformers: [l.yaml, i.yaml]\n",
               "i.yaml": CONFIG, "l.yaml": label})  # fmt: skip
    assert "example/rendered" in run("inject", "d")[1]
    run.write({"kustomization.yaml": "resources: [a.yaml]\ntransformers: [i.yaml]\n"})
    code, out, _ = run("inject", "d")
    assert code == 0 and "example/as-a-file" in out and "istio-proxy" in out


def test_a_program_s_words_keep_their_lines_and_its_warnings_come_once(run: Run) -> None:
    run.write(OVERLAY)
    warning = "# Warning: 'vars' is old."
    run.program(
        "kustomize",
        f'for i in 1 2 3; do echo "{warning}" >&2; done\necho other >&2\n/bin/cat d/.printed\n',
    )
    err = run("build", "d")[2]
    assert "warning: kustomize: 'vars' is old. (3 times) [kustomize-warning]\n" in err.replace(
        "d: ", ""
    )
    assert "kustomize: other [kustomize-warning]\n" in err
    deprecated = "# Warning: 'commonLabels' is deprecated. Please use 'labels' instead."
    run.program("kustomize", f'echo "{deprecated}" >&2\n/bin/cat d/.printed\n')
    assert "info: kustomize: 'commonLabels' is deprecated" in run("build", "d")[2]
    run.program(
        "kustomize",
        f'echo "{warning}" >&2; printf "error: no\\n  spec:\\n    a: 1\\n" >&2; exit 3\n',
    )
    err = run("build", "d")[2]
    assert (
        "exit status 3): no [kustomize-failed]\n    spec:\n      a: 1\n" in err
        and "'vars'" not in err
    )


@pytest.mark.parametrize("holds", ["plain", "list", "kustomization", "chart", "package"])
def test_what_init_wrote_into_a_directory_counts_for_every_command(run: Run, holds: str) -> None:
    """Argo CD's plugin reads it there, and build: so the others tell what these give."""
    files = {
        name: text.replace(NAMESPACE, "")
        for name, text in HOLDS[holds].items()
        if name != "istio-inject.yaml"
    }
    kptfile = KPTFILE.partition("pipeline")[0]
    run.write(files | ({"Kptfile": kptfile} if holds == "package" else {}))
    for command in COMMANDS:
        if command != "eject":
            assert "[namespace-missing]" in run(command, "d")[2]

    run.write({"istio-inject.yaml": CONFIG + STUB})
    for command in ("inject", "diff", "images", "build"):
        code, out, err = run(command, "d")
        assert code == 0 and "proxyv2" in out, err
    assert "1 injected" in run("explain", "d")[1]
    assert "[verify-not-injected]" in run("verify", "d")[2]

    # --config replaces it.
    run.write({"other.yaml": CONFIG + STUB.replace("enabled", "disabled")}, "")
    assert "0 injected" in run("explain", "--config", "other.yaml", "d")[1]


@pytest.mark.parametrize(
    "text",
    [NAMESPACE.replace("shop", "far"), "", "- op: add\n  path: /a\n  value: 1\n"],
    ids=["manifest", "empty", "patch"],
)
def test_a_file_of_the_name_that_init_uses_can_be_something_else(run: Run, text: str) -> None:
    run.write({"a.yaml": FILES, "istio-inject.yaml": text})
    for command in ("explain", "diff", "images"):
        code, out, err = run(command, "d")
        assert code == 0 and out, err


def test_several_directories_with_configurations_that_differ_are_refused(run: Run) -> None:
    run.write({"a.yaml": deployment("a"), "istio-inject.yaml": CONFIG + STUB}, "d")
    run.write({"b.yaml": deployment("b"), "istio-inject.yaml": CONFIG + STUB}, "e")
    assert "2 injected" in run("explain", "d", "e")[1]

    run.write({"istio-inject.yaml": CONFIG + STUB.replace("enabled", "disabled")}, "e")
    code, out, err = run("explain", "d", "e")
    assert (code, out) == (1, "") and "--config d/istio-inject.yaml" in err
