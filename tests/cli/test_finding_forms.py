"""What a run found, for other programs: --output sarif, junit, policyreport and github, and
--results FILE.sarif and FILE.xml.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from command import krm_text
from files import write
from outside import needs_program
from published import check_junit, check_reports, check_sarif

from krm_injector.cli.options import FORMS
from krm_injector.cli.tables import FINDINGS
from krm_injector.presenting import findings

SHOP = """\
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels: {istio-injection: enabled}
"""
WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web:1
        ports:
        - containerPort: 15001
"""
FILES = {"shop.yaml": SHOP, "web.yaml": WEB}
PORT_LINE = WEB[: WEB.index("15001")].count("\n") + 1
CHECKS = {"sarif": check_sarif, "junit": check_junit, "policyreport": check_reports}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write(tmp_path, FILES)


def run(directory: Path, *words: str, code: int = 0, stdin: str = "") -> str:
    done = krm_text(*words, cwd=directory, stdin=stdin)
    assert done.returncode == code, done.stderr
    return done.stdout


def results(text: str) -> list[dict[str, Any]]:
    (sarif,) = json.loads(text)["runs"]
    return list(sarif["results"])


def places(text: str) -> list[tuple[str, str, int]]:
    """The code, file and line of each result."""
    found = []
    for result in results(text):
        place = result["locations"][0]["physicalLocation"]
        uri, line = place["artifactLocation"]["uri"], place["region"]["startLine"]
        found.append((result["ruleId"], uri, line))
    return found


def test_the_forms_are_those_of_the_command_line() -> None:
    assert FINDINGS == findings.FORMS
    commands = [name for name, forms in FORMS.items() if set(FINDINGS) <= set(forms)]
    assert commands == ["explain", "verify", "fleet explain", "fleet merge"]


@pytest.mark.parametrize("form", CHECKS)
@pytest.mark.parametrize("command, code", [("explain", 0), ("verify", 1)])
def test_the_forms_are_valid(shop: Path, command: str, code: int, form: str) -> None:
    text = run(shop, command, ".", "--output", form, code=code)
    assert text
    CHECKS[form](text)


def test_explain_has_all_results_with_file_and_line(shop: Path) -> None:
    text = run(shop, "explain", ".", "--output", "sarif")
    assert ("port-collision", "web.yaml", PORT_LINE) in places(text)
    assert ("webhook-active", "shop.yaml", 5) in places(text)
    listed = json.loads(run(shop, "explain", ".", "--output", "json"))
    warnings = [each for entry in listed["workloads"] for each in entry["warnings"]]
    assert {each["code"] for each in warnings} <= {code for code, _, _ in places(text)}


def test_verify_has_the_stale_workload(shop: Path) -> None:
    assert places(run(shop, "verify", ".", "--output", "sarif", code=1)) == [
        ("verify-not-injected", "web.yaml", 4)
    ]


def test_a_workload_that_is_as_it_should_be_passes(shop: Path) -> None:
    (shop / "all.yaml").write_text(run(shop, "inject", "shop.yaml", "web.yaml"))
    text = run(shop, "verify", "all.yaml", "--output", "junit")
    root = ElementTree.fromstring(text)
    cases = {case.attrib["name"]: [each.tag for each in case] for case in root.iter("testcase")}
    assert cases["Deployment shop/web"] == []
    report = next(iter(yaml.safe_load_all(run(shop, "verify", "all.yaml", "-o", "policyreport"))))
    assert report["summary"]["pass"] == 1 and report["scope"]["name"] == "web"


def test_text_is_the_default_of_verify(shop: Path) -> None:
    text = run(shop, "verify", ".", code=1)
    assert text == run(shop, "verify", ".", "--output", "text", code=1)
    assert text.startswith("1 of 1 workload is not")


def test_github(shop: Path) -> None:
    first = run(shop, "verify", ".", "--output", "github", code=1).splitlines()[0]
    assert first.startswith("::error file=web.yaml,line=4,endLine=4,col=9,endColumn=12,title=")


