"""Truth tables in the forms of ``--output``: text, JSON, Markdown (docs/truth-tables.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from krm_injector.presenting.truth_table.cases import ANY, Combination, TruthTable

_HEAD = ("WORKLOAD", "NAMESPACE", "POLICY", "POD LABEL", "ANNOTATION", "INJECTED", "RULE")
_LABEL = _HEAD.index("POD LABEL")
_TITLES = {"automatic": "By the webhook", "manual": "By istioctl kube-inject"}
_INTRODUCTION = """\
# Truth tables

Who is injected by a default installation of Istio. NAMESPACE is the Namespace's label, POLICY \
the `policy` of the
injection configuration, POD LABEL and ANNOTATION are `sidecar.istio.io/inject` on the pod; "any" \
marks what changes
nothing. Printed by `krm-injector explain --truth-table --output markdown`, from the code that \
decides on workloads;
`--mesh-version` prints the table of any other version.
"""


def render(tables: Sequence[TruthTable], form: str) -> str:
    """The tables in one of FORMS."""
    return FORMS[form](tables)


def _json(tables: Sequence[TruthTable]) -> str:
    import json

    answer = [
        {"version": table.version, "rows": [row._asdict() for row in table.rows]}
        for table in tables
    ]
    return json.dumps(answer, indent=2) + "\n"


def _text(tables: Sequence[TruthTable]) -> str:
    blocks = []
    for table in tables:
        for title, lines in _titled_lines(table):
            widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
            aligned = [_aligned(line, widths) for line in lines]
            head = f"Istio {table.version}: {title[0].lower()}{title[1:]}"
            blocks.append("\n".join([head, *aligned]) + "\n")

    return "\n".join(blocks)


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)]
    return "  ".join(padded).rstrip()


def _markdown(tables: Sequence[TruthTable]) -> str:
    blocks = [_INTRODUCTION]
    for table in tables:
        blocks.append(f"## Istio {table.version}\n")
        for title, lines in _titled_lines(table):
            head, *rows = (f"| {' | '.join(line)} |" for line in lines)
            separator = "|" + "---|" * len(lines[0])
            blocks.append(f"### {title}\n\n" + "\n".join([head, separator, *rows]) + "\n")

    return "\n".join(blocks)


def _titled_lines(table: TruthTable) -> Iterator[tuple[str, list[list[str]]]]:
    """Per method its title and its lines of cells, the first being the head.

    The column of the pod's label is left out if it has no say in the whole table.
    """
    label_counts = any(row.label != ANY for row in table.rows)
    for method, title in _TITLES.items():
        lines = [list(_HEAD)]
        lines += [_cells(row) for row in table.rows if row.method == method]
        if not label_counts:
            for line in lines:
                del line[_LABEL]

        yield title, lines


def _cells(row: Combination) -> list[str]:
    return [
        row.workload,
        row.namespace,
        row.policy,
        row.label,
        row.annotation,
        "yes" if row.injected else "no",
        row.rule,
    ]


# --output of `explain --truth-table`. JSON is YAML.
FORMS: dict[str, Callable[[Sequence[TruthTable]], str]] = {
    "table": _text,
    "json": _json,
    "yaml": _json,
    "markdown": _markdown,
}
