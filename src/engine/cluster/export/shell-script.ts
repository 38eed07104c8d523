import { type ExportedRun, gateScript, headLines, sliceScript, stagesOf, TRIES, wordOf } from "./units.js";

/** Other failures than "there is more to do" that a slice may have. */
const FAILURES = 3;

/**
 * A run as a script for a POSIX shell: slices side by side by `xargs -P`, which GNU, BSD and BusyBox have. The script calls itself for a slice.
 */
export function shellScript(run: ExportedRun): string {
  const stages = stagesOf(run);
  const functions = stages.flatMap(({ name }) => [
    `work_${wordOf(name)}() (`,
    sliceScript(run, name),
    ")",
    `gate_${wordOf(name)}() (`,
    gateScript(run, name),
    ")",
  ]);
  return [
    "#!/bin/sh",
    ...headLines(run, "sh FILE [SLICES]: so many slices side by side (default: 1); the same command goes on.").map(
      (line) => `# ${line}`,
    ),
    "trap 'exit 130' HUP INT TERM",
    "",
    ...functions,
    "",
    "# again where there is more to do (75)",
    "slice() {",
    "  EMPORIUM_SLICE=$2 EMPORIUM_ATTEMPT=0 failures=0",
    "  export EMPORIUM_SLICE EMPORIUM_ATTEMPT",
    `  while [ "$EMPORIUM_ATTEMPT" -lt ${TRIES} ] && [ "$failures" -lt ${FAILURES} ]; do`,
    "    status=0",
    '    "work_$1" || status=$?',
    '    [ "$status" -eq 0 ] && return 0',
    '    [ "$status" -eq 75 ] || failures=$((failures + 1))',
    "    EMPORIUM_ATTEMPT=$((EMPORIUM_ATTEMPT + 1))",
    "  done",
    '  return "$status"',
    "}",
    "",
    "stage() {",
    "  number=0",
    '  while [ "$number" -lt "$2" ]; do',
    '    echo "$number"',
    "    number=$((number + 1))",
    '  done | xargs -n 1 -P "$jobs" sh "$0" slice "$1" || exit 1',
    '  "gate_$1" || exit "$?"',
    "}",
    "",
    'if [ "$#" -eq 3 ] && [ "$1" = slice ]; then',
    '  slice "$2" "$3"',
    '  exit "$?"',
    "fi",
    'if [ "$#" -gt 0 ]; then jobs=$1; else jobs=1; fi',
    ...stages.map(({ name, slices }) => `stage ${wordOf(name)} ${slices}`),
    "",
  ].join("\n");
}
