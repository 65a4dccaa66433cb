#!/bin/sh
# The fast tests with the oldest and the newest other Python that this machine has, from 3.10 on.
# What depends on the version is in these folders; `scripts/other_pythons.sh tests` runs all.
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- tests/cli/test_cli.py tests/kube tests/gotemplate tests/credentials tests/test_named_tuple.py tests/test_results.py

own=$(.venv/bin/python -c 'import sys; print(sys.version_info[1])')
found=$(
  for python in "${PYENV_ROOT:-${HOME:-/root}/.pyenv}"/versions/3.*/bin/python3 /usr/local/bin/python3.[0-9]* /usr/bin/python3.[0-9]*; do
    case $python in *-config) continue ;; esac
    minor=$("$python" -c 'import sys, venv; print(sys.version_info[1])' 2>/dev/null) || continue
    [ "$minor" -lt 10 ] || [ "$minor" = "$own" ] || echo "$minor $python"
  done | sort -n
)
chosen=$(printf '%s\n' "$found" | sed -n '1p;$p' | sort -un)
[ -n "$chosen" ] || { echo "no other Python is here: tested with 3.$own only"; exit 0; }

printf '%s\n' "$chosen" | while read -r minor python; do
  target=.tools/python3.$minor
  [ -x "$target/bin/pytest" ] || {
    "$python" scripts/make_venv.py "$target"
    "$target/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
    "$target/bin/python" -m pip install -q --disable-pip-version-check --no-deps -e .
  }
  echo "Python 3.$minor:"
  "$target/bin/python" -m pytest -p no:cacheprovider -m "not slow and not e2e" "$@"
done
