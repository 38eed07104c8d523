import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { REAL_DATA } from "../../test/real-data.js";
import { inMemory } from "../core/bytes.js";
import { readModelObject } from "../formats/mod/shapes.js";
import type { OverlayGround } from "../model/overlay-bytes.js";
import { fileStore } from "../stores/file/store.js";
import { describeOverlayFile, overlayFilesBeside, readOverlayFile } from "./overlay-files.js";

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
});
