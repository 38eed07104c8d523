export interface Benchmark {
  readonly name: string;
  /** File in bench/ where it has another name. */
  readonly script?: string;
  readonly title: string;
  readonly once: readonly string[];
  readonly full: readonly string[];
  /** Files and folders that it measures. */
  readonly code: readonly string[];
  readonly limits: string;
}
export const BENCHMARKS: readonly Benchmark[];
