"""Every way to install, from the files that a release publishes, without network.

The release is built once from the last commit; what is not committed is not in it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml
from e2e.argocd_server import Server
from e2e.helm_charts import CHART, CONFIG, WEB
from e2e.real_programs import Programs, deployment, injected, namespace, objects
from files import write
from paths import ROOT
from release import archives

pytestmark = pytest.mark.slow
KEY = ("Deployment", "shop", "web")
MANIFESTS = (namespace("shop") + "---\n" + deployment("web")).encode()
BARE = ["run", "--rm", "-i", "--network", "none"]
PYTHON = "python:3.12-slim"


def build(output: Path, *words: str, path: str = os.environ["PATH"]) -> None:
    command = [sys.executable, "-m", "release", "--unreleased", "--output", str(output), *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts"), "PATH": path}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("cyclonedx", reason="the extra release is not installed: make release")
    if not (ROOT / ".git").exists():
        pytest.skip("a release is built from a git repository")
    output = tmp_path_factory.mktemp("release")
    build(output)
    return output


@pytest.fixture(scope="module")
def wheelhouse(programs: Programs, release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, and those of its dependencies for the Python of the image."""
    house = tmp_path_factory.mktemp("wheels")
    script = "import sys; print('%d.%d' % sys.version_info[:2])"
    asked = [programs.need("docker"), *BARE, PYTHON, "python3", "-c", script]
    version = programs.run(asked, house).out.decode().strip()
    shutil.copy(next(release.glob("*.whl")), house)
    command = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check",
               "--only-binary=:all:", "--python-version", version, "--platform",
               "manylinux_2_17_x86_64", "--platform", "manylinux2014_x86_64", "-d", str(house),
               str(next(house.glob("krm_injector*.whl")))]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return house


