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
  /** By file; `message` says why a file broke outside of its tests. */
  testResults?: readonly {
    name: string;
    message: string;
    assertionResults: readonly { status: string; fullName: string; failureMessages: readonly string[] }[];
  }[];
}

/** What failed with its message, a line for each step, and `N passed, N failed, N skipped` last. `reports` by the name of the step. */
export function summarise(
  steps: readonly Step[],
  reports: Readonly<Record<string, TestReport>>,
): { lines: string[]; ok: boolean };
