import { type Host, runProgram } from "../../src/cli/program.js";
import { manualClock } from "../../src/core/clock.js";

/** Runs a command line inside the test's own process and catches what it prints. */
export async function emporium(
  words: readonly string[],
  host: Partial<Host> = {},
): Promise<{ status: number; out: string; err: string }> {
  let out = "";
  let err = "";
  const status = await runProgram(words, {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    env: {},
    signal: new AbortController().signal,
    clock: manualClock(1_790_000_000_000),
    ...host,
  });
  return { status, out, err };
}

/** The words of a command line as a shell would split it; single quotes only, which is all that examples use. */
export function shellWords(line: string): string[] {
  return [...line.matchAll(/(?:[^\s']|'[^']*')+/g)].map(([word]) => word.replace(/'([^']*)'/g, "$1"));
}