def unpacked(archive: Path, directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as file:
        archives.extract(file, directory)
    return directory


# ---------------------------------------------------------------- what is published


def test_the_same_commit_gives_the_same_bytes(release: Path, tmp_path: Path) -> None:
    build(tmp_path)
    names = sorted(path.name for path in release.iterdir())
    assert names == sorted(path.name for path in tmp_path.iterdir())
    for name in names:
        assert (tmp_path / name).read_bytes() == (release / name).read_bytes(), name


def test_checksums_are_those_of_the_files(release: Path) -> None:
    lines = (release / "SHA256SUMS").read_text().splitlines()
    sums = {name: digest for digest, name in (line.split("  ") for line in lines)}
    assert set(sums) == {path.name for path in release.iterdir()} - {"SHA256SUMS"}
    for name, digest in sums.items():
        assert hashlib.sha256((release / name).read_bytes()).hexdigest() == digest


def test_twine_takes_wheel_and_sdist(release: Path) -> None:
    files = [*release.glob("*.whl"), *release.glob("krm_injector-*.tar.gz")]
    assert len(files) == 2
    command = [sys.executable, "-m", "twine", "check", "--strict", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_bill_of_materials_is_of_what_is_in_the_zipapp(release: Path) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = (release / "krm-injector.cdx.json").read_text()
    try:
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    except Exception as problem:
        if type(problem).__name__ != "MissingOptionalDependencyException":
            raise
    listed = {each["name"].lower() for each in json.loads(text)["components"]}
    script = (
        "import sys, zipfile\n"
        "names = zipfile.ZipFile(sys.argv[1]).namelist()\n"
        "print(*{n.split('-')[0].lower() for n in names if n.split('/')[0].endswith('.dist-info')})"
    )
    command = [sys.executable, "-c", script, str(release / "krm-injector.pyz")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == listed >= {"pyyaml", "jsonschema"}


def test_the_provenance_names_commit_and_files(release: Path) -> None:
    statement = json.loads((release / "krm-injector.provenance.json").read_text())
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    definition = statement["predicate"]["buildDefinition"]
    assert definition["resolvedDependencies"][0]["digest"] == {"gitCommit": head}
    named = {each["name"]: each["digest"]["sha256"] for each in statement["subject"]}
    wheel = next(release.glob("*.whl"))
    assert named[wheel.name] == hashlib.sha256(wheel.read_bytes()).hexdigest()


# ---------------------------------------------------------------- a bare root


def test_one_file_runs_where_only_python_is(
    programs: Programs, release: Path, tmp_path: Path
) -> None:
    docker = programs.need("docker")
    command = [docker, *BARE, *programs.read_only(), "-v", f"{release}:/release:ro", PYTHON]
    done = programs.run(
        [*command, "/release/krm-injector.pyz", "inject"], tmp_path, stdin=MANIFESTS
    )
    assert injected(objects(done.out)) == {KEY}
    done = programs.run([*command, "/release/krm-injector.pyz", "help", "config"], tmp_path)
    assert b"functionConfig" in done.out
    page = programs.run(
        [*command, "/release/krm-injector.pyz", "explain", "--output", "html"],
        tmp_path, stdin=MANIFESTS,
    )  # fmt: skip
    assert b"<!doctype html>" in page.out


def test_the_wheel_installs_without_an_index(
    programs: Programs, wheelhouse: Path, tmp_path: Path
) -> None:
    docker = programs.need("docker")
    script = (
        "python -m pip install -q --no-index --find-links /wheels --root-user-action=ignore "
        "krm-injector && krm-injector inject"
    )
    command = [docker, *BARE, "-v", f"{wheelhouse}:/wheels:ro", PYTHON, "sh", "-c", script]
    done = programs.run(command, tmp_path, stdin=MANIFESTS)
    assert injected(objects(done.out)) == {KEY}


# ---------------------------------------------------------------- plugins


def test_kubectl_finds_its_plugin(programs: Programs, release: Path, tmp_path: Path) -> None:
    kubectl = programs.need("kubectl")
    folder = unpacked(release / "kubectl-krm-injector.tar.gz", tmp_path / "plugin")
    for name in ("kubectl-inject", "kubectl_complete-krm_injector", "kubectl_complete-inject"):
        (folder / name).symlink_to("kubectl-krm_injector")
    write(tmp_path, {"all.yaml": MANIFESTS.decode()})
    environment = {"PATH": f"{folder}:/usr/bin:/bin"}
    for words in (["krm-injector", "inject", "all.yaml"], ["inject", "all.yaml"]):
        done = subprocess.run(
            [kubectl, *words], cwd=tmp_path, env=environment, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert injected(objects(done.stdout)) == {KEY}

    for words, wanted in ((["krm-injector", "expl"], b"explain"), (["inject", "--conf"], b"--con")):
        done = subprocess.run(
            [kubectl, "__complete", *words], env=environment, capture_output=True, check=False
        )
        assert wanted in done.stdout, done.stderr


def test_krew_installs_the_archive(programs: Programs, release: Path, tmp_path: Path) -> None:
    krew = programs.need("krew")
    environment = {"PATH": "/usr/bin:/bin", "KREW_ROOT": str(tmp_path), "HOME": str(tmp_path)}
    manifest, archive = release / "krew-krm-injector.yaml", release / "kubectl-krm-injector.tar.gz"
    command = [krew, "install", f"--manifest={manifest}", f"--archive={archive}"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    program = tmp_path / "bin" / "kubectl-krm_injector"
    done = subprocess.run([str(program), "version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("krm-injector ")


@pytest.mark.parametrize("version", ["helm3", "helm4"])
def test_helm_runs_it(programs: Programs, release: Path, tmp_path: Path, version: str) -> None:
    helm = programs.need(version)
    write(tmp_path, {**CHART, "istio-inject.yaml": CONFIG})
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    words = [helm, "template", "shop", "web", "-n", "shop"]
    arguments = ["--config=istio-inject.yaml", "--namespace=shop"]
    if version == "helm4":
        archive = str(next(release.glob("krm-injector-helm-*.tgz")))
        command = [helm, "plugin", "install", "--verify=false", archive]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        words += ["--post-renderer", "krm-injector"]
    else:
        words += ["--post-renderer", str(release / "krm-injector.pyz")]
        arguments.insert(0, "inject")
    words += [f"--post-renderer-args={each}" for each in arguments]
    made = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert made.returncode == 0, made.stderr
    assert WEB in injected(objects(made.stdout))


def test_kustomize_runs_one_file(programs: Programs, release: Path, tmp_path: Path) -> None:
    """As its exec function: the program is the file itself."""
    kustomize = programs.need("kustomize")
    function = f"config.kubernetes.io/function: |\n      exec: {{path: {release}/krm-injector.pyz}}"
    kustomization = "resources: [all.yaml]\ntransformers: [inject.yaml]\n"
    config = (
        "apiVersion: krm-injector.dev/v1alpha1\nkind: SidecarInjection\nmetadata:\n"
        f"  name: istio\n  annotations:\n    {function}\n"
    )
    manifests = MANIFESTS.decode()
    files = {"all.yaml": manifests, "inject.yaml": config, "kustomization.yaml": kustomization}
    write(tmp_path, files)
    command = [kustomize, "build", "--enable-alpha-plugins", "--enable-exec", "."]
    done = programs.run(command, tmp_path)
    assert injected(objects(done.out)) == {KEY}


def test_flux_manifest_names_the_archive(release: Path) -> None:
    """The fields of flux2's pkg/plugin/types.go (2.9). The program itself is not here."""
    manifest = yaml.safe_load((release / "flux-krm-injector.yaml").read_text())
    assert (manifest["apiVersion"], manifest["kind"]) == ("cli.fluxcd.io/v1beta1", "Plugin")
    archive = release / "flux-krm-injector.tar.gz"
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    platforms = manifest["versions"][0]["platforms"]
    assert {each["checksum"] for each in platforms} == {f"sha256:{digest}"}
    assert len({(each["os"], each["arch"]) for each in platforms}) == len(platforms) == 4
    with tarfile.open(archive) as file:
        assert manifest["bin"] in file.getnames()


@pytest.fixture
def one_file(programs: Programs, release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory whose program krm-injector is the one file."""
    directory = tmp_path_factory.mktemp("one-file")
    shutil.copy(release / "krm-injector.pyz", directory / "krm-injector")
    return directory


def test_kpt_runs_one_file(programs: Programs, one_file: Path, httpbin: Path) -> None:
    command = [programs.need("kpt"), "fn", "render", "--allow-exec", str(httpbin)]
    programs.run(command, one_file, env={"PATH": f"{one_file}:{os.environ['PATH']}"})
    made = objects((httpbin / "base" / "httpbin.yaml").read_bytes())
    assert ("Deployment", "shop", "httpbin") in injected(made)


def test_argocd_runs_one_file(programs: Programs, one_file: Path) -> None:
    """The plugin of functions/argocd in a real argocd-cmp-server."""
    plugin = (ROOT / "functions" / "argocd" / "plugin.yaml").read_text()
    program = programs.need("argocd-cmp-server")
    server = Server(program, plugin, f"{one_file}:{os.environ['PATH']}")
    try:
        made = server.generate({"app/all.yaml": MANIFESTS}, "app", {})
    finally:
        server.stop()
    assert b"istio-proxy" in "".join(map(str, made)).encode()


# ---------------------------------------------------------------- the image


def test_the_image_of_a_release(programs: Programs, tmp_path: Path) -> None:
    """Its archive loads and injects; the bill of materials lists what is in it."""
    pytest.importorskip("cyclonedx", reason="the extra release is not installed: make release")
    docker = programs.need("docker")
    build(tmp_path, "--image", path=f"{Path(docker).parent}:{os.environ['PATH']}")
    (archive,) = tmp_path.glob("krm-injector-image-*.tar")
    loaded = programs.run([docker, "load", "-i", str(archive)], tmp_path).out.decode()
    name = loaded.strip().rpartition("Loaded image: ")[2]
    done = programs.run(
        [docker, *BARE, *programs.read_only(), name, "inject"], tmp_path, stdin=MANIFESTS
    )
    assert injected(objects(done.out)) == {KEY}

    bill = json.loads(archive.with_suffix(".cdx.json").read_text())
    purls = {each["purl"].partition("@")[0].lower() for each in bill["components"]}
    assert {"pkg:pypi/pyyaml", "pkg:pypi/jsonschema", "pkg:deb/debian/libc6"} <= purls
    statement = json.loads((tmp_path / "krm-injector.provenance.json").read_text())
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert {"name": archive.name, "digest": {"sha256": digest}} in statement["subject"]
    materials = statement["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert any(each["uri"].startswith("docker:python:") for each in materials)
