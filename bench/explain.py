"""CPU seconds of `krm-injector explain` beside `krm-injector inject` on the same workloads; the two
take turns.

explain.py [--size 1000] [--runs 5] [--command "krm-injector"]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--command", default=f"{sys.executable} -m krm_injector")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "all.yaml"
        file.write_text("---\n".join(documents(options.size)))
        command = options.command.split()
        programs = {
            "inject": [*command, "inject", "--quiet", str(file)],
            "explain": [*command, "explain", "--quiet", str(file)],
            "explain json": [*command, "explain", "--quiet", "--output", "json", str(file)],
        }
        seconds: dict[str, list[float]] = {name: [] for name in programs}
        for _ in range(options.runs):
            for name, words in programs.items():
                seconds[name].append(cpu(words))
    least = {name: min(times) for name, times in seconds.items()}
    for name, times in seconds.items():
        ratio = least[name] / least["inject"]
        print(
            f"{name:14} {least[name]:6.2f} s least, {statistics.median(times):6.2f} s median, "
            f"{ratio:.2f} of inject"
        )
    return 0


def cpu(words: list[str]) -> float:
    """User and system seconds of one run."""
    before = os.times()
    subprocess.run(words, stdout=subprocess.DEVNULL, check=True)
    after = os.times()
    return (
        after.children_user - before.children_user + after.children_system - before.children_system
    )


def documents(count: int) -> list[str]:
    """Namespaces, one in four without the label, and workloads."""
    objects: list[dict[str, object]] = []
    for number in range(12):
        labels = {"istio-injection": "enabled"} if number % 4 else {}
        objects.append(
            {
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": {"name": f"team-{number}", "labels": labels},
            }
        )
    for number in range(count):
        name = f"service-{number:05}"
        probe = {"httpGet": {"path": "/healthz", "port": 8080}}
        app = {"name": "app", "image": f"registry.example/{name}:1", "readinessProbe": probe}
        template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [app]}}
        objects.append(
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": name, "namespace": f"team-{number % 12}"},
                "spec": {"selector": {"matchLabels": {"app": name}}, "template": template},
            }
        )
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return [yaml.dump(value, Dumper=dumper) for value in objects]


if __name__ == "__main__":
    sys.exit(main())
