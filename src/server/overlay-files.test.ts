import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { REAL_DATA } from "../../test/real-data.js";
import { inMemory } from "../core/bytes.js";
import { readModelObject } from "../formats/mod/shapes.js";
import type { OverlayGround } from "../model/overlay-bytes.js";
import { fileStore } from "../stores/file/store.js";
import {
  countOf,
  describeOverlayFile,
  meshShapes,
  overlayFilesBeside,
  readAnnotationPoints,
  readOverlayFile,
} from "./overlay-files.js";

const data = REAL_DATA;
const never = new AbortController().signal;
const model = (name: string) => inMemory(readFileSync(new URL(`mod/${name}`, data)), name);

// Positions of models are those of an independent reader, in `expected.json`; what is done with them here stands in the text.
describe.skipIf(!existsSync(new URL("mod", data)))("an object of an IMOD model over a volume", () => {
  const ground: OverlayGround = { sizeVoxels: [956, 924, 300], voxelAngstrom: [20, 20, 20], originAngstrom: [100, 200, 300] };

  it("counts x and y from the edge of the first pixel, z from the middle of the first section", async () => {
    const { xyz, contours } = await readModelObject(model("multiple_objects_example.mod"), 1, ground);
    const first = [100 + (367.000061 - 0.5) * 20, 200 + (661.833435 - 0.5) * 20, 300 + 134 * 20];
    expect(xyz.length).toBe(9);
    for (const [axis, at] of first.entries()) expect(xyz[axis]).toBeCloseTo(at, 1);
    expect([...contours]).toEqual([0, 3]);
  });

  it("keeps its place on an image of half the size: its pixels are those of its own image", async () => {
    const half: OverlayGround = { sizeVoxels: [64, 64, 64], voxelAngstrom: [8.96, 8.96, 8.96], originAngstrom: [0, 0, 0] };
    const { xyz, contours } = await readModelObject(model("two_contour_example.mod"), 0, half);
    // the edge of the image is at -4.48 Å now, and half a section more below along z
    const first = [64.3333359 * 4.48 - 4.48, 64.6666641 * 4.48 - 4.48, 80.5 * 4.48 - 4.48];
    for (const [axis, at] of first.entries()) expect(xyz[axis]).toBeCloseTo(at, 2);
    expect([...contours]).toEqual([0, 17, 25]);
  });
});

