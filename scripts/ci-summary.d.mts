export interface Step {
  name: string;
  /** Exit status; 124 and 137: out of time. */
  status: number;
  seconds: number;
  /** Of the processors, of the step's processes that it has waited for. */
  cpuSeconds: number;
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

/** What went wrong outside of every test: `name` is the file of tests that ran then. */
export interface StrayError {
  name?: string;
  message: string;
}

/** By the name of a step. */
type ByStep<T> = Readonly<Record<string, T>>;

/** Files of the repository in which tests failed, or that ran when something went wrong outside of every test, if there are so few that a busy machine may be the reason; else none. */
export function filesToRunAgain(report: TestReport, errors?: readonly StrayError[]): string[];

/**
 * The files that took most of the processors, what failed with its message, a line for each step, and `N passed, N failed, N skipped` last.
 * What failed in a step and passed in a step `<name>-again` is told as such, and is no failure.
 * `progress`: what `test/reporter.ts` has written, for runs that left no report; `errors`: what it has of errors outside of tests; `costs`: what `test/setup.ts` has.
 */
export function summarise(
  steps: readonly Step[],
  reports: ByStep<TestReport>,
  notes?: { progress?: ByStep<string>; costs?: ByStep<string>; errors?: ByStep<readonly StrayError[]> },
): { lines: string[]; ok: boolean };
