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

  it("is whole in a few megabytes, the same from another process", async () => {
    const deposits = ["imod", "aretomo", "batch", "sim", "traps"] as const;
    await generateLab({ out: join(folder, "whole"), deposits, sections: "all" });
    const script = fileURLToPath(new URL("generate.mjs", import.meta.url));
    execFileSync(process.execPath, [script, "--out", join(folder, "other"), "--deposits", deposits.join(",")], { stdio: "pipe" });
    const tree = treeHash(join(folder, "whole"));
    expect(treeHash(join(folder, "other"))).toEqual(tree);
    expect(tree.size).toBeGreaterThan(180);
    const bytes = [...tree.keys()].reduce((sum, name) => sum + statSync(join(folder, "whole", name)).size, 0);
    expect(bytes).toBeLessThan(10 * 1024 * 1024);
  });

  it("adds to the deposit of tomograms and changes none of its files", async () => {
    await generateLab({ out: join(folder, "few"), deposits: ["imod"], runs: 4 });
    await generateLab({ out: join(folder, "many"), deposits: ["imod"], runs: 4, sections: "all" });
    const few = treeHash(join(folder, "few"));
    const many = treeHash(join(folder, "many"));
    expect(many.size).toBeGreaterThan(few.size + 60);
    few.delete("imod.yaml");
    expect(new Map([...many].filter(([name]) => few.has(name)))).toEqual(few);
    const [thin, whole] = ["few", "many"].map((name) => readFileSync(join(folder, name, "imod.yaml"), "utf8"));
    expect(whole!.startsWith(thin!)).toBe(true);
    expect(whole).toContain("run: ['^TS_0002$', '^TS_0004$']");
  });

  it("keeps to the paths of its description", async () => {
    const { input, deposits } = await generateLab({ out: join(folder, "paths"), deposits: ["aretomo", "batch", "sim"] });
    const files = new Set(treeHash(join(input, "lab")).keys());
    const wanted = [
      ...["odd", "perm", "trunc", "int8", "half", "wrongvox"].map((trap) => `aretomo/${trap}_Vol.mrc`),
      "aretomo/Vol.zarr/.zattrs",
      "aretomo/copick/ExperimentRuns/notes.txt",
      "batch/mka2019-11-19-2/rawdata/._copy.mrc",
      "batch/mka2019-11-19-3/rawdata/mka2019-11-19-3.ali",
      "batch/mka2019-11-19-7/3dimage_147727/wtAnaGV7_SIRT_bin8.mrc",
      "sim/TS_100/VoxelSpacing10.000/wbp.mrc",
    ];
    expect(wanted.filter((name) => !files.has(name))).toEqual([]);
    expect(files.has("aretomo/25jul_pos3.mdoc")).toBe(false);
    expect([...files].filter((name) => name.startsWith("batch/mka2019-11-19-5/rawdata"))).toEqual([]);
    expect(deposits.map(({ runs }) => runs.length)).toEqual([3, 10, 1]);
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

  it("refuses a deposit it does not have", () => {
    const script = fileURLToPath(new URL("generate.mjs", import.meta.url));
    const generate = (names: string) =>
      execFileSync(process.execPath, [script, "--out", folder, "--deposits", names], { stdio: "pipe" });
    expect(() => generate("imod,nonsense")).toThrow(/--deposits imod,aretomo,batch,sim,traps/);
    expect(() => generate("toString")).toThrow(/usage/);
  });

  it("refuses a size it cannot read", () => {
    const script = fileURLToPath(new URL("generate.mjs", import.meta.url));
    expect(() => execFileSync(process.execPath, [script, "--out", folder, "--size", "12x0x4"], { stdio: "pipe" })).toThrow(
      /--size 12x0x4/,
    );
  });
});