# ---------------------------------------------------------------- refused


@pytest.mark.parametrize("form", findings.FORMS)
@pytest.mark.parametrize("command", ["explain", "verify"])
def test_what_refuses_the_run_is_in_the_form(shop: Path, command: str, form: str) -> None:
    """All causes: a file that is no YAML, and one that is not there."""
    write(shop, {"broken.yaml": "kind: [\n"})
    text = run(shop, command, "broken.yaml", "nowhere.yaml", "--output", form, code=1)
    for part in ("broken.yaml", "nowhere.yaml"):
        assert part in text
    if form in CHECKS:
        CHECKS[form](text)


def test_a_run_without_files(tmp_path: Path) -> None:
    text = run(tmp_path, "verify", "--output", "sarif", stdin=WEB, code=1)
    ((code, uri, _),) = places(text)
    assert (code, uri) == ("namespace-missing", "stdin")


# ---------------------------------------------------------------- files


@pytest.mark.parametrize("name, form", [("f.sarif", "sarif"), ("f.xml", "junit")])
@pytest.mark.parametrize(
    "command, code", [("explain", 0), ("verify", 1), ("build", 0), ("diff", 1)]
)
def test_results_by_the_ending(shop: Path, command: str, code: int, name: str, form: str) -> None:
    done = krm_text(command, ".", "--results", name, cwd=shop)
    assert done.returncode in (0, code)
    CHECKS[form]((shop / name).read_text())


def test_the_file_is_the_same_as_stdout(shop: Path) -> None:
    for form, name in (("sarif", "a.sarif"), ("junit", "a.xml")):
        text = run(shop, "verify", "web.yaml", "shop.yaml", "--output", form, code=1)
        run(shop, "verify", "web.yaml", "shop.yaml", "--results", name, code=1)
        assert (shop / name).read_text() == text


@pytest.mark.parametrize("name", ["f.yaml", "f.json", "results"])
def test_other_endings_stay_lists_of_kpt(shop: Path, name: str) -> None:
    run(shop, "verify", ".", "--results", name, code=1)
    document = yaml.safe_load((shop / name).read_text())
    assert document["kind"] == "FunctionResultList"


def test_one_run_may_write_two_forms(shop: Path) -> None:
    text = run(shop, "explain", ".", "--output", "markdown", "--results", "a.sarif")
    assert text.startswith(("#", "|", "**")) or "| " in text
    assert ("port-collision", "web.yaml", PORT_LINE) in places((shop / "a.sarif").read_text())


def test_the_function_and_the_check_function(shop: Path) -> None:
    """Of a ResourceList the orchestrator's file is known, and no line of it."""
    items = [yaml.safe_load(SHOP), yaml.safe_load(WEB)]
    for item, name in zip(items, FILES, strict=True):
        item["metadata"]["annotations"] = {"internal.config.kubernetes.io/path": f"base/{name}"}
    check = {
        "apiVersion": "krm-injector.dev/v1alpha1",
        "kind": "InjectionCheck",
        "metadata": {"name": "check"},
    }
    resources = {
        "apiVersion": "config.kubernetes.io/v1",
        "kind": "ResourceList",
        "functionConfig": check,
        "items": items,
    }
    done = krm_text("--results", "a.sarif", cwd=shop, stdin=json.dumps(resources))
    found = places((shop / "a.sarif").read_text())
    check_sarif((shop / "a.sarif").read_text())
    assert ("port-collision", "base/web.yaml", 1) in found, done.stderr


# ---------------------------------------------------------------- pages


def test_the_address_of_the_pages_can_be_stated(shop: Path) -> None:
    words = ("explain", ".", "--docs", "https://git.example/krm-injector/docs/", "--output")
    for form in findings.FORMS:
        text = run(shop, *words, form)
        assert "https://git.example/krm-injector/docs/warnings.md#port-collision" in text
        assert "krm-injector.dev/docs" not in text


