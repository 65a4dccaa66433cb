#!/bin/sh
# requirements/*.txt: every dependency with its hashes, for all Pythons and platforms. Needs uv.
set -eu
cd "$(dirname "$0")/.."

mkdir -p requirements
lock() { # lock FILE SOURCE...
  file=requirements/$1
  shift
  uv pip compile -q --universal --generate-hashes --python-version 3.10 --no-annotate --no-header "$@" -o "$file"
}
lock run.txt pyproject.toml "$@"
lock admission.txt --extra admission pyproject.toml "$@"
lock dev.txt --extra dev pyproject.toml "$@"
python3 -c 'import re; print(re.search(r"requires = \[\"([^\"]*)", open("pyproject.toml").read())[1])' |
  lock build.txt - "$@"
# What krm-injector.pyz holds: Python alone, so an older jsonschema whose dependencies have no compiled modules.
printf 'PyYAML>=6.0.1,<7\njsonschema>=4.17,<4.18\n' | lock zipapp.txt - "$@"
