export interface Step {
  name: string;
  /** Exit status; 124 and 137: out of time. */
  status: number;
  seconds: number;
}

/** The fields that we read of vitest's JSON report. */
export interface TestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
}

/** A line for each step, and `N passed, N failed, N skipped` last. `reports` by the name of the step. */
export function summarise(
  steps: readonly Step[],
  reports: Readonly<Record<string, TestReport>>,
): { lines: string[]; ok: boolean };