describe("files beside a volume", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "emporium-beside-"));
    const files = {
      "a.mrc": "",
      "b.mrc": "",
      "a_points.csv": "1,2,3\n40,50,20\n",
      "b_points.csv": "7,8,9\n",
      "a_far.csv": "100,200,40\n600,400,200\n",
      "a_broken.mod": "IMODV1.2 and nothing",
      "a_shell.obj": "v 0 0 0\nv 10 0 0\nv 0 10 0\nf 1 2 3\n",
      "a_notes.txt": "no points at all\n",
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const ground: OverlayGround = { sizeVoxels: [64, 64, 32], voxelAngstrom: [10, 10, 10], originAngstrom: [5, 0, 0] };

  it("are those of its name, each with its count, and what cannot be read says why", async () => {
    const store = fileStore(folder);
    const { files, notices } = await overlayFilesBeside(store, "a.mrc", never);
    expect(notices).toEqual([]);
    expect(files.filter(({ isOwn }) => !isOwn).map(({ name }) => name)).toEqual(["b_points.csv"]);
    const own = files.filter(({ isOwn }) => isOwn);
    const found = (await Promise.all(own.map((file) => describeOverlayFile(store, file, ground, never)))).flat();
    const facts = found.map(({ name, kind, count, error }) => [name, kind, count, error?.code]).sort();
    expect(facts).toEqual([
      ["a_broken.mod", "model", 0, "FORMAT_TRUNCATED"],
      ["a_far.csv", "points", 2, undefined],
      ["a_points.csv", "points", 2, undefined],
      ["a_shell.obj", "mesh", 1, undefined],
    ]);
  });

  it("are said to be more where not all are looked at or listed", async () => {
    const many = mkdtempSync(join(tmpdir(), "emporium-beside-"));
    try {
      writeFileSync(join(many, "a.mrc"), "");
      for (let i = 0; i < 120; i++) writeFileSync(join(many, `a_${String(i).padStart(3, "0")}.csv`), "");
      const some = await overlayFilesBeside(fileStore(many), "a.mrc", never);
      expect(some.files.length).toBe(100);
      expect(some.notices).toEqual([expect.stringContaining("120 files here can be drawn, 100 are listed")]);
      for (let i = 0; i < 5_000; i++) writeFileSync(join(many, `b_${i}.dat`), "");
      const first = await overlayFilesBeside(fileStore(many), "a.mrc", never);
      expect(first.notices[0]).toContain("more than 5000 entries");
    } finally {
      rmSync(many, { recursive: true, force: true });
    }
  });

  it("are put into Å: voxels as they are, coordinates outside of the volume by the unit that fits all", async () => {
    const store = fileStore(folder);
    const near = await readOverlayFile(store, { id: "", key: "a_points.csv", kind: "points" }, ground, never);
    expect([...near!.xyz]).toEqual([15, 20, 30, 405, 500, 200]);
    const far = await readOverlayFile(store, { id: "", key: "a_far.csv", kind: "points" }, ground, never);
    // in Å already, from the first voxel
    expect([...far!.xyz]).toEqual([105, 200, 40, 605, 400, 200]);
    const shell = await readOverlayFile(store, { id: "", key: "a_shell.obj", kind: "mesh" }, ground, never);
    expect([[...shell!.xyz], [...shell!.triangles]]).toEqual([
      [5, 0, 0, 105, 0, 0, 5, 100, 0],
      [0, 1, 2],
    ]);
  });

  it("whose name has nothing of the volume's are another's where there is another; a folder is no file", async () => {
    const own = mkdtempSync(join(tmpdir(), "emporium-beside-"));
    try {
      for (const name of ["a.mrc", "c.csv", "metadata.json"]) writeFileSync(join(own, name), "");
      mkdirSync(join(own, "folder.csv"));
      const beside = async () =>
        (await overlayFilesBeside(fileStore(own), "a.mrc", never)).files.map(({ name, isOwn }) => [name, isOwn]);
      expect(await beside()).toEqual([
        ["c.csv", true],
        ["metadata.json", true],
      ]);
      writeFileSync(join(own, "b.mrc"), "");
      expect(await beside()).toEqual([["c.csv", false]]);
    } finally {
      rmSync(own, { recursive: true, force: true });
    }
  });

  it("that are large are not counted before they are shown", async () => {
    const store = fileStore(folder);
    const large = { id: "x", isOwn: true, stat: { size: 2 ** 21 + 1 } } as const;
    const points = { ...large, key: "a_points.csv", name: "a_points.csv", kind: "points" } as const;
    expect(await describeOverlayFile(store, points, ground, never)).toMatchObject([{ kind: "points", count: 0 }]);
    // nothing of it is read: it need not be there
    const mesh = { ...large, key: "none.obj", name: "none.obj", kind: "mesh" } as const;
    expect(await describeOverlayFile(store, mesh, ground, never)).toEqual([
      { id: "x", key: "none.obj", name: "none.obj", kind: "mesh", count: 0 },
    ]);
    const small = { ...mesh, stat: { size: 2 ** 21 } };
    expect(await describeOverlayFile(store, small, ground, never)).toMatchObject([{ error: { code: "STORE_ABSENT" } }]);
  });

  it("a surface has the corners of all its parts; where it is larger than the volume its numbers are Å", async () => {
    const part = (side: number) => ({
      positions: new Float32Array([0, 0, 0, side, 0, 0, 0, side, 0]),
      triangles: new Uint32Array([2, 1, 0]),
    });
    const shapes = meshShapes("m", [part(1), part(2)] as never, ground);
    expect([...shapes.xyz]).toEqual([5, 0, 0, 15, 0, 0, 5, 10, 0, 5, 0, 0, 25, 0, 0, 5, 20, 0]);
    expect([...shapes.triangles]).toEqual([2, 1, 0, 5, 4, 3]);
    expect(countOf(shapes)).toBe(2);
    expect([...meshShapes("m", [part(600)] as never, ground).xyz.slice(3, 4)]).toEqual([6005]);
    writeFileSync(join(folder, "a_large.obj"), "v 0 0 0\nv 600 0 0\nv 0 600 200\nf 1 2 3\n");
    const large = await readOverlayFile(fileStore(folder), { id: "", key: "a_large.obj", kind: "mesh" }, ground, never);
    expect([...large!.xyz]).toEqual([5, 0, 0, 605, 0, 0, 5, 600, 200]);
  });
});

describe("points of an annotation of the catalogue", () => {
  const ground: OverlayGround = { sizeVoxels: [64, 64, 32], voxelAngstrom: [10, 10, 10], originAngstrom: [5, 0, 0] };
  const read = (lines: readonly object[]) =>
    readAnnotationPoints(
      inMemory(Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join("")), "p.ndjson"),
      20,
      ground,
      never,
    );
  const at = (x: number) => ({ x, y: 2, z: 3 });

  it("are counted in its own voxels, however many there are", async () => {
    // more than are read at once
    const count = 16_384 + 3;
    const lines = Array.from({ length: count }, (_, i) => ({ type: "instancePoint", location: at(i % 7), instance_id: i }));
    const { xyz, instances, directions, places } = await read(lines);
    expect([xyz.length, instances.length, directions.length]).toEqual([3 * count, count, 0]);
    for (const i of [0, 1, 16_383, 16_384, count - 1]) {
      const drawn = places.length > 0 ? places.indexOf(i) : i;
      expect([...xyz.subarray(3 * drawn, 3 * drawn + 3), instances[drawn]]).toEqual([5 + 20 * (i % 7), 40, 60, i]);
    }
  });

  it("have the z-axes of their particles", async () => {
    const matrix = [
      [1, 2, 0.25],
      [3, 4, 0.5],
      [5, 6, 0.75],
    ];
    const { directions, instances } = await read([{ type: "orientedPoint", location: at(1), xyz_rotation_matrix: matrix }]);
    expect([[...directions], instances.length]).toEqual([[0.25, 0.5, 0.75], 0]);
  });
});
