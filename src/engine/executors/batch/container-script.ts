/** Attempts of one job that Batch makes at most; its own limit. */
export const ATTEMPTS_MAX = 10;

/** Exit status of a worker that was stopped in time. */
const MORE_TO_DO = 75;
/** Seconds before the end of the walltime at which a worker is told. */
const NOTICE_S = 120;
/** Characters that a container's overrides may have in all, names and brackets included (Amazon ECS, RunTask). */
export const OVERRIDES_MAX = 8192;

/**
 * Script that a container runs: the job's script as a child, to which a signal is passed on.
 *
 * A job that depends on a failed one fails itself, so that no gate would ever begin: the status that counts is in the target's journals,
 * and here only 75 is told, which Batch tries again. At the end of Batch's own time limit a job fails for good, so the script ends it before.
 */
const WRAPPER = [
  'sh -c "$1" &',
  "child=$!",
  "trap 'kill -TERM \"$child\" 2>/dev/null' TERM",
  'if [ -n "$2" ]; then (sleep "$2" && kill -TERM "$child" 2>/dev/null) & timer=$!; fi',
  'wait "$child"; status=$?',
  'while kill -0 "$child" 2>/dev/null; do wait "$child"; status=$?; done',
  '[ -n "$timer" ] && kill "$timer" 2>/dev/null',
  `[ "$status" = ${MORE_TO_DO} ] && [ "\${AWS_BATCH_JOB_ATTEMPT:-1}" -lt ${ATTEMPTS_MAX} ] && exit ${MORE_TO_DO}`,
  "exit 0",
].join("\n");

/** Words of the container's command. */
export function containerCommand(script: string, walltimeMinutes: number | undefined): string[] {
  const seconds = walltimeMinutes === undefined ? "" : String(Math.max(30, walltimeMinutes * 60 - NOTICE_S));
  return ["/bin/sh", "-c", WRAPPER, "sh", script, seconds];
}
