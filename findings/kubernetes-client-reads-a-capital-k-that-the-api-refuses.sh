#!/usr/bin/env bash
# The official Python client reads the quantity "4K" as 4000 (kubernetes 37.0.2, utils.quantity.parse_quantity).
# Kubernetes itself refuses that text: kilo is a small "k" there, and only "Ki" has a capital (k8s.io/apimachinery
# 0.35.0, resource.ParseQuantity). A script that checks requests with the client passes manifests that the API refuses.
#
# Packages: kubernetes 37.0.2 (PyPI), k8s.io/apimachinery v0.35.0 (Go).
# Seen on 2026-11-28:
#     client 4K: 4000
#     api    4K: unable to parse quantity's suffix
#     api    4k: 4k
# Exits 0 while they differ so, 1 when they do not any more.
set -euo pipefail

work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check kubernetes==37.0.2
client=$("$work/venv/bin/python" -c 'from kubernetes.utils.quantity import parse_quantity; print(parse_quantity("4K"))')
echo "client 4K: $client"

mkdir "$work/api"
cd "$work/api"
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"k8s.io/apimachinery/pkg/api/resource"
)

func main() {
	quantity, err := resource.ParseQuantity(os.Args[1])
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(quantity.String())
}
GO
go mod init quantity >/dev/null 2>&1
GOFLAGS=-mod=mod go get k8s.io/apimachinery@v0.35.0 >/dev/null 2>&1
GOFLAGS=-mod=mod go build -o quantity .
capital=$(./quantity 4K)
small=$(./quantity 4k)
echo "api    4K: $capital"
echo "api    4k: $small"

[ "$small" = 4k ] || { echo "Kubernetes does not read 4k: not what was seen" >&2; exit 1; }
[ "$client" = 4000 ] || { echo "changed: the client does not read 4K as 4000" >&2; exit 1; }
grep -q suffix <<<"$capital" || { echo "changed: Kubernetes reads 4K" >&2; exit 1; }
echo "as seen: the client takes a suffix that Kubernetes refuses"
