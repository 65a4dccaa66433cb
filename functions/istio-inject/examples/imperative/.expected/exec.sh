#!/usr/bin/env bash
set -euo pipefail
kpt fn eval . --exec krm-injector --results-dir "$(pwd)/../results" -- defaultNamespace=shop record=false
