"""The questions of tests/judging/admission, answered by the API server's own code.

    cd tools/admission_oracle && go build -o /tmp/admission-oracle .
    PYTHONPATH=../../tests python generate.py /tmp/admission-oracle > \\
        ../../tests/judging/admission/answers.json

One list a question: [action, evaluation, message] of each validation, then ["audit", action, error]
of each audit annotation.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from judging.admission import questions


def question(spec: dict[str, Any]) -> str:
    """A policy and what it is asked about, as a line."""
    return json.dumps(
        {
            "Policy": {"metadata": {"name": "p"}, "spec": spec},
            "Pod": questions.POD,
            "Params": questions.PARAMS if "paramKind" in spec else None,
            "Namespace": {"metadata": {"name": "shop", "labels": questions.NAMESPACE_LABELS}},
        }
    )


def answers(program: str, specs: list[dict[str, Any]]) -> list[Any]:
    asked = "".join(f"{question(spec)}\n" for spec in specs)
    told = subprocess.run([program], input=asked, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in told.stdout.splitlines()]


def main() -> None:
    single = [{"validations": [{"expression": each}]} for each in questions.EXPRESSIONS]
    lines = [json.dumps(each) for each in answers(sys.argv[1], [*single, *questions.POLICIES])]
    print("[\n" + ",\n".join(lines) + "\n]")


if __name__ == "__main__":
    main()
