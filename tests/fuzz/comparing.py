"""The same random questions to this project and to Go: YAML, templates, merge, selectors,
quantities.

    python tests/fuzz/comparing.py PROGRAMS [--count N] [--seed N] [SUBJECT ...]

PROGRAMS is the folder that tools/build_oracles.py filled. Each difference is printed with its
question; the exit status is 1 if there is one that is not deliberate.
"""

from __future__ import annotations

import argparse
import base64
import copy
import json
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

TESTS = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    # The script's own folder is no place to import from: it is the package.
    sys.path[:1] = [str(TESTS), str(TESTS.parent), str(TESTS.parent / "tools")]

from fuzz.grammar import Templates, Yamls  # noqa: E402
from kube_oracle import generate  # noqa: E402

from krm_injector.gotemplate import Limits, TemplateError, parse  # noqa: E402
from krm_injector.gotemplate.sprig import FUNCS  # noqa: E402
from krm_injector.kube import quantity, selectors, strategic_merge, yaml  # noqa: E402
from krm_injector.kube.yaml import YamlError  # noqa: E402

ERROR = "an error"
_AT_ONCE = 2_000
DATA: Any = {
    "name": "web", "empty": "", "n": 3, "f": 1.5, "yes": True, "none": None,
    "list": ["a", "b", 2, None], "map": {"k": "v", "x": {"y": [1]}}, "text": "k: v\nl: [1]\n",
}  # fmt: skip


class Pair(NamedTuple):
    """A question with both answers."""

    question: Any
    ours: Any
    theirs: Any


