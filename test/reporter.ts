import { readFileSync } from "node:fs";
import type { Reporter, TestCase, TestModule } from "vitest/node";

/**
 * Says at the end how many tests were skipped and why: one line for each reason. The reason is the note of `context.skip(note)`, or
 * what a test or its suite says in parentheses, `(needs …)`, or else the file it stands in and whether that reads the sample files.
 */
export default class SkipReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = new Map<string, number>();
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state !== "skipped") continue;
        const reason = reasonOf(test, result.note);
        counts.set(reason, (counts.get(reason) ?? 0) + 1);
      }
    }
    for (const line of skipLines(counts)) process.stdout.write(`${line}\n`);
  }
}

/** `skipped 12: needs ../shared/data`, the largest count first; nothing where nothing was skipped. */
export function skipLines(counts: ReadonlyMap<string, number>): string[] {
  return [...counts]
    .sort(([a, m], [b, n]) => n - m || a.localeCompare(b))
    .map(([reason, count]) => `skipped ${count}: ${reason}`);
}

function reasonOf(test: TestCase, note: string | undefined): string {
  const said = note ?? /\((needs [^)]+)\)/.exec(test.fullName)?.[1];
  return said ?? `${test.module.relativeModuleId}${usesSamples(test.module) ? " needs ../shared/data" : " gives no reason"}`;
}

/** The public sample files are no part of the repository; suites that read them say so by their path. */
function usesSamples(module: TestModule): boolean {
  return /shared\/data|\bhasData\b/.test(readFileSync(module.moduleId, "utf8"));
}
