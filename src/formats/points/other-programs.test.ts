import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { inMemory } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import type { PointOptions } from "./points.js";
import { POINT_READERS } from "./readers.js";
import { relionRotation } from "./rotation.js";

const OPTIONS: PointOptions = { kind: "point", binning: 1, columns: "xyz", order: "xyz", delimiter: "," };

async function read(format: string, text: string, options: Partial<PointOptions> = {}) {
  const points: number[][] = [];
  const rotations: number[] = [];
  const source = inMemory(new TextEncoder().encode(text), "a.file");
  for await (const batch of POINT_READERS[format]!.read(source, { ...OPTIONS, ...options })) {
    for (let i = 0; i < batch.count; i++) points.push([...batch.positions.subarray(3 * i, 3 * i + 3)]);
    rotations.push(...(batch.rotations ?? []));
  }
  return { points, rotations };
}

async function refusal(format: string, text: string, options: Partial<PointOptions> = {}) {
  const error: unknown = await read(format, text, options).catch((thrown: unknown) => thrown);
  return isEmporiumError(error) ? { code: error.code, message: error.message, line: error.facts.place?.line } : error;
}

/** A row of a Dynamo table. */
function dynamo(tomogram: number, xyz: number[], shifts = [0, 0, 0], angles = [0, 0, 0]) {
  const row: (number | string)[] = new Array<number>(26).fill(0);
  row.splice(0, 3, 1, 1, 1);
  row.splice(3, 3, ...shifts);
  row.splice(6, 3, ...angles);
  row[9] = "NaN"; // a cross-correlation that was not computed
  row[19] = tomogram;
  row.splice(23, 3, ...xyz);
  return row.join(" ");
}

describe("tables of Dynamo", () => {
  it("seam 52: positions are coordinates and shifts, angles are those of scipy", async () => {
    const golden = JSON.parse(
      readFileSync(new URL("../../../test/golden/points/dynamo.golden.json", import.meta.url), "utf8"),
    ) as number[][];
    expect(golden).toHaveLength(64);
    const text = golden.map((row, i) => dynamo(3, [i, 2 * i, 3 * i], [0.5, -1, 2], row.slice(0, 3))).join("\n");
    const { points, rotations } = await read("dynamo_tbl", `${text}\n`, { kind: "orientedPoint", binning: 2 });
    expect(points).toEqual(golden.map((_, i) => [(i + 0.5) / 2, (2 * i - 1) / 2, (3 * i + 2) / 2]));
    for (const [i, value] of golden.flatMap((row) => row.slice(3)).entries()) expect(rotations[i]).toBeCloseTo(value, 12);
  });

  it("seam 52: angles of one particle in Dynamo and in RELION are one matrix", async () => {
    // the pair that alisterburt/eulerangles tests with: both programs reconstruct the same from it
    const { rotations } = await read("dynamo_tbl", dynamo(1, [0, 0, 0], [0, 0, 0], [-47.273, 1.1777, -132.3]), {
      kind: "orientedPoint",
    });
    const wanted = new Float64Array(9);
    relionRotation(137.7, 1.1777, 42.727, wanted);
    for (const [i, value] of wanted.entries()) expect(rotations[i]).toBeCloseTo(value, 4);
  });

  it("seam 52: a table of several tomograms wants the number of one", async () => {
    const text = [dynamo(2, [1, 2, 3]), dynamo(7, [4, 5, 6]), dynamo(7, [7, 8, 9])].join("\n");
    expect((await read("dynamo_tbl", text, { filterValue: "007" })).points).toEqual([
      [4, 5, 6],
      [7, 8, 9],
    ]);
    expect((await read("dynamo_tbl", text, { filterValue: "5" })).points).toEqual([]);
    expect(await refusal("dynamo_tbl", text)).toMatchObject({
      code: "FORMAT_FIELD",
      line: 2,
      message: expect.stringContaining("of 7"),
    });
    expect(await refusal("dynamo_tbl", text, { filterValue: "TS_1" })).toMatchObject({ code: "FORMAT_FIELD" });
    expect(await refusal("dynamo_tbl", "1 2 3\n")).toMatchObject({ code: "FORMAT_FIELD", line: 1 });
  });
});

const CBOX = `data_global\n\n_cbox_format_version 1.0\n\ndata_cryolo\n\nloop_\n_CoordinateX #1\n_CoordinateY #2\n_CoordinateZ #3\n_Width #4\n_Height #5\n_Depth #6\n_Confidence #7\n`;

describe("boxes of crYOLO", () => {
  it("seam 52: x and y are of a corner, z is of the centre", async () => {
    const vertices = "\ndata_filament_vertices\n\nloop_\n_CoordinateX #1\n_CoordinateY #2\n1 2\n";
    const { points } = await read("cryolo_cbox", `${CBOX} 10 20 50 25 30 25 <NA>\n 12.5 0 60 25 25 25 0.3\n${vertices}`, {
      binning: 2,
    });
    expect(points).toEqual([
      [11.25, 17.5, 25],
      [12.5, 6.25, 30],
    ]);
  });

  it("seam 52: boxes of an image are refused in words", async () => {
    const said = { code: "FORMAT_FIELD", message: expect.stringContaining("two-dimensional") };
    expect(await refusal("cryolo_cbox", `${CBOX} 10 20 <NA> 25 25 1 0.4\n`)).toMatchObject(said);
    expect(await refusal("cryolo_cbox", `${CBOX.replace("_CoordinateZ #3\n", "")} 10 20 25 25 1 0.4\n`)).toMatchObject(said);
  });
});

