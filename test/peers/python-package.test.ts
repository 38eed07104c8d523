import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import { hasEnvironment, python, type Verdict } from "./environment.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "emporium-python-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.runIf(hasEnvironment("peers"))("the Python package emporium", () => {
  it("runs commands and servers, gives their results to NumPy and the official client, and raises their errors", async () => {
    await generateLab({ out: join(folder, "lab"), deposits: ["sim"] });
    const out = await python("peers", "package_checks.py", [`${root}dist/cli/main.js`, folder]);
    const verdicts = JSON.parse(out) as Verdict[];
    expect(verdicts.filter(({ passed }) => !passed)).toEqual([]);
    expect(verdicts).toHaveLength(18);
  });

  it.runIf(hasEnvironment("wheel"))("has types that mypy finds nothing in, told to be strict", async () => {
    const numpy = `${root}.cache/venv-peers/bin/python`;
    const words = ["-m", "mypy", "--python-executable", numpy, "--cache-dir", join(folder, "mypy")];
    const { stdout } = await run(`${root}.cache/venv-wheel/bin/python`, words, { cwd: `${root}python` }).catch(
      (failed: { stdout: string }) => failed,
    );
    expect(stdout).toMatch(/^Success: no issues found in 7 source files$/m);
  });
});
