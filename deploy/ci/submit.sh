#!/usr/bin/env bash
# What the GitHub action runs: submit, wait, and say in the job's outputs and summary how it stands.
set -uo pipefail
TITLE="${TITLE:-}"
TITLE="${TITLE%%$'\n'*}" # a commit's first line

commonweight submit "$REPOSITORY" "$FOLDER" --repo-type "${REPO_TYPE:-model}" \
    --path-in-repo "${PATH_IN_REPO:-}" --track "${TRACK:-}" --title "$TITLE" \
    --wait --timeout "${TIMEOUT:-60m}" --json >commonweight.json
code=$?

python - <<'PY'
import json, os

try:
    with open("commonweight.json") as file:
        found = json.load(file)
except ValueError:
    found = {}
shown = {name: found.get(name, "") for name in ("id", "url", "outcome", "status_label")}
# One line each: a value with a line break could set another output.
values = {name: " ".join(str(value).split()) for name, value in shown.items()}
with open(os.environ.get("GITHUB_OUTPUT", os.devnull), "a") as file:
    file.write(f"submission={values['id']}\nurl={values['url']}\noutcome={values['outcome']}\n")
with open(os.environ.get("GITHUB_STEP_SUMMARY", os.devnull), "a") as file:
    if values["url"]:
        file.write(f"Commonweight: [{values['status_label']}]({values['url']})\n")
PY

if [ "$code" = 2 ] && [ "${NEEDS_HUMAN:-pass}" = pass ]; then
    echo "Measured; it waits for a person now."
    exit 0
fi
exit "$code"
