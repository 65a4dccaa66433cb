"""Writes what help, editors and docs share, from its sources:

- krm_injector/function_config/schema.json: the lists of codes, from krm_injector/codes.py, and the
  form of the file. Its texts are written by hand, there;
- its copies in functions/, and checks.jsonl beside it, a line a kind without texts for people;
- the tables of fields in docs/function-config.md, from schema.json;
- krm_injector/cli/help/codes.json, from the pages about codes in docs/.

    python tools/generate_help.py [--check]

Run it after a change to one of these. With --check it writes nothing, names the files that are not
as they would be written, and exits with 1.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import code_pages

from krm_injector.codes import of_page, title
from krm_injector.function_config import CHECKS_FILE, SCHEMA_FILE
from krm_injector.function_config.fields import KINDS, Field, fields, text_of_kind
from krm_injector.function_config.schema import described

if TYPE_CHECKING:
    from krm_injector.codes import CodeName

ROOT = Path(__file__).parents[1]
FUNCTIONS = ("check", "eject", "istio-inject", "verify")
PAGE = ROOT / "docs" / "function-config.md"
CODES = ROOT / "krm_injector" / "cli" / "help" / "codes.json"
BEGIN, END = "<!-- fields: generated -->\n", "<!-- end of fields -->\n"
WIDTH = 100
TEXTS = ("description", "enumDescriptions", "examples", "default")  # keywords that check nothing
# Overrides that an InjectionCheck can allow, beside those of their own page.
ALLOWED_TOO: tuple[CodeName, ...] = ("proxy-identity",)


def main() -> int:
    check = sys.argv[1:] == ["--check"]
    stale = [path for path, text in generated().items() if not same(path, text)]
    for path in generated() if stale else ():
        if not check:
            path.write_text(generated()[path], encoding="utf-8")
    for path in stale:
        print(f"{path.relative_to(ROOT)} {'is stale' if check else 'was stale'}")

    return int(check and bool(stale))


def generated() -> dict[Path, str]:
    """Every file with the text that it should have. The checks and the tables are of the schema
    as it is on disk, so the schema is written first.
    """
    schema = schema_text(json.loads(Path(SCHEMA_FILE).read_text(encoding="utf-8")))
    checks = "".join(map(checks_line, KINDS))
    copies = {ROOT / "functions" / name / "schema.json": schema for name in FUNCTIONS}
    codes = json.dumps(code_pages.entries(ROOT / "docs"), indent=1, ensure_ascii=False) + "\n"
    files = {Path(SCHEMA_FILE): schema, Path(CHECKS_FILE): checks, **copies}
    return {**files, PAGE: page_text(), CODES: codes}


def same(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


# ---------------------------------------------------------------- the schema


def schema_text(schema: Any) -> str:
    """The schema with the codes as they are."""
    forms = schema["$defs"]
    spec = forms["SidecarInjection"]["properties"]["spec"]["properties"]
    silenced: list[CodeName] = [*of_page("warnings.md"), *of_page("overrides.md")]
    _set_codes(spec["silence"]["items"]["properties"]["code"], silenced)
    severity = {"$ref": "#/$defs/Severity"}
    spec["severities"]["properties"] = {
        code: {"description": f"{title(code)}.", **severity} for code in silenced
    }
    check = forms["InjectionCheck"]["properties"]["spec"]["properties"]
    allowed = check["allowOverrides"]["items"]["properties"]["codes"]["items"]
    _set_codes(allowed, [*ALLOWED_TOO, *of_page("overrides.md")])
    return written(schema) + "\n"


def _set_codes(form: dict[str, Any], codes: list[CodeName]) -> None:
    form["enum"] = ["*", *codes]
    form["enumDescriptions"] = ["All codes.", *(f"{title(code)}." for code in codes)]


def checks_line(kind: str) -> str:
    """The schema of a kind as the cheap check reads it."""
    return json.dumps([kind, without_texts(described(kind))], separators=(",", ":")) + "\n"


def without_texts(form: Any, names: bool = False) -> Any:
    """A schema without what only people read. ``names``: the keys are names of fields."""
    if isinstance(form, list):
        return [without_texts(each) for each in form]
    if not isinstance(form, dict):
        return form

    return {
        key: without_texts(each, key in ("properties", "$defs") and not names)
        for key, each in form.items()
        if names or key not in TEXTS
    }


def written(value: Any, indent: str = "", before: int = 0) -> str:
    """JSON in which what fits stands on one line; each code has a line of its own, so that two
    changes to the list of codes can be merged.
    """
    line = json.dumps(value, ensure_ascii=False)
    short = len(indent) + before + len(line) < WIDTH
    if short or not isinstance(value, (dict, list)) or not value:
        return line

    inner = indent + "  "
    if isinstance(value, dict):
        names = [json.dumps(name) for name in value]
        parts = [
            f"{name}: {written(each, inner, len(name) + 2)}"
            for name, each in zip(names, value.values(), strict=True)
        ]
    else:
        parts = [written(each, inner) for each in value]

    lines = f",\n{inner}".join(parts)
    opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
    return f"{opening}\n{inner}{lines}\n{indent}{closing}"


# ---------------------------------------------------------------- the page


def page_text() -> str:
    """docs/function-config.md with its tables of fields as the schema is."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + "".join(map(_table, KINDS)) + "\n" + END + rest.partition(END)[2]


def _table(kind: str) -> str:
    rows = "".join(map(_row, fields(kind)))
    head = "| Field | Value | Default | |\n|---|---|---|---|\n"
    return f"\n### {kind}\n\n{text_of_kind(kind)}\n\n{head}{rows}"


def _row(field: Field) -> str:
    values = [f"`{value}`: {text}" if value else f"empty: {text}" for value, text in field.values]
    # Codes have their own page, and a kind's own name says itself.
    told = values if 1 < len(values) < 20 else []
    text = " ".join([field.text, *told]).replace("|", "\\|").replace("*", "\\*")
    default = "" if field.default is None else f"`{json.dumps(field.default).strip(chr(34))}`"
    if field.required:
        default = "required"
    return f"| `{field.path}` | {field.type} | {default} | {text} |\n"


if __name__ == "__main__":
    sys.exit(main())
