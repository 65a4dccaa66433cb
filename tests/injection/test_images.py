"""Images that injection brings: pinned, allowed, listed; the user's own stay as they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from builders import SHOP, bundle, deployment

from krm_injector import function_config, pipeline
from krm_injector.cli import configuration, program
from krm_injector.cli.request import Arguments
from krm_injector.discovery import profile
from krm_injector.function_config import ImageSettings, Settings
from krm_injector.injection import images
from krm_injector.kube.yaml import dump
from krm_injector.model import Refused
from krm_injector.presenting import diff

PROXY = f"{profile.HUB}/proxyv2:{profile.DEFAULT.tag}"
DIGEST = "sha256:" + "a" * 64
HEAD = {"apiVersion": "krm-injector.dev/v1alpha1", "kind": "SidecarInjection"}


def run(settings: ImageSettings, *containers: Any) -> tuple[dict[str, str], list[str]]:
    outcome = pipeline.run(bundle(SHOP, deployment(beside=containers)), Settings(images=settings))
    pod = diff.changes(outcome)[0].after["spec"]["template"]["spec"]
    found = {c["name"]: c["image"] for c in (*pod["containers"], *pod.get("initContainers", ()))}
    return found, [result.code for result in outcome.results if result.severity == "error"]


def test_injected_images_are_pinned_and_the_users_are_not() -> None:
    found, problems = run(ImageSettings({PROXY: DIGEST, "web:1": DIGEST}))
    assert not problems
    pinned = f"{PROXY}@{DIGEST}"
    assert found == {"web": "web:1", "istio-init": pinned, "istio-proxy": pinned}


def test_a_proxy_image_of_the_users_own_is_not_touched() -> None:
    own = {"name": "istio-proxy", "image": "mine/proxy:1"}
    found, problems = run(ImageSettings({PROXY: DIGEST}, registries=("docker.io/istio",)), own)
    assert (
        not problems
        and found["istio-proxy"] == "mine/proxy:1"
        and found["istio-init"].endswith(DIGEST)
    )
    found, _ = run(ImageSettings({PROXY: DIGEST}), {"name": "istio-proxy", "image": "auto"})
    assert found["istio-proxy"] == f"{PROXY}@{DIGEST}"


def test_what_is_not_locked_is_an_error_that_names_image_and_workload() -> None:
    outcome = pipeline.run(
        bundle(SHOP, deployment()), Settings(images=ImageSettings({"other:1": DIGEST}))
    )
    found = [r for r in outcome.results if r.severity == "error"]
    assert [r.code for r in found] == ["image-not-locked"]  # one for both containers
    assert "(istio-init, istio-proxy)" in found[0].message
    assert PROXY in found[0].message and "Deployment shop/web" in found[0].message


def test_images_of_other_registries_are_refused() -> None:
    assert run(ImageSettings(registries=("gcr.io",)))[1] == ["image-registry"]
    assert run(ImageSettings(registries=("docker.io",)))[1] == []
    assert images.allowed("nginx", ["docker.io/library"]) and images.allowed(
        "istio/proxyv2:1", ["docker.io/istio/"]
    )
    assert not images.allowed("docker.io/istio-evil/proxyv2", ["docker.io/istio"])
    assert not images.allowed("gcr.io.evil.com/x", ["gcr.io"]) and images.allowed(
        "localhost:5000/x", ["localhost:5000"]
    )


def test_injecting_again_pins_again() -> None:
    settings = Settings(images=ImageSettings({PROXY: DIGEST}))
    once = diff.changes(pipeline.run(bundle(SHOP, deployment()), settings))[0].after
    again = diff.changes(pipeline.run(bundle(SHOP, once), settings))[0].after
    assert once == again
    assert not [
        r for r in pipeline.verify(bundle(SHOP, once), settings).results if r.severity == "error"
    ]
    assert {
        r.code
        for r in pipeline.verify(bundle(SHOP, once), Settings()).results
        if r.severity == "error"
    }


def test_a_lock_is_checked() -> None:
    assert images.read_lock({PROXY: DIGEST}, "images.lock") == {PROXY: DIGEST}
    with pytest.raises(Refused, match="no digest"):
        images.read_lock({PROXY: profile.DEFAULT.tag}, "images.lock")
    with pytest.raises(Refused, match="mapping"):
        images.read_lock([PROXY], "images.lock")


def test_the_function_config_states_lock_and_registries() -> None:
    spec = {"images": {"lock": {PROXY: DIGEST}, "allowedRegistries": ["docker.io"]}}
    assert function_config.settings({**HEAD, "spec": spec}).images == ImageSettings(
        {PROXY: DIGEST}, "", ("docker.io",)
    )
    with pytest.raises(Refused, match="must match"):
        function_config.settings({**HEAD, "spec": {"images": {"lock": {PROXY: "latest"}}}})
    assert function_config.settings({**HEAD, "kind": "SidecarVerification"}).action == "verify"


def test_the_command_lists_each_image(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    (tmp_path / "all.yaml").write_text("---\n".join(map(dump, (SHOP, deployment()))))
    assert program.run(["images", "--quiet", str(tmp_path)]) == 0
    assert capsysbinary.readouterr().out.decode() == f"{PROXY}\n"
    config = tmp_path / "config" / "istio-inject.yaml"
    config.parent.mkdir()
    (config.parent / "images.lock").write_text(f'"{PROXY}": {DIGEST}\n')
    config.write_text(
        "apiVersion: krm-injector.dev/v1alpha1\nkind: SidecarInjection\nmetadata: {name: istio}\n"
        "spec: {images: {file: images.lock}}\n"
    )
    assert (
        program.run(
            ["images", "--quiet", "--config", str(config), "-o", "json", str(tmp_path / "all.yaml")]
        )
        == 0
    )
    answer = json.loads(capsysbinary.readouterr().out)
    assert answer == {
        "images": [{"image": f"{PROXY}@{DIGEST}", "workloads": ["Deployment shop/web"]}]
    }
    assert (
        program.run(["inject", "--quiet", "--config", str(config), str(tmp_path / "all.yaml")]) == 0
    )
    injected = tmp_path / "injected.yaml"
    injected.write_bytes(capsysbinary.readouterr().out)
    assert injected.read_text().count(f"{PROXY}@{DIGEST}") == 2
    assert program.run(["verify", "--quiet", "--config", str(config), str(injected)]) == 0
    capsysbinary.readouterr()
    assert program.run(["eject", "--quiet", str(injected)]) == 0
    assert capsysbinary.readouterr().out.decode() == (tmp_path / "all.yaml").read_text()
    (config.parent / "images.lock").unlink()
    assert program.run(["inject", "--config", str(config), str(tmp_path / "all.yaml")]) == 1
    said = capsysbinary.readouterr().err.decode()
    assert "spec.images.file names images.lock" in said and "krm-injector images" in said


def test_an_argocd_build_reads_no_lock_outside_the_repository(tmp_path: Path) -> None:
    app = tmp_path / "repo"
    app.mkdir()
    (tmp_path / "images.lock").write_text("token: secret\n")
    config = app / "istio-inject.yaml"
    arguments = Arguments("build", config=str(config), within=str(app))
    for file in ("../images.lock", str(tmp_path / "images.lock")):
        spec = {"images": {"file": file}}
        with pytest.raises(Refused, match="outside the repository") as refused:
            configuration.read(arguments, {**HEAD, "spec": spec})
        assert "secret" not in str(refused.value)
