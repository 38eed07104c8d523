import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { hasEnvironment, python, type Verdict } from "./environment.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-stream-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const server = fileURLToPath(new URL("stream-server.mjs", import.meta.url));
const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** What did not pass; how many did. */
async function results(script: string, args: readonly string[]): Promise<{ failed: Verdict[]; passed: number }> {
  const verdicts = JSON.parse(await python("peers", script, args)) as Verdict[];
  const failed = verdicts.filter(({ passed }) => !passed);
  return { failed, passed: verdicts.length - failed.length };
}

describe.runIf(hasEnvironment("peers"))("emporium_blocks.py", () => {
  it("gets every byte of every block, and no client or server outlives the other, however they end", async () => {
    const { failed, passed } = await results("stream_checks.py", [process.execPath, server, folder]);
    expect(failed).toEqual([]);
    expect(passed).toBe(17);
  });

  it("reads blocks of volumes that zarr-python wrote as NumPy has them", async () => {
    const { failed, passed } = await results("stream_volumes.py", [process.execPath, program, folder]);
    expect(failed).toEqual([]);
    expect(passed).toBe(6);
  });
});
