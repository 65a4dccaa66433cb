"""What the tests of kustomize begin with: options, a kustomization's head, a legacy plugin."""

from __future__ import annotations

from pathlib import Path

from e2e.real_programs import Programs

EXEC = ["--enable-alpha-plugins", "--enable-exec"]
CONTAINER = ["--enable-alpha-plugins"]
HEAD = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
LEGACY = "apiVersion: krm-injector.dev/v1alpha1\nkind: SidecarInjection\nmetadata:\n  name: istio\n"


def legacy_plugin(programs: Programs, home: Path) -> dict[str, str]:
    folder = home / "krm-injector.dev" / "v1alpha1" / "sidecarinjection"
    folder.mkdir(parents=True)
    (folder / "SidecarInjection").symlink_to(programs.own / "krm-injector")
    return {"KUSTOMIZE_PLUGIN_HOME": str(home)}
