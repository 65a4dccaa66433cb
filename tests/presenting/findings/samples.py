"""Findings of all kinds: with and without object, place, field, target and proposal."""

from __future__ import annotations

from typing import Any

from krm_injector.model import Place, ResourceRef, Result
from krm_injector.presenting.findings import Finding, Findings, Subject

WEB = ResourceRef("apps/v1", "Deployment", "web", "shop")
API = ResourceRef("apps/v1", "Deployment", "api", "shop")
JOB = ResourceRef("batch/v1", "Job", "load", "shop")
SHOP = ResourceRef("v1", "Namespace", "shop")
LINE = '        cpu: "1"  # of one pod'
PLACE = Place("base/web app.yaml", 12, 14, 17, LINE)
PORT = "spec.template.spec.containers[0].ports[0].containerPort"


def result(severity: str = "warning", **fields: Any) -> Result:
    given = {"message": "Deployment shop/web: one of two, 50 % of it", "code": "port-collision"}
    return Result(severity, **{**given, **fields})  # type: ignore[arg-type]


def findings(*found: Finding, **fields: Any) -> Findings:
    return Findings(**{"command": "explain", "findings": found, **fields})


COLLISION = Finding(result(resource=WEB, field=PORT), PLACE)
REFUSED = Finding(
    result("error", resource=API, code="annotation-invalid", message="a value\nis: wrong, <here>"),
    Place("base/api.yaml", 3),
)
RENDERED = Finding(
    result("info", resource=WEB, code="mutable-image", message="a tag \x1b[31m can move"),
    Place("overlays/prod/kustomization.yaml"),
)
OF_NAMESPACE = Finding(result(resource=SHOP, code="webhook-active", message="it selects"), None)
OF_RUN = Finding(result("info", code="mesh", message="control plane default: 1.30.3"))
UNREADABLE = Finding(
    result("error", code="yaml-syntax", message="no YAML", file="/srv/a.yaml"), Place("/srv/a.yaml")
)
NOWHERE = Finding(result("error", code="input-empty", message="there are no manifests"))
UNCODED = Finding(Result("warning", "without a code", WEB))
ALL = findings(
    OF_RUN, COLLISION, RENDERED, OF_NAMESPACE, REFUSED, UNREADABLE, NOWHERE, UNCODED,
    subjects=(
        Subject("Deployment shop/web", WEB),
        Subject("Deployment shop/api", API),
        Subject("Job shop/load", JOB, "its label says so"),
        Subject("spec.other of Job shop/load", JOB),
    ),
    anchor="mesh/inject.yaml",
)  # fmt: skip
OF_FLEET = findings(
    OF_RUN._replace(target="eu/app"),
    OF_RUN._replace(target="us/app"),
    COLLISION._replace(target="eu/app"),
    COLLISION._replace(target="us/app"),
    NOWHERE._replace(target="us/broken", place=Place("us/broken")),
    NOWHERE,
    command="fleet explain",
    subjects=(
        Subject("Deployment shop/web", WEB, target="eu/app"),
        Subject("Deployment shop/web", WEB, target="us/app"),
        Subject("us/broken", None, target="us/broken"),
    ),
    clusters={"eu/app": "eu", "us/app": "us"},
)
NOTHING = findings(command="verify")
SAMPLES = {"all": ALL, "fleet": OF_FLEET, "nothing": NOTHING}
