"""The options of commands that write files, for options.py."""

from __future__ import annotations

from krm_injector.cli.tables import Option

OPTIONS = (
    Option(
        "--in-place",
        "",
        "change the files themselves, all of them or none, and of these only the lines that "
        "change; print their names",
    ),
    Option("--dry-run", "", "with --in-place: print the changes as a diff, and write nothing"),
)
IN_PLACE = tuple(option.name for option in OPTIONS)

# What --output means in a command that has no forms.
ADOPTED = Option(
    "--output",
    "DIR",
    "write mesh.yaml, namespaces.yaml and istio-inject.yaml to DIR",
    dest="to_directory",
)
SNAPSHOT = Option(
    "--output",
    "FILE",
    "write the mesh file to FILE, whole or not at all (default: stdout)",
    dest="to_file",
)
