"""A directory with several targets: each is run by itself, and one answer tells of all."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path

import files
import pytest

from krm_injector.cli import program

LABELS = "labels: {istio-injection: enabled}"


def namespace(name: str = "shop", labels: str = LABELS) -> str:
    return f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, {labels}}}\n"


def deployment(name: str, where: str = "shop") -> str:
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: {where}}}\n"
        f"spec:\n  selector:\n    matchLabels: {{app: {name}}}\n  template:\n    metadata: "
        f"{{labels: {{app: {name}}}}}\n    spec:\n      containers: [{{name: {name}, image: "
        f"example/{name}}}]\n"
    )


OVERLAY = "namePrefix: x-\nresources: [a.yaml]\n"
TREE = {
    "apps/web/kustomization.yaml": OVERLAY,
    "apps/web/a.yaml": deployment("web"),
    "apps/web/.printed": deployment("web"),
    "charts/db/Chart.yaml": "apiVersion: v2\nname: db\nversion: 1.0.0\n",
    "charts/db/.printed": deployment("db"),
    "cluster/namespaces.yaml": namespace(),
    "package.json": "{}",
}


class Run:
    """The program in a directory, with stand-ins for kustomize and helm: they print .printed of the
    directory, or fail with the text of its .fails.
    """

    def __init__(
        self, work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.work, self.capsys = work, capsys
        body = (
            '#!/bin/sh\nfor word; do [ -f "$word/.printed" ] && dir=$word; [ -f "$word/.fails" ] '
            '&& { /bin/cat "$word/.fails" >&2; exit 1; }; done\n/bin/cat "$dir/.printed"\n'
        )
        for name in ("kustomize", "helm"):
            path = work / ".bin" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(body)
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.chdir(work)
        monkeypatch.setenv("PATH", str(work / ".bin"))

    def write(self, tree: dict[str, str]) -> None:
        files.write(self.work, tree)

    def __call__(self, *words: str) -> tuple[int, str, str]:
        code = program.run(list(words))
        out, err = self.capsys.readouterr()
        return code, out, err


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(tmp_path, monkeypatch, capsys)


def rows(out: str) -> list[list[str]]:
    """The cells of the table at the top."""
    table = out.split("\n\n")[0].splitlines()
    return [line.split() for line in table[1:]]


# ---------------------------------------------------------------- what is found


def test_explain_tells_of_each_target_with_the_namespaces_of_all(run: Run) -> None:
    run.write(TREE)
    code, out, err = run("explain", ".")
    assert code == 0, err
    assert out.startswith("TARGET ")
    assert [row[:4] for row in rows(out)] == [
        ["apps/web", "Deployment", "shop/web", "yes"],
        ["charts/db", "Deployment", "shop/db", "yes"],
    ]
    assert "3 targets, without errors." in out and "2 workloads: 2 injected" in out


def test_several_directories_and_files_at_once(run: Run) -> None:
    run.write({**TREE, "more.yaml": deployment("more")})
    code, out, err = run("explain", "apps", "cluster", "more.yaml")
    assert code == 0, err
    assert {row[0] for row in rows(out)} == {"more.yaml", "apps/web"}
    out = run("explain", ".", "more.yaml")[1]
    assert [row[0] for row in rows(out)].count("root") == 1 and "more.yaml" not in out
    code, _, err = run("explain", "apps", "charts", "-")
    assert code == 1 and "stdin cannot be read beside" in err


def test_verify_has_a_row_for_each_target_and_counts_what_is_known(run: Run) -> None:
    run.write({**TREE, "charts/db/.printed": deployment("db", "elsewhere")})
    code, out, err = run("verify", ".")
    assert code == 1 and "namespace-missing" in err
    assert [row[:4] for row in rows(out)] == [
        ["apps/web", "kustomization", "1", "1"],
        ["charts/db", "chart", "1", "0"],
    ]
    assert "0 workloads verified, 1 not as injection gives them, 1 not known for errors." in out


def test_verify_of_what_nobody_injects_is_verified(run: Run) -> None:
    run.write({**TREE, "cluster/namespaces.yaml": namespace(labels="labels: {a: b}")})
    code, out, err = run("verify", ".")
    assert code == 0, err
    assert "2 workloads verified." in out


def test_the_forms_for_programs_name_the_target(run: Run) -> None:
    run.write(TREE)
    for form in ("json", "yaml"):
        code, out, _ = run("explain", "-o", form, ".")
        assert code == 0 and "charts/db" in out
    assert json.loads(run("explain", "-o", "json", ".")[1])["summary"]["injected"] == 2
    assert "| charts/db | Deployment |" in run("explain", "-o", "markdown", ".")[1]
    assert "charts/db" in run("explain", "-o", "html", ".")[1]
    assert '"version": "2.1.0"' in run("explain", "-o", "sarif", ".")[1]


def test_diff_and_images_go_target_by_target(run: Run) -> None:
    run.write(TREE)
    code, out, err = run("diff", ".")
    assert code == 0, err
    assert [line for line in out.splitlines() if line.startswith(("# ", "+++ "))] == [
        "# apps/web",
        "+++ b/apps/web",
        "# charts/db",
        "+++ b/charts/db",
    ]
    code, out, err = run("images", "-o", "json", ".")
    image = json.loads(out)["images"][0]
    assert code == 0 and image["workloads"] == ["Deployment shop/web", "Deployment shop/db"]
    assert [place["target"] for place in image["places"]] == ["apps/web", "charts/db"]
    assert run("images", ".")[1] == f"{image['image']}\n"


@pytest.mark.parametrize(
    "words",
    [
        ("diff", ".", "--to", "m.yaml"),
        ("diff", "-o", "json6902", "."),
        ("explain", ".", "--", "--enable-helm"),
    ],
)
def test_options_for_one_target_are_refused(run: Run, words: tuple[str, ...]) -> None:
    run.write({**TREE, "m.yaml": namespace()})
    code, out, err = run(*words)
    assert (code, out) == (1, "") and "options-unread" in err


# ---------------------------------------------------------------- build


def test_build_of_several_is_refused_with_the_command_for_all(run: Run) -> None:
    run.write(TREE)
    code, out, err = run("build", ".")
    assert (code, out) == (1, "")
    assert "krm-injector fleet build . --output DIR" in err and "apps/web, charts/db" in err


def test_build_of_the_only_target_builds_it(run: Run) -> None:
    printed = namespace() + "---\n" + deployment("web")
    run.write({"apps/web/kustomization.yaml": OVERLAY, "apps/web/.printed": printed})
    code, out, err = run("build", ".")
    assert code == 0, err
    assert "istio-proxy" in out


# ---------------------------------------------------------------- what cannot be rendered here


REMOTE = "https://git.example/base?ref=v1"


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        (
            {
                "r/kustomization.yaml": f"resources: ['{REMOTE}']\n",
                "r/.fails": f"accumulating resources from '{REMOTE}': no such host",
            },
            "kustomize-failed",
        ),
        (
            {
                "r/Chart.yaml": "name: r\ndependencies:\n- name: redis\n  repository: https://c.a\n",
                "r/.fails": "Error: found in Chart.yaml, but missing in charts/ directory: redis",
            },
            "helm-failed",
        ),
        (
            {
                "r/Chart.yaml": "name: r\n",
                "r/.fails": "Error: execution error at (r/templates/a.yaml:1:3): host is required",
            },
            "helm-failed",
        ),
        (
            {
                "r/Chart.yaml": "name: r\nkubeVersion: '>=1.99'\n",
                "r/.fails": "Error: chart requires kubeVersion: >=1.99 which is incompatible",
            },
            "helm-failed",
        ),
    ],
)
def test_what_needs_something_from_elsewhere_is_an_error_only_if_named(
    run: Run, tree: dict[str, str], words: str
) -> None:
    run.write({**TREE, **tree})
    code, out, err = run("verify", ".", "--namespace-labels", "shop=")
    assert code == 0 and f"[{words}]" in err
    assert "1 target is not rendered here, and not in these numbers: r." in out
    assert [row[0] for row in rows(out) if "rendered" in row] == ["r"]
    assert not [line for line in err.splitlines() if line.startswith("error") and words in line]
    for named in (["r"], [".", "r/"]):
        code, _, err = run("verify", *named, "--namespace-labels", "shop=")
        assert code == 1 and f"[{words}]" in err
        # A busy machine has a line of progress before it.
        assert re.match(r"(?:[\d,]+ of .* in .* s\n)?error: ", err)


def test_the_fleet_file_names_targets_and_their_clusters(run: Run) -> None:
    fleet = "apiVersion: krm-injector.dev/v1alpha1\nkind: Fleet\nmetadata: {name: a}\nspec:\n"
    fleet += "  clusters: [{name: eu}]\n  targets: [{path: r, clusters: [eu]}]\n"
    run.write(
        {
            **TREE,
            "krm-injector-fleet.yaml": fleet,
            "r/kustomization.yaml": f"resources: ['{REMOTE}']\n",
            "r/.fails": f"accumulating resources from '{REMOTE}': no such host",
        }
    )
    code, out, err = run("verify", ".")
    assert code == 1 and "error: eu/r: " in err
    assert [row[0] for row in rows(out)] == ["eu/r"]


def test_a_base_that_is_named_is_a_target(run: Run) -> None:
    run.write({**TREE, "over/kustomization.yaml": "resources: [../apps/web]\nnamePrefix: a-\n",
               "over/.printed": deployment("a-web")})  # fmt: skip
    assert {row[0] for row in rows(run("explain", ".")[1])} == {"charts/db", "over"}
    names = {row[0] for row in rows(run("explain", ".", "apps/web")[1])}
    assert names == {"apps/web", "charts/db", "over"}


def test_functions_that_nobody_has_allowed_are_a_warning(run: Run) -> None:
    function = "    config.kubernetes.io/function: |\n      exec: {path: ./other}\n"
    run.write(
        {
            **TREE,
            "r/kustomization.yaml": "namePrefix: a-\ntransformers: [f.yaml]\n",
            "r/f.yaml": "apiVersion: a/v1\nkind: F\nmetadata:\n  name: f\n  annotations:\n"
            + function,
        }
    )
    code, out, err = run("explain", ".")
    assert code == 0 and "warning: r: r/f.yaml:7 runs the program ./other" in err
    assert "1 target is not rendered here" in out
    assert run("explain", "r")[0] == 1


def test_what_is_broken_here_is_an_error(run: Run) -> None:
    run.write(
        {
            **TREE,
            "r/kustomization.yaml": "resources: [none.yaml]\nnamePrefix: a-\n",
            "r/.fails": "accumulating resources from 'none.yaml': no such file",
        }
    )
    code, out, err = run("explain", ".")
    assert code == 1 and "error: r: " in err and "shop/web" in out


def test_nothing_rendered_and_no_workload_is_an_error(run: Run) -> None:
    run.write(
        {
            "r/kustomization.yaml": f"resources: ['{REMOTE}']\n",
            "r/.fails": f"accumulating resources from '{REMOTE}': no such host",
            "ns/ns.yaml": namespace(),
        }
    )
    code, out, err = run("verify", ".")
    assert code == 1 and "no workload was found, and 1 target cannot be rendered here" in err
    assert "verified" not in out


# ---------------------------------------------------------------- what counts for all targets


def test_namespaces_that_differ_count_for_none(run: Run) -> None:
    run.write({**TREE, "other/ns.yaml": namespace(labels="labels: {a: b}")})
    code, _, err = run("explain", ".")
    assert code == 1 and "Namespace shop is not in the bundle" in err


def test_the_namespace_of_the_target_comes_first(run: Run) -> None:
    own = namespace(labels="labels: {istio-injection: disabled}") + "---\n" + deployment("web")
    run.write({**TREE, "apps/web/.printed": own})
    code, out, err = run("explain", ".")
    assert code == 0, err
    assert "namespace-stub-ignored" not in err
    assert [row[3] for row in rows(out)] == ["no", "yes"]


def test_options_come_before_the_manifests_of_others(run: Run) -> None:
    run.write(TREE)
    out = run("explain", ".", "--namespace-labels", "shop=")[1]
    assert [row[3] for row in rows(out)] == ["no", "no"]


MESH = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\n"
    "data:\n  mesh: |\n    defaultConfig: {concurrency: 7}\n"
)


def test_the_one_mesh_counts_for_all_and_several_are_told(run: Run) -> None:
    run.write({**TREE, "mesh/istio.yaml": MESH})
    out = run("diff", ".")[1]
    assert out.count("concurrency") == 2
    run.write({"mesh2/istio.yaml": MESH.replace("7", "9")})
    code, out, err = run("diff", ".")
    assert code == 0 and "concurrency" not in out
    assert "warning: several meshes are described, in mesh/istio.yaml, mesh2/istio.yaml" in err


# ---------------------------------------------------------------- what is passed over


@pytest.mark.parametrize("file", [".gitignore", ".krm-injector-ignore"])
def test_ignore_files_count_for_targets_and_for_plain_directories(run: Run, file: str) -> None:
    run.write({**TREE, file: "charts/\n/old\n", "old/bad.yaml": "apiVersion: v1\nkind: [\n"})
    code, out, err = run("explain", ".")
    assert code == 0, err
    assert {row[0] for row in rows(out)} == {"apps/web"}
    assert "passed over" in err
    assert f"{file}:1 (charts/) names it" in run("explain", "-v", ".")[2]

    run.write({"plain/a.yaml": namespace(), f"plain/{file}": "b.yaml\n", "plain/b.yaml": "kind: x"})
    code, out, err = run("verify", "plain")
    assert code == 0, err
    assert "info: passed over 1 path that an ignore file names: plain/b.yaml" in err
    assert run("build", "plain")[1] == namespace()


def test_a_directory_that_is_named_is_read_though_it_is_ignored(run: Run) -> None:
    run.write({".gitignore": "gen/\n", "gen/a.yaml": namespace() + "---\n" + deployment("a")})
    code, out, err = run("explain", "gen")
    assert code == 0, err
    assert "shop/a" in out


def test_argo_cd_reads_what_is_committed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run.write({".gitignore": "a.yaml\n", "a.yaml": namespace(), "b.yaml": deployment("b")})
    assert "kind: Namespace" not in run("build", ".", "--namespace-labels", "shop=")[1]
    monkeypatch.setenv("ARGOCD_APP_NAME", "shop")
    monkeypatch.setenv("ARGOCD_APP_NAMESPACE", "shop")
    assert "kind: Namespace" in run("build", ".")[1]


def test_a_faulty_file_that_was_found_hides_no_other(run: Run) -> None:
    tree = {
        "a.yaml": namespace() + "---\n" + deployment("a"),
        "b.yaml": "apiVersion: v1\nkind: [\n",
    }
    run.write({f"d/{name}": text for name, text in tree.items()})
    code, out, err = run("explain", "d")
    assert code == 1 and "shop/a" in out and "error: d/b.yaml" in err
    code, out, err = run("explain", "d/a.yaml", "d/b.yaml")
    assert (code, out) == (1, "") and "error: d/b.yaml" in err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("apiVersion: v1\nkind: {{ .Kind }}\n", "1 template that is not rendered here: d/b.yaml"),
        ("{% raw %}\napiVersion: v1\nkind: X\n", "1 template that is not rendered here: d/b.yaml"),
        ("apiVersion: v1\nkind: X\n<#if x>\na: b\n</#if>\n", "1 template that is not rendered"),
        ("<% if x %>\napiVersion: v1\nkind: X\n", "1 template that is not rendered here: d/b.yaml"),
        ("apiVersion: x/v1\nkind: X\nmetadata: {labels: {}}\n", "1 file with an object without"),
        (
            "apiVersion: x/v1\nkind: X\nmetadata: {labels: {}}\nspec:\n  kind: Deployment\n",
            "1 file with an object without metadata.name: d/b.yaml",
        ),
    ],
)
def test_templates_and_requests_without_a_name_are_passed_over(
    run: Run, text: str, words: str
) -> None:
    run.write({"d/a.yaml": namespace(), "d/b.yaml": text})
    code, _, err = run("verify", "d")
    assert code == 0 and f"warning: passed over {words}" in err
    for command in ("inject", "build"):
        assert run(command, "d")[0] == 1


@pytest.mark.parametrize(
    "text",
    [
        '[{"apiVersion": "x/v1", "kind": "X", "metadata": {"name": "a"}}]',
        "- apiVersion: x/v1\n  kind: X\n  metadata: {name: a}\n",
    ],
)
def test_a_sequence_of_objects_is_none_unless_it_has_workloads(run: Run, text: str) -> None:
    run.write({"d/a.yaml": namespace(), "d/b.yaml": text})
    code, _, err = run("verify", "d")
    assert code == 0 and "passed over 1 file that holds no Kubernetes object: d/b.yaml" in err
    run.write({"d/b.yaml": text.replace("x/v1", "apps/v1").replace("X", "Deployment")})
    code, _, err = run("verify", "d")
    assert code == 1 and "error: d/b.yaml" in err


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: apps/v1\nkind: Deployment\nspec: {}\n",
        '{"apiVersion": "batch/v1", "kind": "Job"}',
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\na: 1\na: '{{ x }}'\nb: ''\n",
    ],
)
def test_faulty_manifests_of_a_directory_stay_errors(run: Run, text: str) -> None:
    run.write({"d/a.yaml": namespace(), "d/b.yaml": text})
    code, _, err = run("verify", "d")
    assert code == 1 and "error: d/b.yaml" in err


def test_verify_says_what_is_not_verified_where_only_kustomizations_are_named(run: Run) -> None:
    run.write(TREE)
    code, out, err = run("verify", "apps/web/kustomization.yaml")
    assert (code, out) == (0, "")
    assert "verified by their directories: krm-injector verify apps/web" in err


def test_verify_counts_every_workload_that_one_error_is_about(run: Run) -> None:
    run.write({"d/a.yaml": deployment("a") + "---\n" + deployment("b")})
    code, out, _ = run("verify", "d")
    assert (code, out) == (1, "2 of 2 workloads are not verified: see the errors\n")


def test_verify_tells_stale_workloads_from_those_that_errors_are_about(run: Run) -> None:
    run.write({"d/a.yaml": namespace() + "---\n" + deployment("a")})
    code, out, _ = run("verify", "d")
    assert (code, out) == (1, "1 of 1 workload is not as injection gives it\n")
    run.write({"d/b.yaml": deployment("b", "lab")})
    _, out, _ = run("verify", "d")
    assert out == (
        "1 of 2 workloads are not as injection gives them, and 1 not verified: see the errors\n"
    )
    run.write({"d/c.yaml": "apiVersion: v1\nkind: [\n"})
    _, out, _ = run("verify", "d")
    assert out.startswith("1 of 2 workloads are not as injection gives them")


def test_the_error_for_one_that_names_no_namespace_is_about_the_others_too(run: Run) -> None:
    both = deployment("a").replace(", namespace: shop", "")
    run.write({"d/a.yaml": both + "---\n" + both.replace("name: a", "name: b")})
    _, _, err = run("inject", "d")
    assert err.count("[namespace-missing]") == 1
    assert "Give it, and every other workload that names none, metadata.namespace" in err


@pytest.mark.parametrize("command", ["explain", "verify", "diff", "images", "build"])
def test_manifests_that_are_all_ignored_are_told(run: Run, command: str) -> None:
    run.write({".gitignore": "*.yaml\n", "a.yaml": deployment("a"), "b.yaml": deployment("b")})
    code, out, err = run(command, ".")
    assert (code, out) == (1, "")
    assert ".gitignore or .krm-injector-ignore names (./a.yaml and 1 more)" in err
