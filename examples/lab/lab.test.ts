import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { generateLab } from "./generate.mjs";
import { voxelValue, writeVolume } from "./volumes.mjs";

const folder = mkdtempSync(join(tmpdir(), "emporium-lab-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function treeHash(root: string): Map<string, string> {
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const names = files.map((entry) => relative(root, join(entry.parentPath, entry.name))).sort();
  return new Map(
    names.map((name) => [
      name,
      createHash("sha256")
        .update(readFileSync(join(root, name)))
        .digest("hex"),
    ]),
  );
}

describe("the miniature laboratory", () => {
  it("has the same bytes every time", async () => {
    await generateLab({ out: join(folder, "a") });
    await generateLab({ out: join(folder, "b") });
    const tree = treeHash(join(folder, "a"));
    expect(tree.size).toBeGreaterThan(15);
    expect(treeHash(join(folder, "b"))).toEqual(tree);
  });

  it("has one run more in its table and its tilt series than in its tomograms", async () => {
    const lab = await generateLab({ out: join(folder, "three"), runs: 3, deposits: ["imod"] });
    const root = join(lab.input, "lab", "imod");
    expect(readdirSync(join(root, "tomograms"))).toEqual(["TS_0001.rec", "TS_0002.rec", "TS_0003.rec"]);
    expect(readdirSync(join(root, "metadata"))).toEqual(["TS_0004.st"]);
    const table = readFileSync(join(root, "run_data_map_vali.tsv"), "latin1");
    expect(table.split("\r\n").map((line) => line.split("\t")[0])).toEqual([
      "run_name",
      "TS_0001",
      "TS_0002",
      "TS_0003",
      "TS_0004",
      "",
    ]);
    expect(table.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
  });

  it("stores x fastest, then y, then z, by the formula", async () => {
    const path = join(folder, "formula.mrc");
    await writeVolume(path, { shape: [5, 9, 300], kind: "int16", runIndex: 2 });
    const view = new DataView(readFileSync(path).buffer.slice(0));
    for (const [z, y, x] of [
      [0, 0, 0],
      [0, 0, 299],
      [0, 8, 7],
      [4, 0, 1],
      [4, 8, 299],
    ] as const) {
      const stored = view.getInt16(1024 + 2 * ((z * 9 + y) * 300 + x), true);
      expect(stored).toBe(((x + 3 * y + 7 * z + 22) % 251) - 125);
      expect(voxelValue("int16", 2, z, y, x)).toBe(stored);
    }
  });

  it("streams a volume that is larger than its buffers", async () => {
    const lab = await generateLab({ out: join(folder, "large"), shape: [40, 512, 256], runs: 1, deposits: ["imod"] });
    const { path, shape } = lab.deposits[0]!.tomograms[0]!;
    expect(shape).toEqual([40, 512, 256]);
    expect(statSync(path).size).toBe(1024 + 4 * 40 * 512 * 256);
    const last = readFileSync(path).subarray(-4);
    expect(new DataView(last.buffer, last.byteOffset).getFloat32(0, true)).toBe(voxelValue("float32", 0, 39, 511, 255));
  });

  it("refuses a size it cannot read", () => {
    const script = fileURLToPath(new URL("generate.mjs", import.meta.url));
    expect(() => execFileSync(process.execPath, [script, "--out", folder, "--size", "12x0x4"], { stdio: "pipe" })).toThrow(
      /--size 12x0x4/,
    );
  });
});
