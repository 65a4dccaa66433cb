"""A small chart, and the two Helms with krm-injector as their post-renderer."""

from __future__ import annotations

from pathlib import Path

from e2e.real_programs import (
    Done,
    Programs,
)
from files import write
from paths import ROOT

FILENAME = "postrenderer.helm.sh/postrender-filename"
CONFIG = """\
apiVersion: krm-injector.dev/v1alpha1
kind: SidecarInjection
metadata: {name: istio}
spec:
  namespaces:
  - {name: shop, labels: {istio-injection: enabled}}
"""
CHART = {
    "web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n",
    "web/values.yaml": "count: 1\n",
    "web/templates/web.yaml": """\
{{- range $n := until (int .Values.count) }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $.Release.Name }}-{{ $n }}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: nginx}
{{- end }}
""",
    "web/templates/service.yaml": (
        "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n"
    ),
    "web/templates/hook.yaml": """\
apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  annotations: {"helm.sh/hook": pre-install}
spec:
  template:
    metadata: {labels: {app: migrate}}
    spec:
      restartPolicy: Never
      containers:
      - {name: migrate, image: busybox}
""",
}
WEB, JOB = ("Deployment", "", "shop-0"), ("Job", "", "migrate")


class Helm:
    """One of the two, with what makes krm-injector its post-renderer."""

    def __init__(self, programs: Programs, version: str, work: Path) -> None:
        self.version, self.work = version, work
        self.program = programs.need(version)
        self.programs = programs
        self.env = {
            f"HELM_{name}_HOME": str(work / name.lower()) for name in ("CACHE", "CONFIG", "DATA")
        }
        write(work, {**CHART, "istio-inject.yaml": CONFIG})
        self.first = ["--post-renderer", "krm-injector"]
        if version == "helm3":
            self.first += ["--post-renderer-args", "inject"]
        else:
            programs.run(
                [self.program, "plugin", "install", str(ROOT / "functions" / "helm")],
                work,
                env=self.env,
            )

    def template(
        self,
        *arguments: str,
        code: int | None = 0,
        rendered: bool = True,
        more: tuple[str, ...] = (),
    ) -> Done:
        words = self.first if rendered else []
        for word in arguments:
            words = [*words, f"--post-renderer-args={word}"]
        return self.programs.run(
            [self.program, "template", "shop", "web", "-n", "shop", *words, *more],
            self.work,
            code,
            env=self.env,
        )
