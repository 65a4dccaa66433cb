"""Slash-separated paths: Go's package path, and filepath as it is on the injector's Linux (the same
rules).
"""

from __future__ import annotations

from krm_injector.gotemplate.sprig.registry import functions


def clean(path: str) -> str:
    rooted = path.startswith("/")
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            if parts and parts[-1] != "..":
                parts.pop()
            elif not rooted:
                parts.append(part)
        elif part not in ("", "."):
            parts.append(part)

    return "/" + "/".join(parts) if rooted else "/".join(parts) or "."


def base(path: str) -> str:
    if not path:
        return "."
    return path.rstrip("/").rpartition("/")[2] or "/"


def dirname(path: str) -> str:
    return clean(path[: path.rfind("/") + 1])


def ext(path: str) -> str:
    name = path.rpartition("/")[2]
    dot = name.rfind(".")
    return name[dot:] if dot >= 0 else ""


def is_abs(path: str) -> bool:
    return path.startswith("/")


FUNCS = functions({
    "base": (base, "string"),
    "dir": (dirname, "string"),
    "clean": (clean, "string"),
    "ext": (ext, "string"),
    "isAbs": (is_abs, "string"),
    "osBase": (base, "string"),
    "osDir": (dirname, "string"),
    "osClean": (clean, "string"),
    "osExt": (ext, "string"),
    "osIsAbs": (is_abs, "string"),
})  # fmt: skip
