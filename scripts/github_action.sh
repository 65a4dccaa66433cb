#!/usr/bin/env bash
# The step of action.yml that runs krm-injector. Its inputs are the variables KRM_...; what it leaves
# is in RUNNER_TEMP: krm-injector.sarif, and krm-injector.md for the comment.
set -euo pipefail

sarif=$RUNNER_TEMP/krm-injector.sarif
markdown=$RUNNER_TEMP/krm-injector.md
options=()
[ -z "${KRM_CONFIG:-}" ] || options+=("--config=$KRM_CONFIG")
[ -z "${KRM_MESH:-}" ] || options+=("--mesh=$KRM_MESH")

case $KRM_COMMAND in
  verify | explain) ;;
  build)
    [ -n "${KRM_OUTPUT:-}" ] || { echo "::error::command build needs the input output" >&2; exit 2; }
    # Written whole or not at all.
    krm-injector build "$KRM_PATH" "${options[@]}" > "$KRM_OUTPUT.new"
    mv "$KRM_OUTPUT.new" "$KRM_OUTPUT"
    exit ;;
  *) echo "::error::command is verify, explain or build, not $KRM_COMMAND" >&2; exit 2 ;;
esac

if [ "${KRM_COMMENT:-}" = true ]; then
  # What is wrong is in the text, and in the findings of the command below.
  krm-injector explain "$KRM_PATH" "${options[@]}" --output markdown --quiet > "$markdown" 2>/dev/null || true
  [ -s "$markdown" ] || echo "krm-injector could not read \`$KRM_PATH\`: the log of the job says why." > "$markdown"
  head -c 900000 "$markdown" >> "${GITHUB_STEP_SUMMARY:-/dev/null}"
fi

# The pages about codes, of the version of the action.
if [ -n "${KRM_ACTION:-}" ]; then
  options+=("--docs=$GITHUB_SERVER_URL/$KRM_ACTION/blob/${KRM_ACTION_REF:-HEAD}/docs")
fi

# GitHub makes annotations of what is on stdout. There is something to upload if the program came so far.
rm -f "$sarif"
status=0
krm-injector "$KRM_COMMAND" "$KRM_PATH" "${options[@]}" --output github --results "$sarif" || status=$?
[ ! -s "$sarif" ] || echo "sarif-file=$sarif" >> "$GITHUB_OUTPUT"
exit "$status"
