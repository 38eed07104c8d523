import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { SerializedError, UserConsoleLog } from "vitest";
import type { Reporter, TestCase, TestModule } from "vitest/node";
import { IN_PART } from "./real-data.js";
import { readsRealFiles } from "./real-data-suites.js";

/**
 * Says at the end how many tests were skipped and why: one line for each reason. The reason is the note of `context.skip(note)`, or
 * what a test or its suite says in parentheses, `(needs …)`, or what its file has printed, `skipped: …`, or else the file it stands in and whether that reads the sample files.
 */
export default class SkipReporter implements Reporter {
  readonly #inPart = new Set<string>();
  /** What has begun and what has ended, a line each, for whoever must say in which test a run was that had to be killed. */
  readonly #progress = process.env["EMPORIUM_TEST_JSON"] && `${process.env["EMPORIUM_TEST_JSON"]}.progress`;

  /** By the number of a task: `skipped: no Python with numpy`, as its file has said before its tests. */
  readonly #said = new Map<string, string>();

  /** What went wrong outside of every test, such as a promise that nobody waits for: it fails a run, and stands in no report of tests. */
  readonly #errors = process.env["EMPORIUM_TEST_JSON"] && `${process.env["EMPORIUM_TEST_JSON"]}.errors`;

  onTestRunStart(): void {
    for (const file of [this.#progress, this.#errors]) if (file) rmSync(file, { force: true });
  }

  onTestModuleStart(module: TestModule): void {
    this.#note("begins", module.relativeModuleId);
  }

  onTestModuleEnd(module: TestModule): void {
    this.#note("ends", module.relativeModuleId);
  }

  onTestCaseReady(test: TestCase): void {
    this.#note("begins", `${test.module.relativeModuleId}: ${test.fullName}`);
  }

  onTestCaseResult(test: TestCase): void {
    this.#note("ends", `${test.module.relativeModuleId}: ${test.fullName}`);
  }

  #note(what: "begins" | "ends", name: string): void {
    if (this.#progress) appendFileSync(this.#progress, `${what} ${name.replaceAll("\n", " ")}\n`);
  }

  onUserConsoleLog({ content, taskId = "" }: UserConsoleLog): void {
    for (const line of content.split("\n")) {
      if (line.startsWith(IN_PART)) this.#inPart.add(line.trim());
      const reason = /^skipped: (.+)/.exec(line)?.[1];
      if (reason !== undefined) this.#said.set(taskId, reason);
    }
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    if (this.#errors && errors.length > 0) writeFileSync(this.#errors, JSON.stringify(errors.map(strayOf)));
    const counts = new Map<string, number>();
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state !== "skipped") continue;
        const reason = reasonOf(test, result.note, this.#said.get(module.id));
        counts.set(reason, (counts.get(reason) ?? 0) + 1);
      }
    }
    for (const line of [...this.#inPart, ...skipLines(counts)]) process.stdout.write(`${line}\n`);
  }
}

/** @returns the file of tests that ran when the error came, where that is known, and what the error says */
function strayOf({ VITEST_TEST_PATH: name, stack, message }: SerializedError): { name?: string; message: string } {
  return { ...(typeof name === "string" && { name }), message: stack ?? message };
}

const REAL_FILES = "needs real files";

/** `skipped 12: needs fish`, the largest count first; nothing where nothing was skipped. */
export function skipLines(counts: ReadonlyMap<string, number>): string[] {
  const { [REAL_FILES]: real = 0, ...others } = Object.fromEntries(counts);
  const lines = Object.entries(others)
    .sort(([a, m], [b, n]) => n - m || a.localeCompare(b))
    .map(([reason, count]) => `skipped ${count}: ${reason}`);
  if (real > 0)
    lines.push(
      `${real} ${real === 1 ? "test needs" : "tests need"} real files: \`npm run data\` fetches them from their public repositories`,
    );
  return lines;
}

function reasonOf(test: TestCase, note: string | undefined, fileSaid: string | undefined): string {
  const said = note ?? /\((needs [^)]+)\)/.exec(test.fullName)?.[1] ?? fileSaid;
  if (said === undefined && usesSamples(test.module)) return REAL_FILES;
  return said ?? `${test.module.relativeModuleId} gives no reason`;
}

/** Files of other people are no part of the repository; suites that read them import where they are. */
function usesSamples(module: TestModule): boolean {
  return readsRealFiles(readFileSync(module.moduleId, "utf8"));
}
