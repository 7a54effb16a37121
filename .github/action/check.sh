#!/usr/bin/env bash
# Runs ssmlint for the action: the log, annotations, the job's summary and SARIF in one run. Ends with 0 whatever was
# found; what was found is in the outputs, and a later step fails the job.
set -euo pipefail

read_words() {
  local text=$1 word
  words=()
  # Words are split, and nothing in them is expanded.
  set -f
  for word in $text; do words+=("$word"); done
  set +f
}

arguments=(check)
read_words "${INPUT_ARGS:-}"
arguments+=(${words[@]+"${words[@]}"})
[[ -z ${INPUT_CONFIG:-} ]] || arguments+=(--config "$INPUT_CONFIG")
[[ -z ${INPUT_FAIL_ON:-} ]] || arguments+=(--fail-on "$INPUT_FAIL_ON")

sarif=""
arguments+=(--format pretty)
case "${INPUT_FORMAT:-both}" in
  annotations) arguments+=(--format github) ;;
  sarif) sarif="$RUNNER_TEMP/ssmlint.sarif" ;;
  both)
    arguments+=(--format github)
    sarif="$RUNNER_TEMP/ssmlint.sarif"
    ;;
  *)
    echo "::error title=ssmlint::the format must be annotations, sarif or both"
    exit 2
    ;;
esac
[[ -z $sarif ]] || arguments+=(--format "sarif=$sarif")
json="$RUNNER_TEMP/ssmlint.json"
summary="$RUNNER_TEMP/ssmlint.md"
rm -f "$json" "$summary" "$RUNNER_TEMP/ssmlint.sarif"
arguments+=(--format "json=$json" --format "markdown=$summary")

read_words "${INPUT_PATH:-.}"
exit_code=0
ssmlint "${arguments[@]}" -- ${words[@]+"${words[@]}"} || exit_code=$?

findings=0 errors=0
if [[ -f $json ]]; then
  count() { sed -n "s/^ *\"$1\": *\([0-9]*\),\{0,1\}$/\1/p" "$json" | head -n 1; }
  errors=$(count errors)
  warnings=$(count warnings)
  infos=$(count infos)
  findings=$((errors + warnings + infos))
fi
if [[ -f $summary ]]; then
  cat "$summary" >> "$GITHUB_STEP_SUMMARY"
fi
upload=false
if [[ -f ${sarif:-} ]]; then
  [[ ${INPUT_UPLOAD:-true} != true || ${IS_FORK:-} == true ]] || upload=true
else
  sarif=""
fi
{
  echo "exit-code=$exit_code"
  echo "findings=$findings"
  echo "errors=$errors"
  echo "sarif-file=$sarif"
  echo "upload=$upload"
} >> "$GITHUB_OUTPUT"
