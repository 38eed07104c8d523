import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { CELL_SHAPE, cellVoxels, ellipsoidMesh, RIBOSOMES, VESICLES } from "./cell-scene.mjs";
import { rotationOf, slicerAngles, stopgapAngles } from "./conventions.mjs";
import { generateLab } from "./generate.mjs";
import { PARTICLES } from "./truth.mjs";
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
    const deposits = ["imod", "aretomo", "batch", "sim", "traps", "annotations"] as const;
    await generateLab({ out: join(folder, "whole"), deposits, sections: "all" });
    const script = fileURLToPath(new URL("generate.mjs", import.meta.url));
    execFileSync(process.execPath, [script, "--out", join(folder, "other"), "--deposits", deposits.join(",")], { stdio: "pipe" });
    const tree = treeHash(join(folder, "whole"));
    expect(treeHash(join(folder, "other"))).toEqual(tree);
    expect(tree.size).toBeGreaterThan(260);
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
    expect(whole!.replace("[annotation, dataset, tomogram]", "[dataset, tomogram]").startsWith(thin!)).toBe(true);
    expect(whole).toContain("run: ['^TS_0002$', '^TS_0004$']");
  });

  it("keeps to the paths of its description", async () => {
    const { input, deposits } = await generateLab({
      out: join(folder, "paths"),
      deposits: ["aretomo", "batch", "sim", "annotations"],
    });
    const files = new Set(treeHash(join(input, "lab")).keys());
    const wanted = [
      ...["odd", "perm", "trunc", "int8", "half", "wrongvox"].map((trap) => `aretomo/${trap}_Vol.mrc`),
      "aretomo/Vol.zarr/.zattrs",
      "aretomo/copick/ExperimentRuns/notes.txt",
      "batch/mka2019-11-19-2/rawdata/._copy.mrc",
      "batch/mka2019-11-19-3/rawdata/mka2019-11-19-3.ali",
      "batch/mka2019-11-19-7/3dimage_147727/wtAnaGV7_SIRT_bin8.mrc",
      "sim/TS_100/VoxelSpacing10.200/wbp.mrc",
      ...["ground-truth_0_ribosome", "3daverage_2_ribosome", "SABER_1_vesicles"].map(
        (name) => `aretomo/copick/ExperimentRuns/run_001/Picks/${name}.json`,
      ),
      "aretomo/25jul_pos1_Vol_Segment_mask.mrc",
      "aretomo/copick/ExperimentRuns/run_001/Segmentations/4.990_SABER_1_granules-multilabel.zarr/2/0/0/0",
      ...["shell.obj", "shell.stl", "shell_binary.stl", "shell.vtk", "shell_5.1.vtk", "shell.glb", "group.hff"].map(
        (name) => `aretomo/mesh/run_001_${name}`,
      ),
      "sim/TS_1/Picks/ribosome.star",
      "sim/gts/instance_by_class/001_fix/TS_1.mrc",
      "annotations/subtomo/ribo_motl.star",
      "annotations/motl_star/points.star",
      "annotations/10401/TS_0001_x_MS.mod",
      "annotations/10401/TS_0001/labels.zarr/.zattrs",
      "annotations/10499/TS_0001_x_MS.mod",
      "annotations/TS_1.rec",
    ];
    expect(wanted.filter((name) => !files.has(name))).toEqual([]);
    expect(files.has("aretomo/25jul_pos3.mdoc")).toBe(false);
    expect([...files].filter((name) => name.startsWith("batch/mka2019-11-19-5/rawdata"))).toEqual([]);
    expect(deposits.map(({ runs }) => runs.length)).toEqual([3, 10, 1, 5]);
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

  it("says each pose as the others do", () => {
    const turn = (axis: "x" | "y" | "z", degrees: number): number[][] => {
      const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
      // the plane that turns: y to z, z to x, x to y
      const [from, to] = { x: [1, 2], y: [2, 0], z: [0, 1] }[axis] as [number, number];
      return [0, 1, 2].map((i) =>
        [0, 1, 2].map((j) => {
          if (i === j) return i === from || i === to ? cos : 1;
          return i === to && j === from ? sin : i === from && j === to ? -sin : 0;
        }),
      );
    };
    const product = (...matrices: number[][][]) =>
      matrices.reduce((a, b) => a.map((row) => [0, 1, 2].map((j) => row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0))));
    const apart = (a: number[][], b: number[][]) => Math.max(...a.flat().map((value, i) => Math.abs(value - b.flat()[i]!)));
    const angles = Array.from({ length: 200 }, (_, i) => ({ rot: (37 * i) % 360, tilt: (11.5 * i) % 180, psi: (101 * i) % 360 }));
    for (const relion of [...angles, ...PARTICLES.map((particle) => particle.relion)]) {
      const pose = rotationOf(relion);
      const stopgap = stopgapAngles(relion);
      const imod = slicerAngles(relion);
      expect(apart(product(turn("z", stopgap.psi), turn("x", stopgap.the), turn("z", stopgap.phi)), pose)).toBeLessThan(1e-12);
      expect(apart(product(turn("z", -imod.z), turn("y", -imod.y), turn("x", -imod.x)), pose)).toBeLessThan(1e-7);
    }
    for (const { relion, rotation } of PARTICLES) expect(apart(rotationOf(relion), rotation)).toBeLessThan(1e-14);
  });

  describe("of a cell", () => {
    it("has the same bytes every time, also from another process", async () => {
      await generateLab({ out: join(folder, "cell"), deposits: ["cell"] });
      const script = fileURLToPath(new URL("generate.mjs", import.meta.url));
      execFileSync(process.execPath, [script, "--out", join(folder, "cell-again"), "--deposit", "cell"], { stdio: "pipe" });
      const tree = treeHash(join(folder, "cell"));
      expect(tree.size).toBe(7);
      expect(treeHash(join(folder, "cell-again"))).toEqual(tree);
    });

    it("has ribosomes that are whole, apart from one another, and dark on the side of the small subunit", () => {
      const voxels = cellVoxels();
      const [, ny, nx] = CELL_SHAPE;
      const around = (place: readonly number[]) => {
        const [x, y, z] = place.map(Math.round) as [number, number, number];
        let sum = 0;
        for (const dz of [-1, 0, 1])
          for (const dy of [-1, 0, 1]) for (const dx of [-1, 0, 1]) sum += voxels[((z + dz) * ny + y + dy) * nx + x + dx]!;
        return sum / 27;
      };
      expect(RIBOSOMES.length).toBe(33);
      for (const [at, { place, rotation }] of RIBOSOMES.entries()) {
        for (const { place: other } of RIBOSOMES.slice(at + 1)) {
          expect(Math.hypot(...place.map((value, axis) => value - other[axis]!))).toBeGreaterThan(20);
        }
        for (const [i, row] of rotation.entries()) {
          for (const [j, second] of rotation.entries()) {
            expect(row.reduce((sum, value, k) => sum + value * second[k]!, 0)).toBeCloseTo(i === j ? 1 : 0, 12);
          }
        }
        expect(around(place)).toBeLessThan(-30);
        const small = place.map((value, axis) => value + 11 * rotation[axis]![2]!);
        expect(around(small)).toBeLessThan(-10);
      }
    });

    it("has closed meshes that face outwards, on the vesicles' membranes", () => {
      for (const vesicle of VESICLES) {
        const { vertices, triangles } = ellipsoidMesh(vesicle);
        const edges = new Map<string, number>();
        let volume = 0;
        for (const corners of triangles) {
          for (const [i, from] of corners.entries()) {
            const edge = `${from} ${corners[(i + 1) % 3]}`;
            edges.set(edge, (edges.get(edge) ?? 0) + 1);
          }
          const [a, b, c] = corners.map((at) => vertices[at]!.map((value, axis) => value - vesicle.centre[axis]!)) as number[][];
          const cross = [0, 1, 2].map((i) => a![(i + 1) % 3]! * b![(i + 2) % 3]! - a![(i + 2) % 3]! * b![(i + 1) % 3]!);
          volume += cross.reduce((sum, value, axis) => sum + value * c![axis]!, 0) / 6;
        }
        expect([...edges.values()].every((times) => times === 1)).toBe(true);
        expect([...edges.keys()].every((edge) => edges.has(edge.split(" ").reverse().join(" ")))).toBe(true);
        const [x, y, z] = vesicle.radii;
        expect(volume / ((4 / 3) * Math.PI * x * y * z)).toBeGreaterThan(0.98);
        expect(volume / ((4 / 3) * Math.PI * x * y * z)).toBeLessThan(1);
      }
    });
  });

  it("refuses a deposit it does not have", () => {
    const script = fileURLToPath(new URL("generate.mjs", import.meta.url));
    const generate = (names: string) =>
      execFileSync(process.execPath, [script, "--out", folder, "--deposits", names], { stdio: "pipe" });
    expect(() => generate("imod,nonsense")).toThrow(/--deposits imod,aretomo,batch,sim,traps,annotations,cell/);
    expect(() => generate("toString")).toThrow(/usage/);
  });

  it("refuses a size it cannot read", () => {
    const script = fileURLToPath(new URL("generate.mjs", import.meta.url));
    expect(() => execFileSync(process.execPath, [script, "--out", folder, "--size", "12x0x4"], { stdio: "pipe" })).toThrow(
      /--size 12x0x4/,
    );
  });
});