@pytest.mark.parametrize("address", ["docs", "ftp://a/b", "https://a b", "https://a\nb"])
def test_the_address_of_the_pages_is_one(shop: Path, address: str) -> None:
    done = krm_text("verify", ".", "--docs", address, cwd=shop)
    assert done.returncode == 2 and "an address, as https://" in done.stderr


# ---------------------------------------------------------------- fleets


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    needs_program("kustomize")
    app = "resources: [../../base]\nnamePrefix: {name}-\n"
    return write(
        tmp_path,
        {
            "base/kustomization.yaml": "resources: [shop.yaml, web.yaml]\n",
            **{f"base/{name}": text for name, text in FILES.items()},
            "apps/a/kustomization.yaml": app.format(name="a"),
            "apps/b/kustomization.yaml": app.format(name="b"),
            "apps/c/kustomization.yaml": "resources: [nowhere.yaml]\n",
        },
    )


@pytest.mark.parametrize("form", CHECKS)
def test_a_fleet(fleet: Path, form: str) -> None:
    text = run(fleet, "fleet", "explain", ".", "--jobs", "2", "--output", form, code=1)
    CHECKS[form](text)
    for part in ("a-web", "b-web", "apps/c", "port-collision", "kustomize-failed"):
        assert part in text
    if form == "sarif":
        assert ("kustomize-failed", "apps/c/kustomization.yaml", 1) in places(text)
        assert ("port-collision", "base/web.yaml", PORT_LINE) in places(text)


def test_what_cannot_be_rendered_is_at_its_kustomization(fleet: Path) -> None:
    text = run(fleet, "verify", "apps/c", "--output", "sarif", code=1)
    assert places(text) == [("kustomize-failed", "apps/c/kustomization.yaml", 1)]


def test_a_fleet_verifies_to_files(fleet: Path) -> None:
    run(fleet, "fleet", "verify", ".", "--jobs", "2", "--results", "a.xml", code=1)
    text = (fleet / "a.xml").read_text()
    check_junit(text)
    root = ElementTree.fromstring(text)
    found = {
        (suite.attrib["name"], case.attrib["name"]): [each.tag for each in case]
        for suite in root
        for case in suite
    }
    assert found == {
        ("krm-injector-fleet-verify", "the run"): [],
        ("apps/a", "the run"): ["system-out"],  # which default of native sidecars was assumed
        ("apps/b", "the run"): ["system-out"],
        ("apps/a", "Deployment shop/a-web"): ["failure"],
        ("apps/b", "Deployment shop/b-web"): ["failure"],
        ("apps/c", "apps/c"): ["error"],
    }


def test_reports_of_shards_are_merged(fleet: Path) -> None:
    words = ("fleet", "explain", ".", "--jobs", "1", "--results", "part.sarif")
    for number in (1, 2):
        shard = ("--shard", f"{number}/2", "--report", f"{number}.json")
        krm_text(*words, *shard, cwd=fleet)
    whole = run(fleet, "fleet", "explain", ".", "--jobs", "1", "--output", "sarif", code=1)
    merged = run(fleet, "fleet", "merge", "1.json", "2.json", "--output", "sarif", code=1)
    assert merged == whole


def test_a_report_without_places_has_the_results(fleet: Path) -> None:
    krm_text("fleet", "explain", ".", "--jobs", "1", "--report", "all.json", cwd=fleet)
    merged = run(fleet, "fleet", "merge", "all.json", "--output", "sarif", code=1)
    check_sarif(merged)
    assert {"port-collision", "kustomize-failed"} <= {code for code, _, _ in places(merged)}


def test_a_cache_of_another_form_has_no_places(fleet: Path) -> None:
    words = ("fleet", "explain", ".", "--jobs", "1", "--cache", "kept")
    run(fleet, *words, code=1)
    first = run(fleet, *words, "--output", "sarif", code=1)
    again = run(fleet, *words, "--output", "sarif", code=1)
    assert first == again and "port-collision" in first
