import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";

/** Two processes of the program at once, on one target. */
const PROGRAM = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "emporium-two-"));
afterAll(() => rmSync(root, { recursive: true }));

const ITEMS = ["runs", "voxel-spacings", "tomograms"].map((plural) => `--import-${plural}`);

function start(
  config: string,
  input: string,
  output: string,
  more: string[] = [],
): Promise<{ status: number | null; stderr: string }> {
  const words = [
    "ingest",
    "run",
    config,
    input,
    output,
    ...ITEMS,
    ...more,
    "--workspace",
    join(root, `ws-${Math.abs(hash(config))}`),
  ];
  const child = spawn(process.execPath, [PROGRAM, ...words, "--quiet"], { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (piece) => {
    stderr += piece;
  });
  return new Promise((resolve) => child.on("close", (status) => resolve({ status, stderr })));
}

function hash(text: string): number {
  return [...text].reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) | 0, 0);
}

describe("two processes", () => {
  it("of two depositions give the tomograms of one run numbers of their own, and both are whole", async () => {
    const lab = await generateLab({ out: join(root, "lab"), deposits: ["imod"] });
    const config = lab.deposits[0]!.config;
    const other = join(root, "other.yaml");
    const text = readFileSync(config, "utf8");
    writeFileSync(other, text.replaceAll("10301", "10999"));
    expect(readFileSync(other, "utf8")).not.toBe(text);
    const output = join(root, "tree");
    const ends = await Promise.all([config, other].map((one) => start(one, lab.input, output, ["--import-tomogram-metadata"])));
    expect(
      ends.map(({ status }) => status),
      ends.map(({ stderr }) => stderr).join(),
    ).toEqual([0, 0]);
    const files = (readdirSync(output, { recursive: true }) as string[])
      .filter((name) => name.endsWith("tomogram_metadata.json"))
      .sort();
    for (const run of ["TS_0001", "TS_0002"]) {
      const own = files.filter((name) => name.includes(`/${run}/`));
      expect(own.map((name) => /Tomograms\/(\d+)\//.exec(name)![1])).toEqual(["100", "101"]);
      const depositions = own.map((name) => JSON.parse(readFileSync(join(output, name), "utf8")).deposition_id).sort();
      expect(depositions).toEqual([10301, 10999]);
    }
    expect(readdirSync(output)).not.toContain(".emporium");
  });

  it("of one deposition: the second is told who holds the target, or finds the work done", async () => {
    const lab = await generateLab({ out: join(root, "lab2"), deposits: ["imod"], shape: [64, 256, 256] });
    const config = lab.deposits[0]!.config;
    const ends = await Promise.all([0, 1].map(() => start(config, lab.input, join(root, "tree2"), ["--import-all-metadata"])));
    for (const { status, stderr } of ends) {
      expect([0, 11]).toContain(status);
      if (status === 11) expect(stderr).toMatch(/^error\[TARGET_LOCKED\].*process \d+/m);
    }
    expect(ends.some(({ status }) => status === 0)).toBe(true);
  });
});