def _asked(program: Path, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    text = "".join(json.dumps(each) + "\n" for each in questions)
    done = subprocess.run([program], input=text, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.split("\n") if line]


def _texts(program: Path, op: str, texts: list[str], data: Any = None) -> Iterator[bytes | str]:
    """Go's answers to texts: bytes, or ERROR followed by Go's sentence."""
    questions = [
        {"Op": op, "Text": base64.b64encode(each.encode()).decode(), "Data": data} for each in texts
    ]
    for reply in _asked(program, questions):
        if "error" in reply:
            yield f"{ERROR}: {reply['error']}"
        else:
            yield base64.b64decode(reply["out"] or "")


# ---------------------------------------------------------------- subjects


def _numbers(text: str | bytes) -> Any:
    """JSON as the API server reads it: what is beyond int64 is a float."""

    def whole(digits: str) -> int | float:
        number = int(digits)
        return number if -(2**63) <= number < 2**63 else float(digits)

    return json.loads(text, parse_int=whole)


def yaml_pairs(programs: Path, pick: random.Random, count: int) -> Iterator[Pair]:
    """A text as Kubernetes reads it (sigs.k8s.io/yaml)."""
    source = Yamls(pick)
    texts = [source.make() for _ in range(count)]
    for text, reply in zip(texts, _texts(programs / "go-oracle", "yaml", texts), strict=True):
        try:
            ours = _numbers(json.dumps(yaml.load(text, strict=False)))
        except YamlError:
            ours = ERROR
        yield Pair(text, ours, ERROR if isinstance(reply, str) else _numbers(reply))


def writing_pairs(programs: Path, pick: random.Random, count: int) -> Iterator[Pair]:
    """A value as this project writes it, read by kustomize's library (go-yaml v3)."""
    source = Yamls(pick)
    values: list[Any] = []
    while len(values) < count:
        try:
            values.append(yaml.load(source.make(), strict=False))
        except YamlError:
            values.append({"text": source.make(), source.scalar(): [source.scalar()]})
    texts = [yaml.dump(value) for value in values]
    replies = _texts(programs / "go-oracle", "yaml-3", texts)
    for text, value, reply in zip(texts, values, replies, strict=True):
        theirs = reply if isinstance(reply, str) else _numbers(reply)
        yield Pair(text, _numbers(json.dumps(value)), theirs)


def template_pairs(programs: Path, pick: random.Random, count: int) -> Iterator[Pair]:
    """A template with sprig's functions; errors are compared word for word."""
    source = Templates(pick)
    texts = [source.make() for _ in range(count)]
    floats = json.loads(json.dumps(DATA), parse_int=float)
    replies = _texts(programs / "go-oracle", "template", texts, DATA)
    for text, reply in zip(texts, replies, strict=True):
        try:
            made = parse(text, "t", FUNCS).execute(copy.deepcopy(floats), Limits())
            ours: Any = made.encode("utf-8", "surrogateescape")
        except TemplateError as error:
            ours = f"{ERROR}: {error}"
        yield Pair(text, ours, reply)


def kube_pairs(subject: str, ours: Callable[[Any], Any]) -> Callable[..., Iterator[Pair]]:
    """Questions of tools/kube_oracle/generate.py."""

    def pairs(programs: Path, pick: random.Random, count: int) -> Iterator[Pair]:
        _, make = generate.SUBJECTS[subject]
        questions = [_as_go_writes(make(pick)) for _ in range(count)]
        for question, reply in zip(
            questions, generate.ask(str(programs / "kube-oracle"), questions), strict=True
        ):
            yield Pair(question, ours(question), ERROR if "error" in reply else reply["out"])

    return pairs


def _as_go_writes(question: dict[str, Any]) -> dict[str, Any]:
    """The question with pods as the injector has them: Go writes metadata, spec and a container's
    resources, filled or not, and our merge takes them for written.
    """
    original = question.get("original")
    if isinstance(original, dict):
        for field in ("metadata", "spec"):
            original.setdefault(field, {})

    spec = original.get("spec") if isinstance(original, dict) else None
    for field in ("containers", "initContainers", "ephemeralContainers"):
        containers = spec.get(field) if isinstance(spec, dict) else None
        for container in containers if isinstance(containers, list) else ():
            if isinstance(container, dict):
                container.setdefault("resources", {})

    return question


def _merged(question: Any) -> Any:
    try:
        return strategic_merge.merge(question["original"], question["patch"])
    except strategic_merge.MergeError:
        return ERROR


def _quantity(question: Any) -> Any:
    try:
        if question["op"] == "parse":
            return quantity.parse(question["text"])
        return quantity.from_json(question["value"])
    except quantity.QuantityError:
        return ERROR


def _selected(question: Any) -> Any:
    try:
        found = selectors.parse(question["value"])
    except selectors.SelectorError:
        return ERROR
    text = "" if found.nothing else str(found)
    return [text, found.matches(question["labels"]), found.empty]


SUBJECTS: dict[str, Callable[[Path, random.Random, int], Iterable[Pair]]] = {
    "yaml": yaml_pairs,
    "writing": writing_pairs,
    "template": template_pairs,
    "merge": kube_pairs("merge", _merged),
    "quantity": kube_pairs("quantity", _quantity),
    "selector": kube_pairs("selector", _selected),
}

# ---------------------------------------------------------------- differences


def deliberate(subject: str, pair: Pair) -> bool:
    """Whether docs/fuzzing.md gives the reason for a difference."""
    if subject == "yaml":
        # go-yaml v2 refuses an alias of a sequence in a merge, and reads no further than a root in
        # flow style; infinity and NaN have no JSON.
        return bool(re.search(r"<<|(?i:\.inf|\.nan)|\A[\[{]", pair.question))
    if subject == "template":
        return _is_other_sentence(pair)
    if subject == "merge":
        return _has_containers_of_one_name(pair.question["patch"])
    return False


def _has_containers_of_one_name(patch: Any) -> bool:
    """The second of them meets the first as the patch has it: without the resources that Go writes
    of every container of a pod. No API server takes such a pod.
    """
    spec = patch.get("spec") if isinstance(patch, dict) else None
    for field in ("containers", "initContainers", "ephemeralContainers"):
        found = spec.get(field) if isinstance(spec, dict) else None
        elements = found if isinstance(found, list) else []
        names = [str(each.get("name")) for each in elements if isinstance(each, dict)]
        if len(set(names)) < len(names):
            return True

    return False


def _is_other_sentence(pair: Pair) -> bool:
    """Both refuse, and only the words differ: Go's have types of its library in them."""
    return str(pair.ours).startswith(ERROR) and str(pair.theirs).startswith(ERROR)


def differences(subject: str, programs: Path, seed: int, count: int) -> Iterator[Pair]:
    """The pairs whose answers differ, without the deliberate ones."""
    pick = random.Random(f"{subject} {seed}")
    for done in range(0, count, _AT_ONCE):
        for pair in SUBJECTS[subject](programs, pick, min(_AT_ONCE, count - done)):
            if not yaml.same(_plain(pair.ours), _plain(pair.theirs)) and not deliberate(
                subject, pair
            ):
                yield pair


def _plain(value: Any) -> Any:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("programs", type=Path)
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    total = 0
    for subject in asked.subjects or SUBJECTS:
        found = list(differences(subject, asked.programs.resolve(), asked.seed, asked.count))
        print(f"{subject}: {asked.count} questions, {len(found)} differences", flush=True)
        for pair in found[:20]:
            print(f"  {pair.question!r}\n    ours   {pair.ours!r}\n    theirs {pair.theirs!r}")
        total += len(found)
    sys.exit(bool(total))


if __name__ == "__main__":
    main()
