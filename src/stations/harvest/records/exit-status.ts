import { ERRORS, type ErrorRecord } from "../../../core/errors.js";

/** The exit status of a command with several items: 0 all done, 3 some failed; if nothing was done, that of the first error. */
export function exitStatusOf(result: { failed: number; of: number; kept: number; errors: readonly ErrorRecord[] }): number {
  const { failed, of, kept, errors } = result;
  if (failed === 0) return 0;
  const [first] = errors;
  return of > 1 || kept > 0 ? (kept > 0 ? 3 : 1) : first ? ERRORS[first.code].exit : 1;
}