describe("boxes of EMAN2", () => {
  it("seam 52: coordinates saved as text are of centres", async () => {
    expect((await read("eman2_box", "10\t20\t30\n40 50 60\n", { binning: 10 })).points).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(await refusal("eman2_box", "24 40 0 0\n")).toMatchObject({
      code: "FORMAT_UNSUPPORTED",
      line: 1,
      message: expect.stringContaining("image"),
    });
    expect(await refusal("eman2_box", "1\t2\t3\t4\t5\t6\n")).toMatchObject({ message: expect.stringContaining("helices") });
  });

  const info = (more: object) =>
    JSON.stringify({
      boxes_3d: [
        [-10, 20, 5, "manual", 0, 0],
        [8, 8, 8, "tm", 0.5, 1],
        [0, 0, 0],
      ],
      class_list: { 0: { name: "ribosome", boxsize: 32 }, 1: "membrane" },
      ...more,
    });
  const tomogram = { sizeVoxels: [101, 100, 50] as const, voxelSpacingAngstrom: 8 };

  it("seam 52: boxes_3d are pixels of the full size from the tomogram's centre", async () => {
    // b / apix * apix_unbin + n // 2, as e2spt_boxer.py opens them
    expect((await read("eman2_json", info({ apix_unbin: 2 }), { tomogram })).points).toEqual([
      [(-10 / 8) * 2 + 50, (20 / 8) * 2 + 50, (5 / 8) * 2 + 25],
      [52, 52, 27],
      [50, 50, 25],
    ]);
    expect(await refusal("eman2_json", info({ apix_unbin: 2 }))).toMatchObject({
      code: "FORMAT_FIELD",
      message: expect.stringContaining("no tomogram at this voxel spacing gives its size"),
    });
  });

  it("seam 52: without apix_unbin they are voxels; a class is taken by number and name", async () => {
    expect((await read("eman2_json", info({}), { binning: 2 })).points[1]).toEqual([4, 4, 4]);
    for (const filterValue of ["1", "membrane"])
      expect((await read("eman2_json", info({}), { filterValue })).points).toEqual([[8, 8, 8]]);
    expect((await read("eman2_json", info({}), { filterValue: "ribosome" })).points).toHaveLength(2);
    expect(await refusal("eman2_json", '{"boxes_3d": [[1, 2]]}')).toMatchObject({
      code: "FORMAT_FIELD",
      message: expect.stringContaining("boxes_3d.0"),
    });
    expect(await refusal("eman2_json", "{")).toMatchObject({ code: "FORMAT_CORRUPT" });
  });
});

it("columns zyx exchanges x and z of Dynamo's and EMAN2's plain points (34.8)", async () => {
  expect((await read("dynamo_tbl", dynamo(3, [1, 2, 30]), { columns: "zyx" })).points).toEqual([[30, 2, 1]]);
  expect((await read("eman2_box", "1 2 30\n", { columns: "zyx" })).points).toEqual([[30, 2, 1]]);
  const boxes = JSON.stringify({ boxes_3d: [[1, 2, 30, "manual", 0, 0]] });
  expect((await read("eman2_json", boxes, { columns: "zyx" })).points).toEqual([[30, 2, 1]]);
});

it("seam 52: a motive list of PEET says that its positions are in the model", async () => {
  expect(await refusal("peet_motl", "CCC,reserved,reserved,pIndex\n")).toMatchObject({
    code: "FORMAT_UNSUPPORTED",
    message: expect.stringContaining("IMOD model"),
  });
});

describe("points of napari", () => {
  const head = "index,axis-0,axis-1,axis-2";

  it("have z first, behind a number of their own; properties follow", async () => {
    expect((await read("napari", `${head}\n0.0,10.0,20.0,30.0\n1.0,1.5,2.5,3.5\n`, { binning: 2 })).points).toEqual([
      [15, 10, 5],
      [1.75, 1.25, 0.75],
    ]);
    expect((await read("napari", `${head},score\n7,1,2,3,0.4\n`)).points).toEqual([[3, 2, 1]]);
  });

  it.each([["index,axis-0,axis-1"], ["index,axis-0,axis-1,axis-2,axis-3"], ["x,y,z,w"]])(
    "of another kind are refused: %s",
    async (first) => {
      const error = await refusal("napari", `${first}\n0,1,2,3,4\n`);
      expect(error).toMatchObject({
        code: "FORMAT_FIELD",
        line: 1,
        message: expect.stringContaining(`the first line is ${first}`),
      });
    },
  );
});
