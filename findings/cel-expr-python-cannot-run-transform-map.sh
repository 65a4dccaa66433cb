#!/usr/bin/env bash
# cel-expr-python (Google's CEL runtime, cel-cpp) has the macros transformMap and transformMapEntry of the extension
# two-var-comprehensions, checks them, and then refuses to run them: the function that they expand to,
# cel.@mapInsert, is not registered in the runtime of this build. transformList of the same extension works, and
# cel-go runs all three. A policy that uses the macro cannot be evaluated in Python.
#
# Packages: cel-expr-python 0.1.3 (PyPI), github.com/google/cel-go v0.26.0 (Go).
# Seen on 2026-11-28:
#     python transformList: [1]
#     python transformMap: No overload found in reference resolve step for cel.@mapInsert
#     go     transformMap is {a: 1}: true <nil>
# Exits 0 while they differ so, 1 when they do not any more.
set -euo pipefail

work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check cel-expr-python==0.1.3
cat >"$work/ask.py" <<'PY'
import sys
from cel_expr_python import cel

config = cel.NewEnvConfigFromYaml("name: ask\nextensions:\n- name: two-var-comprehensions\n")
try:
    print(cel.NewEnv(config=config).compile(sys.argv[1]).eval().value())
except RuntimeError as error:
    print(str(error).partition(": ")[2].partition(" [")[0])
PY
list=$("$work/venv/bin/python" "$work/ask.py" "{'a': 1}.transformList(k, v, v)")
map=$("$work/venv/bin/python" "$work/ask.py" "{'a': 1}.transformMap(k, v, v)")
echo "python transformList: $list"
echo "python transformMap: $map"

mkdir "$work/go"
cd "$work/go"
cat >main.go <<'GO'
package main

import (
	"fmt"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/ext"
)

func main() {
	env, err := cel.NewEnv(ext.TwoVarComprehensions())
	if err != nil {
		panic(err)
	}
	ast, issues := env.Compile("{'a': 1}.transformMap(k, v, v)")
	if issues != nil {
		panic(issues.Err())
	}
	program, err := env.Program(ast)
	if err != nil {
		panic(err)
	}
	value, _, err := program.Eval(cel.NoVars())
	fmt.Println(value.Equal(env.CELTypeAdapter().NativeToValue(map[string]int64{"a": 1})), err)
}
GO
cat >go.mod <<'MOD'
module ask

go 1.23.0

require github.com/google/cel-go v0.26.0
MOD
GOFLAGS=-mod=mod go mod tidy >/dev/null 2>&1
went=$(GOFLAGS=-mod=mod go run .)
echo "go     transformMap is {a: 1}: $went"

[[ $list == "[1]" && $map == *"cel.@mapInsert"* && $went == "true <nil>" ]]
