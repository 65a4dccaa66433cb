"""`krm-injector version`: which program this is, and which versions of Istio it knows."""

from __future__ import annotations

import json

from krm_injector import __version__, versions
from krm_injector.cli.request import Answer, Request
from krm_injector.discovery import profile


def run(request: Request) -> Answer:
    oldest, newest = (".".join(map(str, each)) for each in (versions.OLDEST, versions.NEWEST))
    if request.arguments.output == "json":
        known = {"oldest": oldest, "newest": newest}
        answer = {"version": __version__, "profile": profile.DEFAULT.tag, "istio": known}
        return Answer(json.dumps(answer, indent=2) + "\n")

    return Answer(
        f"krm-injector {__version__}\n"
        f"Istio {oldest} to {newest}; without a mesh, the profile of {profile.DEFAULT.tag}\n"
    )
